-- ARGV[1]: 8 bytes of nonce; ARGV[2]: the gen.
if not v then return healed end
local nonce = sub(arg, 1, 8)
if gen ~= tonumber(ARGV[2]) then return healed end
-- A client that lost the reply sends the same call again.
if state == 3 and sub(v, 27, 34) == nonce then return 1 + healed end
if state ~= 1 then return healed end
local ends = math.max(sent + RESEND, sent + ((((t1 * 256 + t2) * 256 + t3) * 256 + t4) * 256 + t5) * 256 + t6)
if w1 + w2 > 0 then
  ends = math.max(ends, (((((s1 * 256 + s2) * 256 + s3) * 256 + s4) * 256 + s5) * 256 + s6) * 256 + s7 + WINDOW)
end
local length, counts = { LENGTH1, LENGTH2, LENGTH3, LENGTH4 }, {}
for i = 1, (#v - 64) / 9 do
  local c, d, a1, a2, a3, a4, a5, a6, a7 = byte(v, 56 + 9 * i, 64 + 9 * i)
  local count = c * 256 + d
  local start = (((((a1 * 256 + a2) * 256 + a3) * 256 + a4) * 256 + a5) * 256 + a6) * 256 + a7
  local over = start - start % 1000 + (length[i] or 0)
  if count > 0 then ends = math.max(ends, over) end
  if count > 0 and start <= gen and now < over then
    count = count - 1
    d = count % 256
    counts[i] = string.char((count - d) / 256, d) .. sub(v, 58 + 9 * i, 64 + 9 * i)
  else
    counts[i] = sub(v, 56 + 9 * i, 64 + 9 * i)
  end
end
if now >= ends then return healed end
call('SETRANGE', key, '14', '\3\0\0' .. sub(v, 18, 26) .. nonce .. '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' .. sub(v, 51, 64) .. table.concat(counts))
return 1 + healed

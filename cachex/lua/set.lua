-- ARGV[1]: 16 bytes of the code's MAC, 8 of nonce.
-- Answers the 7 bytes of the gen, and one more if it healed, or a refusal.
local set, guesses, sends = now, '\0\0\0\0\0\0\0\0\0', nil
if v then
  -- A client that lost the reply sends the same call again.
  if sub(v, 51, 58) == sub(arg, 17, 24) then return sub(v, 2, 8) end
  local wait, pause = 0, 0
  local wrongs = w1 * 256 + w2
  local window = (((((s1 * 256 + s2) * 256 + s3) * 256 + s4) * 256 + s5) * 256 + s6) * 256 + s7 + WINDOW - now
  if window > 0 and wrongs > 0 then
    if wrongs >= GUESSES then wait = math.min(window, WINDOW) end
    guesses = sub(v, 18, 26)
  end
  if state ~= 3 then pause = math.min(sent + RESEND - now, RESEND) end
  sends = {}
  local max, length = { MAX1, MAX2, MAX3, MAX4 }, { LENGTH1, LENGTH2, LENGTH3, LENGTH4 }
  for i = 1, SENDS do
    local c, d, a1, a2, a3, a4, a5, a6, a7 = byte(v, 56 + 9 * i, 64 + 9 * i)
    local count, rest = 0, 0
    if a7 then
      count = c * 256 + d
      local start = (((((a1 * 256 + a2) * 256 + a3) * 256 + a4) * 256 + a5) * 256 + a6) * 256 + a7
      rest = start - start % 1000 + length[i] - now
    end
    if count == 0 or rest <= 0 then
      sends[i] = false
    elseif count >= max[i] then
      wait = math.max(wait, math.min(rest, length[i]))
    else
      count = count + 1
      d = count % 256
      sends[i] = string.char((count - d) / 256, d) .. sub(v, 58 + 9 * i, 64 + 9 * i)
    end
  end
  if wait > 0 then return { string.format('%.0f', LOCKED + healed + UNIT * math.max(wait, pause)) } end
  if pause > 0 then return { string.format('%.0f', TOO_SOON + healed + UNIT * pause) } end
  if gen >= now then set = gen + 1 end
end
local n = set
local g7 = n % 256 n = (n - g7) / 256
local g6 = n % 256 n = (n - g6) / 256
local g5 = n % 256 n = (n - g5) / 256
local g4 = n % 256 n = (n - g4) / 256
local g3 = n % 256 n = (n - g3) / 256
local g2 = n % 256
local g = string.char((n - g2) / 256, g2, g3, g4, g5, g6, g7)
local first = '\0\1' .. g
if sends then
  for i = 1, SENDS do sends[i] = sends[i] or first end
  sends = table.concat(sends)
elseif SENDS == 0 then
  sends = ''
else
  sends = first
  for _ = 2, SENDS do sends = sends .. first end
end
call('SET', key, '\1' .. g .. CODE .. guesses .. '\0\0\0\0\0\0\0\0' .. arg .. LIFE .. sends, 'PX', LIFE_PX)
if healed > 0 then return g .. '\1' end
return g

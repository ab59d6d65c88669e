-- ARGV[1]: 8 bytes of nonce, then 16 per MAC that the code may be stored as.
if not v then return NOT_FOUND + healed end
local nonce = sub(arg, 1, 8)
-- A client that lost the reply sends the same call again: it isn't counted
-- twice and gets the same answer.
local again = sub(v, 27, 34) == nonce
local wrongs = w1 * 256 + w2
local window = (((((s1 * 256 + s2) * 256 + s3) * 256 + s4) * 256 + s5) * 256 + s6) * 256 + s7 + WINDOW - now
if window <= 0 then
  wrongs = 0
elseif wrongs >= GUESSES and not again then
  if window > WINDOW then window = WINDOW end
  return LOCKED + healed + UNIT * window
end
if state ~= 1 or now >= sent + ((((t1 * 256 + t2) * 256 + t3) * 256 + t4) * 256 + t5) * 256 + t6 then
  if again and state == 2 then return healed end
  return NOT_FOUND + healed
end
local left = l1 * 256 + l2
if not again then
  if left == 0 then
    local pause = sent + RESEND - now
    if pause < 0 then pause = 0 elseif pause > RESEND then pause = RESEND end
    return TOO_MANY + healed + UNIT * pause
  end
  local stored = sub(v, 35, 50)
  for i = 9, #arg, 16 do
    if sub(arg, i, i + 15) == stored then
      call('SETRANGE', key, 14, '\2\0\0\0\0\0\0\0\0\0\0\0' .. nonce .. '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0')
      return healed
    end
  end
  left = left - 1
  if wrongs == 0 then
    local n = now
    s7 = n % 256 n = (n - s7) / 256
    s6 = n % 256 n = (n - s6) / 256
    s5 = n % 256 n = (n - s5) / 256
    s4 = n % 256 n = (n - s4) / 256
    s3 = n % 256 n = (n - s3) / 256
    s2 = n % 256
    s1 = (n - s2) / 256
  end
  wrongs = wrongs + 1
  l2, w2 = left % 256, wrongs % 256
  call('SETRANGE', key, 15, string.char((left - l2) / 256, l2, (wrongs - w2) / 256, w2, s1, s2, s3, s4, s5, s6, s7) .. nonce)
end
if GUESSES - wrongs < left then left = GUESSES - wrongs end
return MISMATCH + healed + UNIT * left

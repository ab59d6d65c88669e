-- ARGV[1]: 8 bytes of nonce, then 16 per MAC that the code may be stored as.
-- Counts a try. A wrong one that isn't the code's last ends here.
local nonce, left, wrongs, window = sub(arg, 1, 8), 0, 0, 0
local again, live, right
if v then
  -- A client that lost the reply sends the same call again: it isn't counted
  -- twice and gets the same answer.
  again = sub(v, 27, 34) == nonce
  left, wrongs = l1 * 256 + l2, w1 * 256 + w2
  if wrongs > 0 then
    window = (((((s1 * 256 + s2) * 256 + s3) * 256 + s4) * 256 + s5) * 256 + s6) * 256 + s7 + WINDOW - now
    if window <= 0 then wrongs = 0 end
  end
  live = state == 1 and now < sent + ((((t1 * 256 + t2) * 256 + t3) * 256 + t4) * 256 + t5) * 256 + t6
  if live and left > 0 and wrongs < GUESSES and not again then
    local stored = sub(v, 35, 50)
    for i = 9, #arg, 16 do right = right or sub(arg, i, i + 15) == stored end
    if not right then
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
      call('SETRANGE', key, '15', string.char((left - l2) / 256, l2, (wrongs - w2) / 256, w2, s1, s2, s3, s4, s5, s6, s7) .. nonce)
      again = true
    end
  end
  if GUESSES - wrongs < left then left = GUESSES - wrongs end
  if again and live and left > 0 then return MISMATCH + UNIT * left end
end

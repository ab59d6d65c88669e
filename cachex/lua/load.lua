-- Begins every script: reads the record of KEYS[1] and the server's clock.
-- Names in capitals become constants of the Biz's policy when the script is made;
-- all times are microseconds.
--
-- v is the record, or false when there is none. Its bytes, big-endian:
--    1     layout, always 1
--    2-8   gen: when the code was set, or a bit more to be above the gen before;
--          so times are reckoned from its whole millisecond, sent
--    9-14  life of the code
--   15     state: 1 live, 2 used, 3 revoked
--   16-17  tries left
--   18-19  wrong guesses in their window
--   20-26  start of that window
--   27-34  nonce of the last try, or of the Revoke
--   35-50  MAC of the code
--   51-58  nonce of the Set
--   59-64  life of the record
--   65-    per send budget: 2 of count, 7 of window start
local call, byte, sub, key, arg = redis.call, string.byte, string.sub, KEYS[1], ARGV[1]
local v, healed = redis.pcall('GET', key), 0
local time = call('TIME')
local now = time[1] * 1000000 + time[2]
local version, g1, g2, g3, g4, g5, g6, g7, t1, t2, t3, t4, t5, t6,
  state, l1, l2, w1, w2, s1, s2, s3, s4, s5, s6, s7, gen, sent
if v then
  if #v >= 64 then -- an error has length 0
    version, g1, g2, g3, g4, g5, g6, g7, t1, t2, t3, t4, t5, t6,
      state, l1, l2, w1, w2, s1, s2, s3, s4, s5, s6, s7 = byte(v, 1, 26)
    gen = (((((g1 * 256 + g2) * 256 + g3) * 256 + g4) * 256 + g5) * 256 + g6) * 256 + g7
    sent = gen - gen % 1000
  elseif v.err and sub(v.err, 1, 9) ~= 'WRONGTYPE' then
    return v -- not allowed to read, say; a list in the key's place is healed
  end
  if version ~= 1 or gen - now > MAX_AHEAD then
    call('DEL', key)
    v, healed = false, HEALED
  end
end

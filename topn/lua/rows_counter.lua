
-- ARGV: token, ms, then member and score of each. From the first call on, what is
-- added is noted, to be added to what was read.
local fresh, delta = KEYS[2], KEYS[4]
if not held(KEYS[1], ARGV[1], ARGV[2]) then return 0 end
for _, key in ipairs({ fresh, delta }) do
  if call('EXISTS', key) == 0 then
    call('ZADD', key, '-inf', LAST)
    call('PEXPIRE', key, ARGV[2])
  end
end
for i = 3, #ARGV, 2 do call('ZADD', fresh, ARGV[i + 1], ARGV[i]) end
return 1

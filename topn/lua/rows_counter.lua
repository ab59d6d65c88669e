
-- ARGV: token, ms, whether it's the first call, then member and score of each. From
-- the first call on, what is added is noted, to be added to what was read.
local fresh, delta = KEYS[2], KEYS[4]
if not held(KEYS[1], ARGV[1], ARGV[2]) then return 0 end
for _, key in ipairs({ fresh, delta }) do
  if ARGV[3] == '1' then
    call('ZADD', key, '-inf', LAST)
    call('PEXPIRE', key, ARGV[2])
  elseif not call('ZSCORE', key, LAST) then
    return 0 -- keys that expire may be evicted: what remains is no board
  end
end
for i = 4, #ARGV, 2 do call('ZADD', fresh, ARGV[i + 1], ARGV[i]) end
return 1

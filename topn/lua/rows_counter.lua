
-- ARGV: token, ms, then member and score of each.
local fresh, delta = KEYS[2], KEYS[4]
if not held(KEYS[1], ARGV[1], ARGV[2]) then return 0 end
-- Keys that expire may be evicted: what remains is no board.
if not call('ZSCORE', fresh, LAST) or not call('ZSCORE', delta, LAST) then return 0 end
for i = 3, #ARGV, 2 do call('ZADD', fresh, ARGV[i + 1], ARGV[i]) end
return 1


-- ARGV: token, ms, then member, score and version of each. What the board knows
-- better than the row wins, and so does a write that came since the beginning.
local fresh, freshversions = KEYS[2], KEYS[3]
local board, versions, older = KEYS[5], KEYS[6], KEYS[7]
if not held(KEYS[1], ARGV[1], ARGV[2]) then return 0 end
-- Keys that expire may be evicted: what remains is no board.
if not call('ZSCORE', fresh, LAST) or call('HEXISTS', freshversions, LAST) == 0 then return 0 end
for i = 3, #ARGV, 3 do
  local member, score, version = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local known = call('HGET', versions, member) or call('HGET', older, member)
  if known and newer(known, version) then
    version, score = known, call('ZSCORE', board, member) or ''
  end
  if admit(freshversions, nil, member, version) then put(fresh, member, score) end
end
return 1


-- ARGV, after token, seed and ms: the lowest score.
if not call('ZSCORE', delta, LAST) then return 0 end
local add = adder(fresh, ARGV[4])
local noted = call('ZRANGE', delta, 0, -1, 'WITHSCORES')
for i = 1, #noted, 2 do
  if noted[i] ~= LAST then add(noted[i], noted[i + 1]) end
end
call('UNLINK', delta)
take(fresh, board)
return finish()

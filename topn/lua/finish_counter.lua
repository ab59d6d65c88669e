
-- ARGV, after token and seed: the lowest score.
if not call('ZSCORE', delta, LAST) then return 0 end
local noted = call('ZRANGE', delta, 0, -1, 'WITHSCORES')
for i = 1, #noted, 2 do
  if noted[i] ~= LAST then add(fresh, noted[i], noted[i + 1], ARGV[3]) end
end
call('UNLINK', delta)
take(fresh, board)
return finish()

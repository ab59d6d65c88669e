
-- ARGV, after token, seed and ms: how many members to retain, how many are read, and
-- the lowest score that was read ('' if there are no others).
if call('HEXISTS', freshversions, LAST) == 0 then return 0 end
if call('EXISTS', versions) == 1 then
  call('UNLINK', older)
  call('RENAME', versions, older)
end
take(fresh, board)
take(freshversions, versions) -- with LAST, which is nobody's
if ARGV[6] == '' then
  call('DEL', trimmed)
else
  call('SET', trimmed, ARGV[6])
end
if trim(board, trimmed, tonumber(ARGV[4]), tonumber(ARGV[5]), 1000) then return finish() end
call('DEL', mark)
renew(ARGV[3], board, versions, older, trimmed)
call('SET', lease, 'done ' .. ARGV[1], 'PX', 10000)
return 1

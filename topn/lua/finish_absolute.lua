
-- ARGV, after token and seed: how many members to retain, how many are read, and
-- the lowest score that was read ('' if there are no others).
if call('HEXISTS', freshversions, LAST) == 0 then return 0 end
if call('EXISTS', versions) == 1 then
  call('UNLINK', older)
  call('RENAME', versions, older)
end
take(fresh, board)
take(freshversions, versions) -- with LAST, which is nobody's
if ARGV[5] == '' then
  call('DEL', trimmed)
else
  call('SET', trimmed, ARGV[5])
end
if trim(board, trimmed, tonumber(ARGV[3]), tonumber(ARGV[4]), 1000) then return finish() end
call('DEL', mark)
call('SET', lease, 'done ' .. ARGV[1], 'PX', 10000)
return 1


-- ARGV: token, for how many ms the lease is, whether writes are noted from now on,
-- whether only a board that was lost is to be rebuilt. Answers 0 where another
-- holds the lease, 2 where the board is there.
-- A client may send this twice, since it lost the first answer: the second time
-- the lease is its own.
local lease, fresh, freshversions, delta = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local board, mark = KEYS[5], KEYS[6]
if ARGV[4] == '1' and whole(mark, board) then return 2 end
local holder = call('GET', lease)
if holder and holder ~= ARGV[1] and string.sub(holder, 1, 5) ~= 'done ' then return 0 end
call('SET', lease, ARGV[1], 'PX', ARGV[2])
call('UNLINK', fresh, freshversions, delta)
if ARGV[3] == '1' then
  call('ZADD', fresh, '-inf', LAST)
  call('HSET', freshversions, LAST, '0')
  call('PEXPIRE', fresh, ARGV[2])
  call('PEXPIRE', freshversions, ARGV[2])
end
return 1

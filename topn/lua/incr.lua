
-- ARGV: stream ('' for none), its first and last offset, the lowest score, ms to
-- live (0: for ever), the mark's step, then member and delta of each.
local board, mark, offsets, delta = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local stream, first, last, low = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

if stream ~= '' then
  local done = call('HGET', offsets, stream)
  if done and tonumber(last) <= tonumber(done) then return { 'done', done } end
  if done and tonumber(first) <= tonumber(done) then return { 'overlap', done } end
  call('HSET', offsets, stream, last)
end

-- Where there is no board, the rebuild finds in the database what isn't added.
local alive, building = whole(mark, board), call('EXISTS', delta) == 1
local add = adder(board, low)
for i = 7, #ARGV, 2 do
  if alive then add(ARGV[i], ARGV[i + 1]) end
  if building then call('ZINCRBY', delta, ARGV[i + 1], ARGV[i]) end
end
if alive and #ARGV >= 7 then call('INCRBY', mark, ARGV[6]) end
renew(ARGV[5], offsets) -- also where there is no board
if alive then renew(ARGV[5], board, mark) end
return { 'ok', '' }

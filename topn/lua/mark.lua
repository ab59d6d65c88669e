
-- ARGV: the mark's step.
local board, mark = KEYS[1], KEYS[2]
if whole(mark, board) then call('INCRBY', mark, ARGV[1]) end
return 0

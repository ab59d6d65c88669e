
local board, mark = KEYS[1], KEYS[2]
if whole(mark, board) then call('INCR', mark) end
return 0

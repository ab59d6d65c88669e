local call = redis.call

-- The last member of every board, below all others. A board without it lost its
-- data, and one that is merely empty has it.
local LAST = ''

-- whole reports whether the board is there with all that it had. Without its last
-- member it isn't: then the mark goes too, so that readers see it.
local function whole(mark, board)
  local seen = call('GET', mark)
  if not seen then return false end
  if string.match(seen, '^%-?%d+$') and call('ZSCORE', board, LAST) then return true end
  call('DEL', mark)
  return false
end

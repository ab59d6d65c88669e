local call = redis.call

-- The last member of every board, below all others. A board without it lost its
-- data, and one that is merely empty has it.
local LAST = ''

-- renew has keys expire ms from now, all at once, or leaves them alone if ms is 0.
local function renew(ms, ...)
  if tonumber(ms) == 0 then return end
  for _, key in ipairs({ ... }) do call('PEXPIRE', key, ms) end
end

-- isMark reports whether a value is a mark, and not something else or of more
-- digits than a counter has.
local function isMark(value) return #value < 19 and string.match(value, '^%d+$') end

-- whole reports whether the board is there with all that it had. Without its last
-- member it isn't: then the mark goes too, so that readers see it.
local function whole(mark, board)
  local seen = call('GET', mark)
  if not seen then return false end
  if isMark(seen) and call('ZSCORE', board, LAST) then return true end
  call('DEL', mark)
  return false
end

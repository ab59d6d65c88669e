
-- adder returns a function that adds to a score of board, which stays between low
-- and 2^53.
local function adder(board, low)
  local lowest = tonumber(low)
  return function(member, delta)
    local sum = tonumber(call('ZINCRBY', board, delta, member))
    if sum > 9007199254740992 then
      call('ZADD', board, '9007199254740992', member)
    elseif sum < lowest then
      call('ZADD', board, low, member)
    end
  end
end

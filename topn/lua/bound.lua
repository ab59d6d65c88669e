
-- add adds to a score, which stays between low and 2^53.
local function add(board, member, delta, low)
  local sum = tonumber(call('ZINCRBY', board, delta, member))
  if sum > 9007199254740992 then
    call('ZADD', board, '9007199254740992', member)
  elseif sum < tonumber(low) then
    call('ZADD', board, low, member)
  end
end

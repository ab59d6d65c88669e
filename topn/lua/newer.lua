
-- newer compares versions, which are digits without leading zeros: numbers would
-- be rounded beyond 2^53.
local function newer(a, b)
  if #a ~= #b then return #a > #b end
  return a > b
end

-- admit notes the version of a member unless it's known already, or a newer one.
local function admit(versions, older, member, version)
  local known = call('HGET', versions, member) or older and call('HGET', older, member)
  if known and not newer(version, known) then return false end
  call('HSET', versions, member, version)
  return true
end

-- put sets a score; without one the member goes.
local function put(board, member, score)
  if score == '' then
    call('ZREM', board, member)
  else
    call('ZADD', board, score, member)
  end
end

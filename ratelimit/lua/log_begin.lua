-- A key is a list of the times of its hits, rising by a microsecond at least, so
-- that each stands for one hit. Limits of one key share the list; the longest
-- comes first. Decimal digits of a time take 10 bytes in a listpack. Where hits
-- were forgotten, the last of their times stays as a negative number: the next
-- one is later, so that no receipt stands for a hit of somebody else.
local seen, pushed, len, last, dead
local function push(key, from, count)
  for at = 0, count - 1, 1000 do -- as many as fit on Lua's stack
    local times = {}
    for i = 1, math.min(1000, count - at) do times[i] = string.format('%.0f', from + at + i - 1) end
    call('RPUSH', key, unpack(times))
  end
end

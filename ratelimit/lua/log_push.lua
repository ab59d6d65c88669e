for at = 0, count - 1, 1000 do -- as many as fit on Lua's stack
  local times = {}
  for i = 1, math.min(1000, count - at) do times[i] = from + at + i - 1 end
  call('RPUSH', key, unpack(times))
end

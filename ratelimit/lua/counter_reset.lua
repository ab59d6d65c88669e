local at, gen = string.match(tostring(pcall('GET', key)), '^(%d+) %d+ %d+ (%d+)$')
at, gen = tonumber(at), tonumber(gen)
local left = at and (at + 2) * SPAN - now or 0
if left > 0 then
  call('SET', key, string.format('%.0f 0 0 %.0f', at, gen + 1), 'PX', math.floor(left / 1000) + 1)
else
  call('DEL', key)
end

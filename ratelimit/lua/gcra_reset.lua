local a, gen = string.match(tostring(pcall('GET', key)), '^(%d+) ?(%d*)')
a, gen = tonumber(a), tonumber(gen) or 0
if not a or a - now <= 0 and gen == 0 then
  call('DEL', key)
else
  call('SET', key, string.format('0 %.0f', gen + 1), 'PX', math.floor(LIMIT * SPAN / 1000) + 1)
end

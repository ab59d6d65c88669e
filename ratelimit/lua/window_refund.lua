local at, these, born = string.match(tostring(pcall('GET', key)), '^(%d+) (%d+) (%d+)$')
at, these, born = tonumber(at), tonumber(these), tonumber(born)
local left = at and (at + 1) * SPAN - now or 0
if left > 0 and born == gen and at == stamp then
  these, changed = math.max(0, these - hits), changed + 1
  call('SET', key, string.format('%.0f %.0f %.0f', at, these, gen), 'PX', math.floor(left / 1000) + 1)
end

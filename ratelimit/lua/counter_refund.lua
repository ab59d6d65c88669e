local at, these, those, born = string.match(tostring(pcall('GET', key)), '^(%d+) (%d+) (%d+) (%d+)$')
at, these, those, born = tonumber(at), tonumber(these), tonumber(those), tonumber(born)
local left = at and (at + 2) * SPAN - now or 0
if left > 0 and born == gen and (at == stamp or at == stamp + 1) then
  if at == stamp then
    these = math.max(0, these - hits)
  else
    those = math.max(0, those - hits)
  end
  call('SET', key, string.format('%.0f %.0f %.0f %.0f', at, these, those, gen), 'PX', math.floor(left / 1000) + 1)
  changed = changed + 1
end

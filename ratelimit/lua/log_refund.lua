local last = pcall('LINDEX', key, -1)
last = type(last) == 'string' and tonumber(last)
if last then
  for hit = stamp, stamp + hits - 1 do
    changed = changed + call('LREM', key, -1, string.format('%.0f', hit))
  end
  if call('EXISTS', key) == 0 then
    call('RPUSH', key, string.format('%.0f', -math.abs(last)))
  end
  call('PEXPIRE', key, math.floor(2 * SPAN / 1000) + 1)
end

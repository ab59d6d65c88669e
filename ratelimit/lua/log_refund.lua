local last = pcall('LINDEX', key, -1)
last = type(last) == 'string' and tonumber(last)
if last then
  for hit = stamp + hits - 1, stamp, -1 do -- LREM looks from the end: the oldest first would be quadratic
    changed = changed + call('LREM', key, -1, string.format('%.0f', hit))
  end
  if call('EXISTS', key) == 0 then
    call('RPUSH', key, string.format('%.0f', -math.abs(last)))
  end
  call('PEXPIRE', key, math.floor(2 * SPAN / 1000) + 1)
end

local last = pcall('LINDEX', key, -1)
last = type(last) == 'string' and tonumber(last)
if last then
  for hit = stamp, stamp + hits - 1 do
    changed = changed + call('LREM', key, -1, string.format('%.0f', hit))
  end
  if call('EXISTS', key) == 0 then
    last = math.abs(last)
    call('RPUSH', key, string.format('%.0f', -last))
    call('PEXPIRE', key, math.max(1, math.floor((last + SPAN - now) / 1000) + 1))
  end
end

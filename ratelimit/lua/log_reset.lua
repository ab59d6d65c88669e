local last = pcall('LINDEX', key, -1)
last = type(last) == 'string' and tonumber(last)
call('DEL', key)
if last then
  call('RPUSH', key, string.format('%.0f', -math.abs(last)))
  call('PEXPIRE', key, math.floor(2 * SPAN / 1000) + 1)
end

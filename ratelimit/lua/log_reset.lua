local last = pcall('LINDEX', key, -1)
last = type(last) == 'string' and tonumber(last)
call('DEL', key)
if last then
  last = math.abs(last)
  call('RPUSH', key, string.format('%.0f', -last))
  call('PEXPIRE', key, math.max(1, math.floor((last + SPAN - now) / 1000) + 1))
end

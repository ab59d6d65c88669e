if pushed ~= key then
  if a > 0 then call('LTRIM', key, a, -1) end
  local from = math.max(now, math.abs(last) + 1)
  pushed, last = key, from + got - 1
  if got == 1 then
    call('RPUSH', key, string.format('%.0f', from))
  else
    push(key, from, got)
  end
  call('PEXPIRE', key, math.floor((last + SPAN - now) / 1000) + 1)
end
free, reset, stamp = free - got, last + SPAN - now, last - got + 1

if pushed ~= key then
  if a > 0 then call('LTRIM', key, a, -1) end
  local from, count = math.max(now, math.abs(b) + 1), got
  pushed, last = key, from + got - 1
  if got == 1 then
    call('RPUSH', key, from)
  else
--PUSH--
  end
  if a > 0 or free == LIMIT then call('PEXPIRE', key, math.floor(2 * SPAN / 1000) + 1) end
end
free, reset, stamp = free - got, last + SPAN - now, last - got + 1

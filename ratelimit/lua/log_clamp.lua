local low, high = 0, len
while low < high do
  local mid = math.floor((low + high) / 2)
  if (tonumber(call('LINDEX', key, mid)) or 0) > now then high = mid else low = mid + 1 end
end
local from, count = now, len - low
if low == 0 then
  call('DEL', key)
else
  from = math.max(now, (tonumber(call('LINDEX', key, low - 1)) or 0) + 1)
  call('LTRIM', key, 0, low - 1)
end
--PUSH--
last, few, notes = from + count - 1, nil, notes + 65536
call('PEXPIRE', key, math.floor(2 * SPAN / 1000) + 1)

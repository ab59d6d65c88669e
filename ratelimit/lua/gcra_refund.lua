-- A hit drains as time goes by, the oldest first: what is still left of these
-- is at most what lies between now and their own end.
local a, born = string.match(tostring(pcall('GET', key)), '^(%d+) ?(%d*)$')
a, born = tonumber(a), tonumber(born) or 0
if a and a > now and stamp > now and born == gen then
  a, changed = math.max(now, a - math.min(hits * SPAN, stamp - now)), changed + 1
  if gen > 0 then
    call('SET', key, string.format('%.0f %.0f', a, gen), 'PX', math.floor(LIMIT * SPAN / 1000) + 1)
  elseif a > now then
    call('SET', key, string.format('%.0f', a), 'PX', math.floor((a - now) / 1000) + 1)
  else
    call('DEL', key)
  end
end

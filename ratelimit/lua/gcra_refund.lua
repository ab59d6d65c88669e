-- A hit drains as time goes by, the oldest first: what is still left of these
-- is at most what lies between now and their own end. Refunds of hits before them
-- have moved that. So gen counts Refunds too, and behind it stand the latest, each
-- with the end of its hits, what it gave back, and a as it was before. A Refund is
-- forgotten when all that was admitted before it has drained, or for newer ones; for
-- what is older than those that are known nothing is given back.
local a, count, notebook = string.match(tostring(pcall('GET', key)), '^(%d+) ?(%d*)([%d: ]*)$')
a, count = tonumber(a), tonumber(count) or 0
if a and a > now then
  local past, seen = {}, count
  for note in string.gmatch(notebook, '[%d:]+') do
    past[#past + 1], seen = note, seen - 1
  end
  for i = math.max(gen - seen, 0) + 1, #past do
    local ending, gain = string.match(past[i], '^(%d+):(%d+):')
    if tonumber(ending) < stamp then stamp = stamp - gain end
  end
  if stamp > now and gen >= seen then
    local gain, first = math.min(hits * SPAN, stamp - now), 1
    if stamp < a then -- behind the newest hits there is nothing to move
      count = count + 1
      past[#past + 1] = string.format('%.0f:%.0f:%.0f', stamp, gain, a)
      first = math.max(1, #past - 127)
    end
    a, changed = a - gain, changed + 1
    while past[first] and (a <= now or tonumber(string.match(past[first], '(%d+)$')) <= now) do first = first + 1 end
    if count > 0 then
      local text = string.format('%.0f %.0f %s', math.max(a, now), count, table.concat(past, ' ', first))
      call('SET', key, text, 'PX', math.floor(LIMIT * SPAN / 1000) + 1)
    elseif a > now then
      call('SET', key, string.format('%.0f', a), 'PX', math.floor((a - now) / 1000) + 1)
    else
      call('DEL', key)
    end
  end
end

-- a: the theoretical arrival time, which is when the key is as good as new. b: what
-- follows a and gen in the value, see the refund. The value is a alone as long as
-- there was neither a Reset nor a Refund.
local a, b, c, gen = pcall('GET', key), '', 0, 0
if a then
  local v = a
  a = tonumber(v)
  if not a and not v.err then
    a, gen, b = string.match(v, '^(%d+) (%d+)([%d: ]*)$')
    a, gen = tonumber(a), tonumber(gen) or 0
  end
  if not a or a % 1 ~= 0 then
    if v.err and string.sub(v.err, 1, 9) ~= 'WRONGTYPE' then return v end
    call('DEL', key)
    a, notes = false, notes + 1
  elseif a - now > LIMIT * SPAN then
    -- No hit leaves it there: the clock went back, or the limit came down.
    a, b, notes = now + LIMIT * SPAN, '', notes + 65536
    call('SET', key, string.format('%.0f %.0f', a, gen), 'PX', math.floor(LIMIT * SPAN / 1000) + 1)
  end
end
if not a or a < now then a = now end
local reset = a - now
local room = LIMIT * SPAN - reset
local free = (room - room % SPAN) / SPAN

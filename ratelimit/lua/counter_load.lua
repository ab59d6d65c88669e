-- a: hits in this window, b: in the one before, c: the number of this window.
-- elapsed: how much of it is gone. The value is c, a, b and gen.
local elapsed = now % SPAN
local a, b, c, gen = 0, 0, (now - elapsed) / SPAN, 0
local v = pcall('GET', key)
if v then
  local at, these, those, resets
  if not v.err then at, these, those, resets = string.match(v, '^(%d+) (%d+) (%d+) (%d+)$') end
  at, these, those, gen = tonumber(at), tonumber(these), tonumber(those), tonumber(resets) or 0
  if not at then
    if v.err and string.sub(v.err, 1, 9) ~= 'WRONGTYPE' then return v end
    call('DEL', key)
    notes = notes + 1
  elseif at == c then
    a, b = these, those
  elseif at == c - 1 then
    b = these
  elseif at == c + 1 then
    -- The clock stepped back over the edge: wait there.
    a, b, c, elapsed = these, those, at, now - at * SPAN
  elseif at > c then
    -- It jumped: what was counted counts from now on.
    a, b, notes = these, those, notes + 65536
    call('SET', key, string.format('%.0f %.0f %.0f %.0f', c, a, b, gen), 'PX', math.floor((2 * SPAN - elapsed) / 1000) + 1)
  end
end
local free = LIMIT - a - math.ceil(b * (SPAN - math.max(elapsed, 0)) / SPAN)
local reset = 0
if a > 0 then
  reset = 2 * SPAN - elapsed
elseif b > 0 then
  reset = SPAN - elapsed
end

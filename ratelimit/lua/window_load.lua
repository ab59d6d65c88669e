-- a: hits in this window, c: its number. elapsed: how much of it is gone. The
-- value is c, a and gen.
local elapsed = now % SPAN
local a, b, c, gen = 0, 0, (now - elapsed) / SPAN, 0
local v = pcall('GET', key)
if v then
  local at, these, resets
  if not v.err then at, these, resets = string.match(v, '^(%d+) (%d+) (%d+)$') end
  at, these, gen = tonumber(at), tonumber(these), tonumber(resets) or 0
  if not at then
    if v.err and string.sub(v.err, 1, 9) ~= 'WRONGTYPE' then return v end
    call('DEL', key)
    notes = notes + 1
  elseif at == c then
    a = these
  elseif at == c + 1 then
    -- The clock stepped back over the edge: wait there.
    a, c, elapsed = these, at, now - at * SPAN
  elseif at > c then
    -- It jumped: what was counted counts from now on.
    a, notes = these, notes + 65536
    call('SET', key, string.format('%.0f %.0f %.0f', c, a, gen), 'PX', math.floor((SPAN - elapsed) / 1000) + 1)
  end
end
local free, reset = LIMIT - a, 0
if a > 0 then reset = SPAN - elapsed end

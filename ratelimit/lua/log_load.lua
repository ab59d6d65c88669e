-- a: how many of the oldest hits have left the window. b: the time of the last
-- one. c: that of the oldest that hasn't left, or 0 if nobody looked at it.
if seen ~= key then
  seen, dead, last, few, len = key, 0, 0, nil, pcall('LLEN', key)
  if type(len) ~= 'number' then
    if string.sub(len.err, 1, 9) ~= 'WRONGTYPE' then return len end
    call('DEL', key)
    len, notes = 0, notes + 1
  end
  if len > 0 then
    if len <= 8 then
      few = call('LRANGE', key, 0, -1) -- cheaper than one by one
      last = tonumber(few[len])
    else
      last = tonumber(call('LINDEX', key, -1))
    end
    -- Hits at once lie ahead by a microsecond each, but not by more than that.
    local lead = LIMIT + math.min(SPAN, 1000000)
    if not last or last % 1 ~= 0 then
      call('DEL', key)
      len, last, notes = 0, 0, notes + 1
    elseif -last > now + lead then
      last = 0
    elseif last > now + lead then
      -- The clock went back. What it left ahead counts from now on.
--CLAMP--
    end
  end
end
local a, b, c, gen, horizon, high, step = dead, last, 0, 0, now - SPAN, len, 0
if last <= horizon then a = len end
-- Hits before a have left, those from high on have not. Few leave between two
-- calls: look near a first, in growing steps, then halve.
while a < high do
  local mid = a + step
  if mid >= high then mid = math.floor((a + high) / 2) end
  local hit = tonumber(few and few[mid + 1] or call('LINDEX', key, mid))
  if not hit then hit, notes = 0, notes + 1 end
  if hit > horizon then
    high, c = mid, hit
    step = math.floor((high - a) / 2)
  else
    a = mid + 1
    step = 2 * step + 1
  end
end
dead = a
local free, reset = LIMIT - (len - a), 0
if len > a then reset = last + SPAN - now end

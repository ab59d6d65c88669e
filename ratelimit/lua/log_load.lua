-- a: how many of the oldest hits have left the window.
if seen ~= key then
  seen, dead, last, len = key, 0, 0, pcall('LLEN', key)
  if type(len) ~= 'number' then
    if string.sub(len.err, 1, 9) ~= 'WRONGTYPE' then return len end
    call('DEL', key)
    len, healed = 0, healed + 1
  end
  if len > 0 then
    -- Hits at once lie ahead by a microsecond each, but not by more than that.
    local lead = LIMIT + math.min(SPAN, 1000000)
    last = tonumber(call('LINDEX', key, -1))
    if not last or last % 1 ~= 0 then
      call('DEL', key)
      len, last, healed = 0, 0, healed + 1
    elseif -last > now + lead then
      last = 0
    elseif last > now + lead then
      -- The clock went back. What it left ahead counts from now on.
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
      push(key, from, count)
      last, clamped = from + count - 1, clamped + 1
      call('PEXPIRE', key, math.floor((last + SPAN - now) / 1000) + 1)
    end
  end
end
local a, b, c, gen, horizon, high, step = dead, 0, 0, 0, now - SPAN, len, 0
if last <= horizon then a = len end
-- Hits before a have left, those from high on have not. Few leave between two
-- calls: look near a first, in growing steps, then halve.
while a < high do
  local mid = a + step
  if mid >= high then mid = math.floor((a + high) / 2) end
  local hit = tonumber(call('LINDEX', key, mid))
  if not hit then hit, healed = 0, healed + 1 end
  if hit > horizon then
    high = mid
    step = math.floor((high - a) / 2)
  else
    a = mid + 1
    step = 2 * step + 1
  end
end
dead = a
local free, reset = LIMIT - (len - a), 0
if len > a then reset = last + SPAN - now end

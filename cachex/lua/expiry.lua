-- Sees to it that the key of a record expires when the record says.
if v then
  local pttl = call('PTTL', key)
  if pttl < 0 or pttl > LIFE_MS then
    local a, b, c, d, e, f = byte(v, 59, 64)
    local rest = gen + ((((a * 256 + b) * 256 + c) * 256 + d) * 256 + e) * 256 + f - now
    if rest < 1000 or rest > 3 * MAX_AHEAD then
      call('DEL', key)
      v, healed = false, HEALED
    elseif pttl < 0 or pttl * 1000 > rest + 1000000 then
      call('PEXPIRE', key, string.format('%.0f', math.floor(rest / 1000)))
      healed = HEALED
    end
  end
end

-- Several cells, all or nothing: cell i is limit[i], span[i] of KEYS[place[i]],
-- and one unit of demand is weight[i] hits of it. Of n units all that have room
-- in every cell are admitted, but none if those are fewer than least. Answers
-- healed, clamped, admitted and each cell, in which a WANT is of one cell.
local n, least = tonumber(ARGV[1]), tonumber(ARGV[2])
--CELLS--
local units, as, bs, cs, frees, resets, gens = n, {}, {}, {}, {}, {}, {}
for i = 1, #place do
  local key, LIMIT, SPAN = KEYS[place[i]], limit[i], span[i]
--LOAD--
  as[i], bs[i], cs[i], frees[i], resets[i], gens[i] = a, b, c, free, reset, gen
  units = math.min(units, math.floor(free / weight[i]))
end
units = math.max(0, units)
if units < least then units = 0 end
local reply = { healed, clamped, units }
for i = 1, #place do
  local key, LIMIT, SPAN, gen = KEYS[place[i]], limit[i], span[i], gens[i]
  local a, b, c, free, reset = as[i], bs[i], cs[i], frees[i], resets[i]
  local n, got, stamp, retry = n * weight[i], units * weight[i], 0, 0
  if got > 0 then
--TAKE--
  end
  local want = WANT
  if want > LIMIT then
    retry = -1
  elseif want > free then
--WAIT--
  end
  local at = 6 * i - 2
  reply[at], reply[at + 1], reply[at + 2] = free, retry, reset
  reply[at + 3], reply[at + 4], reply[at + 5] = math.floor(stamp / 1000000), stamp % 1000000, gen
end
return reply

-- Several cells, all or nothing: cell i is limit[i], span[i] of KEYS[place[i]],
-- and one unit of demand is weight[i] hits of it. Of n units all that have room
-- in every cell are admitted, but none if those are fewer than least. Answers
-- notes, admitted and each cell, for which ROOM may be made beforehand.
local n, least = HITS, LEAST
--CELLS--
local units, loaded = n, {}
for i = 1, #place do
  local key, LIMIT, SPAN = KEYS[place[i]], limit[i], span[i]
--LOAD--
  loaded[i] = { a, b, c, free, reset, gen }
  units = math.min(units, math.floor(free / weight[i]))
end
if units < least or units < 1 then units = 0 end
local reply = { notes, units ROOM }
for i = 1, #place do
  local key, LIMIT, SPAN, cell = KEYS[place[i]], limit[i], span[i], loaded[i]
  local a, b, c, free, reset, gen = cell[1], cell[2], cell[3], cell[4], cell[5], cell[6]
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
  local at = 5 * i - 2
  reply[at], reply[at + 1], reply[at + 2], reply[at + 3], reply[at + 4] = free, retry, reset, stamp, gen
end
return reply

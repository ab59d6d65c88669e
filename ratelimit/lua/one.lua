-- The hits of one key under one limit: LIMIT, SPAN and WANT are constants.
-- Of n hits all that have room are admitted, but none if those are fewer than
-- least. Answers healed, clamped, admitted and the cell.
local key, n, least = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
--LOAD--
local got, stamp, retry = math.max(0, math.min(n, free)), 0, 0
if got < least then got = 0 end
if got > 0 then
--TAKE--
end
local want = WANT
if want > LIMIT then
  retry = -1
elseif want > free then
--WAIT--
end
return { healed, clamped, got, free, retry, reset, math.floor(stamp / 1000000), stamp % 1000000, gen }

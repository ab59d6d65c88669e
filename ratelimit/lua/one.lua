-- The hits of one key under one limit: capital names are constants. Of n hits all
-- that have room are admitted, but none if those are fewer than least. Answers
-- notes, admitted and the cell.
local key, n, least = KEYS[1], HITS, LEAST
--LOAD--
local got, stamp, retry = n, 0, 0
if free < n then got = free end
if got < least or got < 1 then
  got = 0
else
--TAKE--
end
local want = WANT
if want > LIMIT then
  retry = -1
elseif want > free then
--WAIT--
end
return { notes, got, free, retry, reset, stamp, gen }

-- Begins every script: the server's clock. All times are microseconds.
--
-- Scripts are put together from parts, see redis_script.go. A part of an
-- algorithm works on one cell: a limit of a key. It finds
--   key, LIMIT  and how many hits the limit has room for at once
--   SPAN        the window's length; for GCRA the pause between two hits
-- and speaks through
--   notes       what was met: 1 per value deleted, 65536 per time put back
--   a, b, c     what the cell holds: the algorithm's own
--   free        how many hits have room now
--   reset       how long until the cell is as good as new
--   stamp, gen  what a receipt must remember of got hits; gen counts Resets, so
--               that hits from before one aren't given back after it
local call, pcall = redis.call, redis.pcall -- a number as argument keeps 17 digits; .. would keep 14
local time = call('TIME')
local now, notes = time[1] * 1000000 + time[2], 0

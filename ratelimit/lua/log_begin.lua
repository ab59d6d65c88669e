-- A key is a list of the times of its hits, rising by a microsecond at least, so
-- that each stands for one hit. Limits of one key share the list; the longest
-- comes first. Decimal digits of a time take 10 bytes in a listpack. Where hits
-- were forgotten, the last of their times stays as a negative number: the next
-- one is later, so that no receipt stands for a hit of somebody else.
--
-- The key expires two windows after it was empty, or after hits last left it at
-- the front. All that came since came within one window of that.
local seen, pushed, len, last, dead, few

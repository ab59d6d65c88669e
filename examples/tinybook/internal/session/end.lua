-- KEYS[1] ended sessions by the time of their end, KEYS[2] the same by the time
-- when their last token is dead; both in ms. ARGV: session, ms until then.
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
-- The times of the ends never run back, even if the clock does: nodes ask for
-- what is newer than the newest that they know.
local newest = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local at = now
if newest[2] and tonumber(newest[2]) > at then
  at = tonumber(newest[2])
end
for _, sid in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 1000)) do
  redis.call('ZREM', KEYS[1], sid)
  redis.call('ZREM', KEYS[2], sid)
end
local dead = now + tonumber(ARGV[2])
local known = redis.call('ZSCORE', KEYS[2], ARGV[1])
if known and tonumber(known) > dead then
  dead = tonumber(known)
end
redis.call('ZADD', KEYS[1], string.format('%.0f', at), ARGV[1])
redis.call('ZADD', KEYS[2], string.format('%.0f', dead), ARGV[1])
local last = redis.call('ZREVRANGE', KEYS[2], 0, 0, 'WITHSCORES')
local keep = string.format('%.0f', math.max(1, tonumber(last[2]) - now))
redis.call('PEXPIRE', KEYS[1], keep)
redis.call('PEXPIRE', KEYS[2], keep)
return 1

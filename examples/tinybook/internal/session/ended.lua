-- KEYS as in end.lua; ARGV: the time in ms since when, or -inf. Returns session,
-- time of its end, and ms until its last token is dead (-1: nobody knows), for
-- one after the other.
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local since = ARGV[1]
-- The clock is behind what the node has seen of it: what ends now may be older
-- than what it asks for.
if since ~= '-inf' and tonumber(since) > now then
  since = '-inf'
end
local found = redis.call('ZRANGEBYSCORE', KEYS[1], since, '+inf', 'WITHSCORES')
local answer = {}
for i = 1, #found, 2 do
  local dead = redis.call('ZSCORE', KEYS[2], found[i])
  local left = -1
  if dead then
    left = math.max(0, tonumber(dead) - now)
  end
  answer[#answer + 1] = found[i]
  answer[#answer + 1] = string.format('%.0f', tonumber(found[i + 1]))
  answer[#answer + 1] = string.format('%.0f', left)
end
return answer

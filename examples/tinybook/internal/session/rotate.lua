-- KEYS[1] session, as "token id:when its last access token is dead, in ms";
-- ARGV: presented token id, next token id, lifetime in ms, when the access
-- token that is made now will be dead. A token that was spent before leaves a
-- session that none can renew any more, until it is ended.
local kept = redis.call('GET', KEYS[1])
if not kept then
  return 0
end
local current, dead = string.match(kept, '^(%w*):(%d+)$')
if current ~= ARGV[1] then
  redis.call('SET', KEYS[1], ':' .. (dead or '0'), 'KEEPTTL')
  return 2
end
if tonumber(dead) < tonumber(ARGV[4]) then
  dead = ARGV[4]
end
redis.call('SET', KEYS[1], ARGV[2] .. ':' .. dead, 'PX', ARGV[3])
return 1

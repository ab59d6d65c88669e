
-- KEYS: lease, then what is being built. ARGV: token, ms. What is added from now on
-- is noted, to be added to what the Source has read. Sent twice, it keeps what was
-- noted in between.
if not held(KEYS[1], ARGV[1], ARGV[2]) then return 0 end
for _, key in ipairs({ KEYS[2], KEYS[4] }) do
  call('ZADD', key, '-inf', LAST)
  call('PEXPIRE', key, ARGV[2])
end
return 1

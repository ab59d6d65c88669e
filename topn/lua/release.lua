
-- KEYS: lease, then what is being built. ARGV: token.
if call('GET', KEYS[1]) == ARGV[1] then call('UNLINK', unpack(KEYS)) end
return 0

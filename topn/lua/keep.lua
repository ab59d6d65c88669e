
-- KEYS: lease, then what is being built. ARGV: token, ms.
if held(KEYS[1], ARGV[1], ARGV[2]) then return 1 end
return 0

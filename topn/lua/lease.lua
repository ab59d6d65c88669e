
-- held reports whether the rebuild is still ours, and lets it live on. What it
-- built so far goes with the lease if its process dies.
local function held(lease, token, ms)
  if call('GET', lease) ~= token then return false end
  call('PEXPIRE', lease, ms)
  for i = 2, 4 do call('PEXPIRE', KEYS[i], ms) end
  return true
end

-- Takes hits back, once: five numbers per key, of which stamp, gen and hits are
-- as TAKE left them. The last key is the mark that it was done; it stays as long
-- as the hits may matter. Answers how many cells changed.
local n, changed = #KEYS - 1, 0
if not call('SET', KEYS[n + 1], '', 'NX', 'PX', ARGV[1]) then return 0 end
for i = 1, n do
  local key, at = KEYS[i], 5 * i - 3
  local SPAN, LIMIT = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  local stamp, gen, hits = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
--REFUND--
end
return changed

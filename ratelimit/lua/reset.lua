-- Forgets keys, but not that there were hits before.
for i = 1, #KEYS do
  local key, SPAN, LIMIT = KEYS[i], tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
--RESET--
end
return 0

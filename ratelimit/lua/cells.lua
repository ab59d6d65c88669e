-- The cells of a call that brings its own: four numbers each.
local place, weight, limit, span = {}, {}, {}, {}
for i = 1, (#ARGV - 2) / 4 do
  local at = 4 * i - 1
  place[i], weight[i] = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  limit[i], span[i] = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
end

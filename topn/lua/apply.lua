
-- ARGV: how many members to retain, how many are read, ms to live (0: for
-- ever), the mark's step, then member, score ('' to remove it) and version of each.
local board, mark, versions, older = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local fresh, freshversions, trimmed = KEYS[5], KEYS[6], KEYS[7]
local retain, n = tonumber(ARGV[1]), tonumber(ARGV[2])

-- Where there is no board, the rebuild finds in the database what isn't applied.
local alive, building = whole(mark, board), call('EXISTS', fresh) == 1
if not alive and not building then return 0 end

local applied = 0
for i = 5, #ARGV, 3 do
  local member, score, version = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if admit(versions, older, member, version) then
    applied = applied + 1
    if alive then put(board, member, score) end
    if building and admit(freshversions, nil, member, version) then
      put(fresh, member, score)
    end
  end
end

if alive and applied > 0 then
  if trim(board, trimmed, retain, n, 1000 + #ARGV) then
    call('INCRBY', mark, ARGV[4])
  else
    call('DEL', mark) -- a member that was trimmed may belong here: rebuild
  end
  renew(ARGV[3], board, mark, versions, older, trimmed)
end
return applied


-- KEYS: lease, fresh, its versions, delta, board, mark, versions, older, trimmed.
-- ARGV: token, seed, ms to live (0: for ever), then what the mode needs.
local lease, fresh, freshversions, delta = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local board, mark, versions, older, trimmed = KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local holder = call('GET', lease)
if holder == 'done ' .. ARGV[1] then return 1 end -- its answer was lost
if holder ~= ARGV[1] or not call('ZSCORE', fresh, LAST) then return 0 end

-- take puts what was built in the place of what was there. A RENAME that removes
-- a large value would block the server, so UNLINK comes first.
local function take(built, place)
  call('UNLINK', place)
  call('RENAME', built, place)
  call('PERSIST', place)
end

-- A mark starts anywhere, lest a board that was lost and filled again gets back to
-- a mark that a reader has seen.
local function finish()
  call('SET', mark, ARGV[2])
  renew(ARGV[3], board, mark, versions, older, trimmed)
  call('SET', lease, 'done ' .. ARGV[1], 'PX', 10000)
  return 1
end

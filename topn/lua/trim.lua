
-- trim removes what is beyond retain members, but no more than most at once, so
-- that it never blocks the server for long. What is gone was at most trimmed. It
-- reports whether the first n places are still sure to be the best: as long as
-- none of them is below that.
local function trim(board, trimmed, retain, n, most)
  local bound = call('GET', trimmed)
  local over = math.min(call('ZCARD', board) - 1 - retain, most)
  if over > 0 then
    local highest = call('ZRANGE', board, over, over, 'WITHSCORES')[2]
    if not bound or tonumber(highest) > tonumber(bound) then
      call('SET', trimmed, highest)
      bound = highest
    end
    call('ZREMRANGEBYRANK', board, 1, over)
  end
  if not bound then return true end
  local nth = call('ZREVRANGE', board, n - 1, n - 1, 'WITHSCORES')
  return nth[1] and nth[1] ~= LAST and tonumber(nth[2]) >= tonumber(bound)
end

a, reset, free = a + got * SPAN, reset + got * SPAN, free - got
stamp = a
if gen == 0 then
  call('SET', key, a, 'PX', (reset - reset % 1000) / 1000 + 1)
else
  -- As long as receipts from before the Reset or the Refund may come.
  call('SET', key, string.format('%.0f %.0f%s', a, gen, b), 'PX', math.floor(LIMIT * SPAN / 1000) + 1)
end

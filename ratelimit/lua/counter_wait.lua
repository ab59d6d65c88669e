if a + want <= LIMIT then
  -- In this window, once enough of the one before has slid out.
  retry = SPAN - math.floor((LIMIT - want - a) * SPAN / b) - (now - c * SPAN)
else
  -- In the next, once enough of this one has.
  retry = 2 * SPAN - math.floor((LIMIT - want) * SPAN / a) - (now - c * SPAN)
end

-- The hit that must leave is the so many-th newest: trimming doesn't move it. For
-- the first of those refused that is the oldest, which is often known.
if got == 0 and want == free + 1 and c > 0 then
  retry = c + SPAN - now
else
  retry = (tonumber(call('LINDEX', key, want - LIMIT - 1)) or now) + SPAN - now
end

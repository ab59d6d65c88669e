-- The hit that must leave is the so many-th newest: trimming doesn't move it.
retry = (tonumber(call('LINDEX', key, want - LIMIT - 1)) or now) + SPAN - now

retry = (c + 1) * SPAN - now

retry = reset - (LIMIT - want) * SPAN

a, free, reset, stamp = a + got, free - got, 2 * SPAN - (now - c * SPAN), c
call('SET', key, string.format('%.0f %.0f %.0f %.0f', c, a, b, gen), 'PX', (reset - reset % 1000) / 1000 + 1)

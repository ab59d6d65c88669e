a, free, reset, stamp = a + got, free - got, (c + 1) * SPAN - now, c
call('SET', key, string.format('%.0f %.0f %.0f', c, a, gen), 'PX', (reset - reset % 1000) / 1000 + 1)

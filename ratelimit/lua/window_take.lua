a, free, reset, stamp = a + got, free - got, (c + 1) * SPAN - now, c
call('SET', key, string.format('%.0f %.0f %.0f', c, a, gen), 'PX', math.floor(reset / 1000) + 1)

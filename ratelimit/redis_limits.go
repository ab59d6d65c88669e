package ratelimit

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// exact is the largest whole number below which Lua's numbers miss none.
const exact = 1 << 53

// A cell is one limit as the scripts know it.
type cell struct {
	Limit
	limit int64  // how many hits have room at once
	span  int64  // the window in µs; for GCRA the pause between two hits
	head  string // the key's name up to its hash tag
}

// newCells returns the cells of limits, the longest first, or all that is
// wrong with them.
func newCells(prefix string, a Algorithm, limits []Limit) ([]cell, error) {
	if err := checkLimits(a, limits); err != nil {
		return nil, err
	}
	cells := make([]cell, len(limits))
	seen := make(map[time.Duration]int, len(limits))
	var errs []error
	for i, l := range arranged(limits) {
		c, err := newCell(a, l)
		c.head = nameHead(prefix, a, l.Per, seen[l.Per])
		seen[l.Per]++
		cells[i], errs = c, append(errs, err)
	}
	return cells, errors.Join(errs...)
}

func newCell(a Algorithm, l Limit) (cell, error) {
	c := cell{Limit: l, limit: int64(l.N), span: micros(l.Per)}
	product, most := c.span, int64(exact/2) // times are added to TIME, which is below exact/4
	switch a {
	case GCRA:
		if c.limit > c.span {
			return c, fmt.Errorf("%w: limit %v: GCRA paces at most one hit per microsecond", ErrInput, l)
		}
		if l.Burst > 0 && l.N > 0 {
			c.limit = int64(l.Burst)
		}
		if l.N > 0 {
			c.span = (c.span + int64(l.N) - 1) / int64(l.N)
		}
		product = mulCap(c.limit, c.span)
	case SlidingCounter:
		product, most = mulCap(c.limit, c.span), exact-1
	}
	if product > most || c.limit > most {
		return c, fmt.Errorf("%w: limit %v: too much for %v in Redis", ErrInput, l, a)
	}
	return c, nil
}

// nameHead begins the names of a's keys. A log tells under any limits what
// happened, so its name has none; the other states mean something only for the
// period that they were made for, whatever the N. Limits of one period are
// numbered.
func nameHead(prefix string, a Algorithm, per time.Duration, before int) string {
	kind := map[Algorithm]string{SlidingCounter: "c", GCRA: "g", FixedWindow: "w"}[a]
	if kind == "" {
		return prefix + ":l:{"
	}
	kind += per.String()
	if before > 0 {
		kind += "#" + strconv.Itoa(before+1)
	}
	return prefix + ":" + kind + ":{"
}

// mulCap returns x*y, or exact if that's less.
func mulCap(x, y int64) int64 {
	if y > 0 && x > exact/y {
		return exact
	}
	return x * y
}

// micros returns d in microseconds, rounded up.
func micros(d time.Duration) int64 {
	return int64(d/time.Microsecond) + int64(min(1, d%time.Microsecond))
}

// name returns the Redis key of key in c: within the keys of tag, if there is one.
func (c *cell) name(tag, key string) string {
	if tag == "" {
		return c.head + escape(key) + "}"
	}
	return c.head + escape(tag) + "}:" + escape(key)
}

// lists returns those of cells that have a Redis key of their own: of a log,
// which serves all limits, the first.
func (a Algorithm) lists(cells []cell) []cell {
	if a == SlidingLog {
		return cells[:1]
	}
	return cells
}

// names returns the Redis keys of key, one per limit or one for all.
func (l *Redis) names(key string) []string {
	own := l.algo.lists(l.cells)
	names := make([]string, len(own))
	for i := range own {
		names[i] = own[i].name("", key)
	}
	return names
}

package smsfailover

import (
	"iter"
	"math/rand/v2"
)

// Where a provider comes in the order of one message.
const (
	placeFirst = iota
	placeLater // not healthy enough for this one, but better than none
	placeLast  // its monitor is going to say no
)

// place draws where l comes.
func (l *link) place() int {
	if l.Monitor == nil {
		return placeFirst
	}
	if !l.Monitor.closed() {
		if l.Monitor.RetryAfter() > 0 {
			return placeLast
		}
		return placeFirst // due for a probe
	}
	if h := l.Monitor.Health(); h < 1 && rand.Float64() >= h {
		return placeLater
	}
	return placeFirst
}

// route yields the providers to ask for p, in order. Those behind one that takes
// the message are not even looked at.
func (c *Chain) route(p parcel) iter.Seq[*link] {
	return func(yield func(*link) bool) {
		alone, avoided := c.holds.find(p)
		if alone != nil {
			yield(alone)
			return
		}
		var later, last []*link
		for _, l := range c.byCost {
			switch place := l.place(); {
			case place == placeLast || l == avoided:
				last = append(last, l)
			case place == placeLater:
				later = append(later, l)
			default:
				if !yield(l) {
					return
				}
			}
		}
		for _, l := range append(later, last...) {
			if !yield(l) {
				return
			}
		}
	}
}

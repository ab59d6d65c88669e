package smsfailover

import "math/rand/v2"

// Where a provider comes in the order of one message.
const (
	placeFirst = iota
	placeLater // not healthy enough for this one, but better than none
	placeLast  // its monitor is going to say no
	places
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

// order appends all providers to dst in the order in which to ask them.
func (c *Chain) order(dst []*link) []*link {
	var few [16]uint8
	drawn := few[:0]
	for _, l := range c.byCost {
		drawn = append(drawn, uint8(l.place()))
	}
	for place := range uint8(places) {
		for i, l := range c.byCost {
			if drawn[i] == place {
				dst = append(dst, l)
			}
		}
	}
	return dst
}

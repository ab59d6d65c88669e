package smsfailover

import (
	"sync/atomic"
	"time"
)

// A pace spreads out the messages that are held back. The limiter tells each of
// them when one may go; were all put off until then, all would be claimed and
// released again together, each time for the sake of one.
type pace struct{ inRow atomic.Int64 } // held back since one last went

const (
	widen     = 64 // so many in a row are spread over twice the wait
	maxSpread = 30 * time.Second
)

// after returns how long a message waits that is to wait at least for d: the
// first in a row exactly that.
func (p *pace) after(d time.Duration) time.Duration {
	row := float64(p.inRow.Add(1) - 1)
	most := min(float64(maxSpread), float64(d)*row/widen)
	return spread(d, d+time.Duration(most))
}

// went notes that a message was let through.
func (p *pace) went() {
	if p.inRow.Load() != 0 {
		p.inRow.Store(0)
	}
}

package kafkastore

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

// A call that reports on a message while all that was there is read keeps it to
// itself.
func TestReportWhileCold(t *testing.T) {
	l := newLog(t)
	r := firstCopy("job")
	r.job.Token, r.job.LeaseUntil = "token", time.Now().Add(-time.Millisecond)
	l.write(r)
	l.write(firstCopy("other"))
	l.read(1)
	l.s.own = l.o
	e := l.s.current(smsfailover.Ref{ID: "job", Token: "token"})
	require.NotNil(t, e)
	e.leave()
	e.busy = true
	l.read(1)
	for _, got := range l.s.pick(l.o, 5) {
		require.Equal(t, "other", got.rec.job.ID, "two calls have it")
	}
	l.o.replaced(e, false, time.Now())
	require.Len(t, l.s.pick(l.o, 5), 1)
}

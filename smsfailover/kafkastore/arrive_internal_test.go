package kafkastore

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

// A logOf is one partition and the process that reads it, without a broker.
type logOf struct {
	t    *testing.T
	s    *Store
	o    *ownership
	p    *partition
	list []message // what was written
	at   int       // how much of it was read
}

func newLog(t *testing.T) *logOf {
	t.Helper()
	s, err := New(DefaultConfig("localhost:1"), nil)
	require.NoError(t, err)
	l := &logOf{t: t, s: s}
	l.takeOver(0, "")
	return l
}

// takeOver begins anew with what was committed.
func (l *logOf) takeOver(base int64, marks string) {
	l.t.Helper()
	known, err := decodeMarks(marks)
	require.NoError(l.t, err)
	l.o = newOwnership(1, "member", 1000)
	l.p = &partition{place: place{l.s.names.ready[1], 0}, win: newWindow(base, known), goal: -1, flying: make(map[int64]time.Time)}
	l.o.own(l.p)
	l.at = int(base)
}

func (l *logOf) write(r *record) {
	l.list = append(l.list, message{offset: int64(len(l.list)), value: r.encode(&l.s.clock)})
}

// read reads up to n messages.
func (l *logOf) read(n int) {
	l.t.Helper()
	end := min(l.at+n, len(l.list))
	c := chunk{place: l.p.place, messages: l.list[l.at:end], high: int64(len(l.list))}
	l.at = end
	errs, _ := l.s.arrive(l.o, []chunk{c})
	require.Empty(l.t, errs)
}

// next is the copy that a report on e writes.
func next(e *entry) *record {
	r := *e.rec
	r.job.Claims = e.claims()
	renew(&r, time.Now())
	return &r
}

func firstCopy(id string) *record {
	return newRecord(&smsfailover.Job{Message: smsfailover.Message{ID: id, TplID: "t", To: "1"}}, time.Now())
}

// A report that seemed to fail has left a copy. When the worker reports again, what
// that writes counts: the message isn't lost with the echo.
func TestAnEchoIsNotTheEnd(t *testing.T) {
	for name, arrives := range map[string]func(l *logOf, e *entry){
		"while it is claimed":  func(l *logOf, _ *entry) { l.read(1) },
		"while a call goes on": func(l *logOf, e *entry) { e.busy = true; l.read(1); l.o.replaced(e, false, time.Now()) },
		"while another goes on": func(l *logOf, e *entry) {
			e.busy = true
			l.read(1)
			e.twin.rec.seq++
			l.o.replaced(e, false, time.Now())
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLog(t)
			l.write(firstCopy("job"))
			l.read(1)
			e := l.s.pick(l.o, 1)[0]
			e.busy = false
			l.o.claim(e, "token", time.Now().Add(time.Hour))
			l.write(next(e)) // and the answer got lost
			arrives(l, e)
			require.Len(t, l.o.live, 1)
			require.False(t, e.over)

			e.busy = true
			l.write(next(e))
			l.o.replaced(e, true, time.Now())
			l.read(1)
			require.Len(t, l.s.pick(l.o, 5), 1, "the message is lost")
		})
	}
}

// Trap smsfailover/2: one that takes over and goes before it has read as far as the
// one before it commits what that had finished: none of it comes again.
func TestTakeoverThatReadsHalf(t *testing.T) {
	const n = 10
	l := newLog(t)
	for i := range n {
		l.write(firstCopy(string(rune('a' + i))))
	}
	l.read(n)
	for i, e := range l.s.pick(l.o, n) {
		if e.busy = false; i > 0 {
			l.s.lease(l.o, []*entry{e}, time.Now().Add(time.Hour))
		}
		if i%3 == 2 {
			l.o.settle(e)
		}
	}
	want := encodeMarks(l.p.win.marks)
	for read := range n {
		offset, marks := l.committed()
		l.takeOver(offset, marks)
		l.read(read)
		_, marks = l.committed()
		require.Equal(t, want, marks, "after it has read %d", read)
	}
}

// committed returns what the next commit says.
func (l *logOf) committed() (offset int64, marks string) {
	l.t.Helper()
	l.o.changed(l.p)
	req, _ := l.s.snapshot(l.o)
	require.Len(l.t, req.Topics[l.p.topic], 1)
	c := req.Topics[l.p.topic][0]
	return c.Offset, c.Metadata
}

// Whatever is written twice, fails, or dies half way: each message is there exactly
// once, or finished by its worker.
func TestMessagesSurviveRandomFaults(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 300 {
		l := newLog(t)
		finishedJobs, handed := make(map[string]bool), make(map[string]*entry)
		const jobs = 5
		for i := range jobs {
			l.write(firstCopy(string(rune('a' + i))))
		}
		for range 60 {
			l.faultyStep(r, handed, finishedJobs)
		}
		l.read(len(l.list))
		seen := make(map[string]int)
		for e := range l.o.live {
			seen[e.rec.job.ID]++
		}
		for i := range jobs {
			id := string(rune('a' + i))
			want := 1
			if finishedJobs[id] {
				want = 0
			}
			require.Equal(t, want, seen[id], "message %s", id)
		}
	}
}

// faultyStep does one thing that a worker, a broker or a kill might do.
func (l *logOf) faultyStep(r *rand.Rand, handed map[string]*entry, done map[string]bool) {
	now := time.Now()
	switch r.IntN(6) {
	case 0:
		l.read(1 + r.IntN(3))
	case 1: // a claim
		for _, e := range l.s.pick(l.o, 1) {
			l.s.lease(l.o, []*entry{e}, now.Add(time.Hour))
			l.o.replaced(e, false, now)
			handed[e.rec.job.ID] = e
		}
	case 2, 3: // a Retry: written, seldom twice; the answer may get lost
		for id, e := range handed {
			e.leave()
			e.busy = true
			copies := 1 + r.IntN(5)/4
			for range copies {
				l.write(next(e))
			}
			if r.IntN(2) == 0 {
				l.read(2)
			}
			ok := r.IntN(3) > 0
			l.o.replaced(e, ok, now)
			if ok {
				delete(handed, id)
			}
			return
		}
	case 4: // a Done
		for id, e := range handed {
			l.o.settle(e)
			done[id] = true
			delete(handed, id)
			return
		}
	case 5: // a kill: what is committed counts
		if r.IntN(4) == 0 {
			// The copies of a finished message may lie behind the commit.
			l.read(len(l.list))
			clear(handed)
			l.takeOver(l.p.win.base, encodeMarks(l.p.win.known()))
		}
	}
}

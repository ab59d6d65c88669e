package storetest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// A CrashConfig says which store [Crash] tests.
type CrashConfig struct {
	// Setup makes what the store lives on (a server, a database, a file) and
	// returns what Open needs to find it. It runs once, in the process of the
	// test only, and what it makes must last as long as the test.
	Setup func(t *testing.T) (dsn string)
	// Open opens the store, in the processes that are killed and in that of the
	// test, several times. What it starts must end with t.
	Open func(t *testing.T, dsn string) smsfailover.Store
	// Lease and Poll are those of the processes; see [smsfailover.WithWorkers]
	// and [smsfailover.WithPoll]. Both are needed; 500ms and 50ms are right.
	Lease, Poll time.Duration
	// Leased returns how many leases are open. Nil asks Depth of a Store that is
	// opened once in the process of the test.
	Leased func(t *testing.T, dsn string) int
}

// KillsVar is the environment variable that says how often Crash kills; 4 times
// if it isn't set.
const KillsVar = "TINYBOOK_KILLS"

// Crash proves that no accepted message is lost and that none comes twice without
// a reason, through kill -9. It must be the first thing that a test or subtest
// does, since it starts the test binary again for that test alone:
//
//	func TestKilled(t *testing.T) {
//		storetest.Crash(t, storetest.CrashConfig{ ... })
//	}
//
// There the call doesn't return: it runs a [smsfailover.Failover] on the store that
// takes messages in all the time, with a provider that is slow, fails and answers
// nothing now and then, until it is killed: at random moments, and at the named points of
// [CrashReport.Points]. The next process goes on with the same data. The last one
// takes nothing in and ends when all is delivered. The test fails if a message
// was lost, or came twice for another reason than those of [CrashReport], or under
// two IdemKeys, if there are dead letters, if fewer than half of the kills hit
// while a lease was open, or if work that was in hand when a process died went on
// later than the lease, the poll and what a busy machine takes. It needs a system
// with signals, and takes about two leases per kill.
func Crash(t *testing.T, cfg CrashConfig) CrashReport {
	t.Helper()
	if cfg.Setup == nil || cfg.Open == nil || cfg.Lease <= 0 || cfg.Poll <= 0 {
		t.Fatalf("storetest: CrashConfig needs Setup, Open, Lease and Poll")
	}
	if plan, ok := planOf(t); ok {
		runChild(t, cfg, plan)
		t.SkipNow() // the rest of the test is for the process that kills
	}
	c := &crash{t: t, cfg: cfg, kills: killCount(t), dir: t.TempDir(), dsn: cfg.Setup(t)}
	if cfg.Leased == nil {
		store := cfg.Open(t, c.dsn)
		c.cfg.Leased = func(t *testing.T, _ string) int {
			d, err := store.Depth(t.Context())
			if err != nil {
				t.Fatalf("Depth after a kill: %v", err)
			}
			return d.Leased
		}
	}
	c.run()
	r := c.judge()
	t.Logf("%v", r)
	for _, w := range r.wrong(cfg) {
		t.Error(w)
	}
	return r
}

// A CrashReport says what Crash saw.
type CrashReport struct {
	Kills, LeaseOpen int // kills, and those that hit while a lease was open
	// Points says how many kills hit where: "stored" is after Enqueue and before
	// the send, "claimed" between Claim and the send, "sent" between the
	// provider's OK and Done, "extending" in Extend, "" at a random moment.
	Points    map[string]int
	Accepted  int // messages for which Submit returned nil
	Delivered int // of those, taken by the provider
	Lost      int // of those, not
	// Messages that came more than once: because the process was killed between
	// their OK from the provider and Done, by the point at which it died; because
	// the provider took them and the answer was lost; because the lease was lost
	// to slowness; and for no such reason.
	Killed                     map[string]int
	Unknown, LeaseLost, Unruly int
	OtherKeys                  int // of those, with another IdemKey
	Dead                       int
	Refused                    int // Submit failed: not accepted
	// Resume is the longest time from a kill, or from the moment when the next
	// process was up if that is later, until that process claimed what the dead
	// one had in hand; Resumed is how many such messages there were.
	Resume  time.Duration
	Resumed int

	faults []string // the first few, in words
}

// String returns the report in one line.
func (r CrashReport) String() string {
	return fmt.Sprintf("%d kills, %d with a lease open, by point %v; %d accepted, %d delivered, %d lost, %d dead, %d refused; "+
		"came twice: %v killed between OK and Done, %d unknown results, %d lost leases, %d for no reason, %d under another key; "+
		"%d messages in hand at a kill were resumed after at most %v",
		r.Kills, r.LeaseOpen, r.Points, r.Accepted, r.Delivered, r.Lost, r.Dead, r.Refused,
		r.Killed, r.Unknown, r.LeaseLost, r.Unruly, r.OtherKeys, r.Resumed, r.Resume.Round(time.Millisecond))
}

// wrong returns what of the report shows a broken promise, or nothing.
func (r CrashReport) wrong(cfg CrashConfig) []string {
	out := slices.Clone(r.faults)
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if r.Lost+r.Dead+r.Unruly+r.OtherKeys > 0 {
		add("lost %d, dead %d, came twice for no reason %d, under another key %d; want 0 of all", r.Lost, r.Dead, r.Unruly, r.OtherKeys)
	}
	if 2*r.LeaseOpen < r.Kills {
		add("%d of %d kills hit while a lease was open, want half of them", r.LeaseOpen, r.Kills)
	}
	if r.Accepted < 2*r.Kills {
		add("%d messages accepted over %d kills: this shows nothing", r.Accepted, r.Kills)
	}
	if most := 4*cfg.Lease + cfg.Poll + 5*time.Second; r.Resume > most {
		add("work was resumed %v after a kill, want %v at most: the lease is %v", r.Resume, most, cfg.Lease)
	}
	return out
}

func killCount(t *testing.T) int {
	t.Helper()
	text := os.Getenv(KillsVar)
	if text == "" {
		return 4
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%q: want a number above 0", KillsVar, text)
	}
	return n
}

// The points at which a process is killed.
const (
	pointAny       = ""
	pointStored    = "stored"
	pointClaimed   = "claimed"
	pointSent      = "sent"
	pointExtending = "extending"
)

// A crash is the side of Crash that kills.
type crash struct {
	t     *testing.T
	cfg   CrashConfig
	dir   string
	dsn   string
	kills int
	lives []life
	open  int // kills that hit while a lease was open
}

// A life is what became of one process.
type life struct {
	plan   childPlan
	killed time.Time // zero: it ended by itself
}

// A childPlan is what a process is told to do.
type childPlan struct {
	Test  string // whose
	DSN   string
	Log   string // its file
	Point string // where to die, at the Nth time; pointAny: when the test kills it
	Nth   int
	Drain bool // take nothing in, end when nothing is left
}

// planVar tells a process of Crash what to do.
const planVar = "TINYBOOK_STORETEST_CRASH"

// planOf reports whether this process is one to be killed.
func planOf(t *testing.T) (plan childPlan, ok bool) {
	t.Helper()
	text := os.Getenv(planVar)
	if text == "" {
		return plan, false
	}
	if err := json.Unmarshal([]byte(text), &plan); err != nil {
		t.Fatalf("%s: %v", planVar, err)
	}
	if plan.Test != t.Name() {
		t.Fatalf("%s is for %s, and this is %s", planVar, plan.Test, t.Name())
	}
	return plan, true
}

// run kills one process after the other, and lets the last one finish.
func (c *crash) run() {
	seed := rand.Uint64()
	c.t.Logf("seed of the kills: %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	var deck []string
	for range c.kills {
		if len(deck) == 0 {
			deck = []string{pointAny, pointStored, pointClaimed, pointSent, pointExtending}
			r.Shuffle(len(deck), func(i, k int) { deck[i], deck[k] = deck[k], deck[i] })
		}
		c.live(c.plan(deck[0], 1+r.IntN(10)), time.Duration(r.Int64N(int64(2*c.cfg.Lease))))
		deck = deck[1:]
		if c.cfg.Leased(c.t, c.dsn) > 0 {
			c.open++
		}
	}
	last := c.plan(pointAny, 0)
	last.Drain = true
	c.live(last, 0)
}

func (c *crash) plan(point string, nth int) childPlan {
	if point == pointExtending {
		nth = 1 + nth%3 // it doesn't happen that often
	}
	log := filepath.Join(c.dir, fmt.Sprintf("life-%04d", len(c.lives)))
	return childPlan{Test: c.t.Name(), DSN: c.dsn, Log: log, Point: point, Nth: nth}
}

func (c *crash) points() map[string]int {
	out := make(map[string]int)
	for _, l := range c.lives {
		if !l.killed.IsZero() {
			out[l.plan.Point]++
		}
	}
	return out
}

// logs returns what each life wrote down.
func (c *crash) logs() [][]crashEvent {
	c.t.Helper()
	logs := make([][]crashEvent, len(c.lives))
	for i, l := range c.lives {
		events, err := readCrashLog(l.plan.Log)
		if err != nil {
			c.t.Fatalf("the log of process %d: %v", i, err)
		}
		logs[i] = slices.Clip(events)
	}
	return logs
}

//go:build unix

package storetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

// inBubbles runs scenarios on fileStores, whose clock may be off.
func inBubbles(t *testing.T, scenarios []scenario, skew time.Duration) {
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "jobs")
				open := func(*testing.T) smsfailover.Store {
					return &fileStore{path: path, caps: fileCaps, skew: skew}
				}
				s.start(t, func(t *testing.T) Harness {
					return Harness{Store: open(t), Reopen: open, Lease: time.Minute, Grain: time.Nanosecond}
				}, fileCaps, true)
			})
		})
	}
}

// What only a durable store is asked for.
func TestDurableScenarios(t *testing.T) {
	inBubbles(t, append(declarationScenarios(fileCaps), durableScenarios()...), 0)
}

// Trap smsfailover/21: a store whose clock is minutes off, ahead or behind, and
// that counts durations, as the contract wants it, is like any other: no lease
// ends early or late. That the suite knows one that doesn't is for the faults
// "by another clock" to show.
func TestSkewedClock(t *testing.T) {
	timely := slices.DeleteFunc(scenarios(fileCaps), func(s scenario) bool {
		return !s.times || s.name == "DeadFilter" // the fileStore has but one filter
	})
	for _, skew := range []time.Duration{5 * time.Minute, -5 * time.Minute} {
		t.Run(skew.String(), func(t *testing.T) { inBubbles(t, timely, skew) })
	}
}

func crashOf(fault string) CrashConfig {
	return CrashConfig{
		Setup: func(t *testing.T) string { return filepath.Join(t.TempDir(), "jobs") },
		Open: func(_ *testing.T, dsn string) smsfailover.Store {
			return &fileStore{path: dsn, caps: fileCaps, fault: fault}
		},
		Lease: 500 * time.Millisecond,
		Poll:  20 * time.Millisecond,
	}
}

// Trap smsfailover/2: a process killed between Enqueue and the send, between the
// provider's OK and Done, and elsewhere: nothing is lost, and what comes twice
// has a reason.
func TestKilled(t *testing.T) {
	r := Crash(t, crashOf(""))
	require.Positive(t, r.Resumed)
	require.Equal(t, r.Accepted, r.Delivered)
}

const crashFaultVar = "STORETEST_CRASH_FAULT"

// TestKilledFaulty runs for TestCrashHasTeeth, with the fault that the environment
// names.
func TestKilledFaulty(t *testing.T) {
	fault := os.Getenv(crashFaultVar)
	if fault == "" {
		return // TestKilled is the one without
	}
	Crash(t, crashOf(fault))
}

// A store that breaks its promise over a kill must fail.
func TestCrashHasTeeth(t *testing.T) {
	for _, c := range []struct{ fault, says string }{
		{"loses jobs", "was accepted and never sent"},
		{"forgets that it is done", "was finished and sent again"},
		{"changes the IdemKey", "came under two IdemKeys"},
	} {
		t.Run(c.fault, func(t *testing.T) {
			t.Parallel()
			var out []byte
			var err error
			for range 5 { // where a kill hits is chance, and so is what it breaks
				cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledFaulty$")
				cmd.Env = append(os.Environ(), crashFaultVar+"="+c.fault, KillsVar+"=4")
				out, err = cmd.CombinedOutput()
				if err != nil && strings.Contains(string(out), c.says) {
					return
				}
			}
			t.Errorf("a store that %s passes, or fails without %q: %v\n%s", c.fault, c.says, err, out)
		})
	}
}

// Why a message came twice is told from what the processes wrote down.
func TestJudge(t *testing.T) {
	for _, c := range []struct {
		name  string
		lives []string // the kinds of events of one message, per process
		want  string
	}{
		{"once", []string{"stored accepted claimed sent done"}, "delivered"},
		{"once, though the process died", []string{"stored claimed accepted", "claimed sent done"}, "delivered"},
		{"straight", []string{"sent accepted"}, "delivered"},
		{"never", []string{"stored accepted claimed"}, "lost"},
		{"not accepted", []string{"stored claimed"}, ""},
		{"killed before Done", []string{"stored accepted claimed sent", "claimed sent done"}, "delivered killed"},
		{"killed twice", []string{"stored accepted claimed sent", "claimed sent", "claimed sent done"}, "delivered killed killed"},
		{"unknown result", []string{"stored accepted claimed unknown ended claimed sent done"}, "delivered unknown"},
		{"unknown result, then killed", []string{"stored accepted claimed unknown ended", "claimed sent done"}, "delivered unknown"},
		{"lost lease", []string{"stored accepted claimed claimed sent sent lost done"}, "delivered lease"},
		{"Done failed", []string{"stored accepted claimed sent undone claimed sent done"}, "delivered lease"},
		{"done and sent again", []string{"stored accepted claimed sent done", "claimed sent done"}, "delivered unruly"},
		{"told delivered, and sent again", []string{"sent accepted", "claimed sent done"}, "delivered unruly"},
		{"twice by one process", []string{"stored accepted claimed sent sent done"}, "delivered unruly"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var h []pastEvent
			run := &crash{t: t}
			for n, events := range c.lives {
				run.lives = append(run.lives, life{plan: childPlan{Point: "there"}})
				for kind := range strings.FieldsSeq(events) {
					h = append(h, pastEvent{crashEvent{at: time.Unix(int64(len(h)), 0), kind: kind, id: "a", text: "key"}, n})
				}
			}
			r := CrashReport{Killed: make(map[string]int)}
			run.judgeMessage(&r, "a", h)
			got := slices.Concat(
				slices.Repeat([]string{"delivered"}, r.Delivered), slices.Repeat([]string{"lost"}, r.Lost),
				slices.Repeat([]string{"killed"}, r.Killed["there"]), slices.Repeat([]string{"unknown"}, r.Unknown),
				slices.Repeat([]string{"lease"}, r.LeaseLost), slices.Repeat([]string{"unruly"}, r.Unruly),
			)
			if strings.Join(got, " ") != c.want {
				t.Errorf("judged %q, want %q", got, c.want)
			}
		})
	}
}

// A report that shows a broken promise, or nothing, fails.
func TestWrongReports(t *testing.T) {
	cfg := CrashConfig{Lease: time.Second, Poll: time.Second}
	for name, c := range map[string]struct {
		change func(r *CrashReport)
		want   string
	}{
		"lost":           {func(r *CrashReport) { r.Lost = 1 }, "lost 1,"},
		"dead":           {func(r *CrashReport) { r.Dead = 1 }, "dead 1,"},
		"unruly":         {func(r *CrashReport) { r.Unruly = 1 }, "for no reason 1,"},
		"another key":    {func(r *CrashReport) { r.OtherKeys = 1 }, "another key 1;"},
		"no lease":       {func(r *CrashReport) { r.LeaseOpen = 1 }, "1 of 4 kills"},
		"idle":           {func(r *CrashReport) { r.Accepted = 7 }, "shows nothing"},
		"resumed late":   {func(r *CrashReport) { r.Resume += time.Nanosecond }, "resumed 10.000000001s"},
		"fault in words": {func(r *CrashReport) { r.fault("no %s", "end") }, "no end"},
		"sound":          {func(*CrashReport) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := CrashReport{Kills: 4, LeaseOpen: 2, Accepted: 8, Delivered: 8, Unknown: 3, LeaseLost: 3, Resume: 10 * time.Second}
			c.change(&r)
			got := r.wrong(cfg)
			if c.want == "" {
				require.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			require.Contains(t, got[0], c.want)
		})
	}
}

// What the processes wrote down on their way out counts: dead letters, refusals,
// and that the last one was through.
func TestJudgeReadsTheLogs(t *testing.T) {
	for _, ended := range []bool{true, false} {
		run := &crash{t: t, lives: []life{{plan: childPlan{Log: filepath.Join(t.TempDir(), "log")}}}}
		log, err := openCrashLog(run.lives[0].plan.Log)
		require.NoError(t, err)
		log.add(evRefused, "", "the queue is full")
		log.add(evAccepted, "lost", "queued")
		if ended {
			log.add(evEmpty, "", "3")
		}
		require.NoError(t, log.err())
		require.NoError(t, log.f.Close())
		r := run.judge()
		require.Equal(t, 1, r.Refused)
		require.Equal(t, 1, r.Lost)
		if ended {
			require.Equal(t, 3, r.Dead)
			require.Len(t, r.faults, 1)
		} else {
			require.Contains(t, r.faults[0], "before the store was empty")
		}
	}
}

// Only what the next process claims first, of what the last one had in hand, was
// resumed.
func TestJudgeResume(t *testing.T) {
	at := func(ms int, kind, id string) crashEvent {
		return crashEvent{at: time.UnixMilli(int64(ms)), kind: kind, id: id}
	}
	run := &crash{t: t, lives: []life{{killed: time.UnixMilli(100)}, {killed: time.UnixMilli(900)}, {}}}
	var r CrashReport
	run.judgeResume(&r, [][]crashEvent{
		{at(10, evClaimed, "held"), at(11, evClaimed, "done"), at(20, evDone, "done"), at(21, evClaimed, "late")},
		{at(200, evUp, ""), at(250, evClaimed, "done"), at(500, evClaimed, "held"), at(510, evEnded, "held")},
		{at(850, evUp, ""), at(901, evClaimed, "held")},
	})
	if r.Resumed != 1 || r.Resume != 300*time.Millisecond {
		t.Errorf("resumed %d after %v, want 1 after 300ms: from when the second process was up", r.Resumed, r.Resume)
	}
}

func TestCrashLogOutlivesAKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	log, err := openCrashLog(path)
	require.NoError(t, err)
	log.add(evSent, "id", "a key\twith\n\xff")
	log.add(evUp, "", "")
	require.NoError(t, log.err())
	_, err = log.f.WriteString("123\tsent\tcut of")
	require.NoError(t, err)
	events, err := readCrashLog(path)
	require.NoError(t, err)
	require.Len(t, events, 2)
	require.Equal(t, "a key\twith\n\xff", events[0].text)
	require.Equal(t, evUp, events[1].kind)

	require.NoError(t, log.f.Close())
	log.add(evUp, "", "")
	require.Error(t, log.err())
	require.NoError(t, os.WriteFile(path, []byte("broken\n"), 0o600))
	_, err = readCrashLog(path)
	require.ErrorContains(t, err, "line 1")
}

func FuzzParseCrashEvent(f *testing.F) {
	f.Add("123\tsent\tid\t\"key\"")
	f.Add("\t\t\t")
	f.Fuzz(func(t *testing.T, line string) {
		e, err := parseCrashEvent(line)
		if err != nil {
			return
		}
		again, err := parseCrashEvent(e.String())
		if err != nil || again != e {
			t.Errorf("%q is %+v, and back: %+v, %v", line, e, again, err)
		}
	})
}

func TestOnlyThis(t *testing.T) {
	if got, want := onlyThis("TestA/b.c/d"), `^TestA$/^b\.c$/^d$`; got != want {
		t.Errorf("onlyThis = %q, want %q", got, want)
	}
}

package kafkax_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ycvk/tinybook/kafkax"
)

// window returns samples ten seconds apart, the last one at the time that it
// returns too. Each element is {start, end, committed}.
func window(members int, of ...[3]int64) ([]kafkax.Sample, time.Time) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	samples := make([]kafkax.Sample, len(of))
	for i, s := range of {
		at = at.Add(10 * time.Second)
		samples[i] = kafkax.Sample{At: at, Start: s[0], End: s[1], Committed: s[2], Members: members}
	}
	return samples, at
}

// steady returns n elements for window: from this one, each with so much more.
func steady(n int, from, more [3]int64) [][3]int64 {
	out := make([][3]int64, n)
	for i := range out {
		for j := range from {
			out[i][j] = from[j] + int64(i)*more[j]
		}
	}
	return out
}

func then(a [][3]int64, b ...[3]int64) [][3]int64 { return append(a, b...) }

func TestEvaluateTellsHowAGroupDoes(t *testing.T) {
	for _, tc := range []struct {
		name    string
		members int
		of      [][3]int64
		want    kafkax.Status
	}{
		{"no sample", 1, nil, kafkax.StatusUnknown},
		{"nothing unread, first sample", 1, steady(1, [3]int64{0, 5, 5}, [3]int64{}), kafkax.StatusOK},
		{"something unread, first sample", 1, steady(1, [3]int64{0, 5, 4}, [3]int64{}), kafkax.StatusUnknown},
		{"one sample too few to tell a stall", 1, steady(9, [3]int64{0, 5, 4}, [3]int64{0, 1, 0}), kafkax.StatusUnknown},
		{"an empty log without a commit", 1, steady(10, [3]int64{0, 0, -1}, [3]int64{}), kafkax.StatusOK},

		{"the commit never moves", 1, steady(10, [3]int64{0, 50, 10}, [3]int64{0, 1, 0}), kafkax.StatusStalled},
		{"the commit never moves, and nobody is there", 0, steady(10, [3]int64{0, 50, 10}, [3]int64{0, 1, 0}), kafkax.StatusStopped},
		{"the commit never moves, and who knows whether anybody is there", -1, steady(10, [3]int64{0, 50, 10}, [3]int64{0, 1, 0}), kafkax.StatusStalled},
		{"no commit at all", 3, steady(10, [3]int64{0, 50, -1}, [3]int64{0, 1, 0}), kafkax.StatusStalled},
		{"no commit at all, and the log is cut", 3, steady(10, [3]int64{0, 50, -1}, [3]int64{5, 10, 0}), kafkax.StatusStalled},

		{"the commit moved early and no more", 1, then(steady(4, [3]int64{0, 50, 10}, [3]int64{0, 1, 5}), steady(6, [3]int64{0, 54, 25}, [3]int64{0, 1, 0})...), kafkax.StatusStalled},
		{"the same, nobody is there", 0, then(steady(4, [3]int64{0, 50, 10}, [3]int64{0, 1, 5}), steady(6, [3]int64{0, 54, 25}, [3]int64{0, 1, 0})...), kafkax.StatusStopped},
		{"the same, who knows", -1, then(steady(4, [3]int64{0, 50, 10}, [3]int64{0, 1, 5}), steady(6, [3]int64{0, 54, 25}, [3]int64{0, 1, 0})...), kafkax.StatusStopped},
		{"the commit moved in the second half", 1, then(steady(6, [3]int64{0, 50, 10}, [3]int64{0, 9, 5}), steady(4, [3]int64{0, 104, 35}, [3]int64{0, 9, 0})...), kafkax.StatusWarning},

		{"lag grows while the group commits", 1, steady(10, [3]int64{0, 50, 10}, [3]int64{0, 9, 5}), kafkax.StatusWarning},
		{"lag stays while the group commits", 1, steady(10, [3]int64{0, 50, 10}, [3]int64{0, 5, 5}), kafkax.StatusWarning},
		{"lag shrinks", 1, steady(10, [3]int64{0, 100, 10}, [3]int64{0, 1, 5}), kafkax.StatusOK},
		{"lag grows, and shrank once", 1, then(steady(9, [3]int64{0, 50, 10}, [3]int64{0, 9, 5}), [3]int64{0, 125, 60}), kafkax.StatusOK},
		{"nothing was unread once", 1, then(steady(1, [3]int64{0, 10, 10}, [3]int64{}), steady(9, [3]int64{0, 50, 10}, [3]int64{0, 9, 0})...), kafkax.StatusOK},
		{"nothing was unread eleven samples ago", 1, then(steady(1, [3]int64{0, 10, 10}, [3]int64{}), steady(10, [3]int64{0, 50, 10}, [3]int64{0, 9, 0})...), kafkax.StatusStalled},

		{"the commit went back", 1, then(steady(2, [3]int64{0, 100, 50}, [3]int64{}), [3]int64{0, 100, 20}), kafkax.StatusRewound},
		{"the commit went back, and is catching up", 1, then(steady(2, [3]int64{0, 100, 50}, [3]int64{}), [3]int64{0, 100, 20}, [3]int64{0, 100, 40}), kafkax.StatusRewound},
		{"the commit went back, and has caught up", 1, then(steady(2, [3]int64{0, 100, 50}, [3]int64{}), [3]int64{0, 100, 20}, [3]int64{0, 100, 50}), kafkax.StatusUnknown},
		{"the commit went back from where nothing was unread", 1, then(steady(2, [3]int64{0, 100, 100}, [3]int64{}), [3]int64{0, 100, 20}), kafkax.StatusRewound},
		{"the commit was deleted", 1, then(steady(2, [3]int64{0, 100, 50}, [3]int64{}), [3]int64{0, 100, -1}), kafkax.StatusRewound},
		{"the log ends before the commit", 1, then(steady(2, [3]int64{0, 100, 50}, [3]int64{}), [3]int64{0, 3, 50}), kafkax.StatusRewound},

		{"the log was cut past the commit", 1, then(steady(2, [3]int64{0, 100, 10}, [3]int64{}), [3]int64{60, 100, 10}), kafkax.StatusTruncated},
		{"the log was cut past the commit, nothing is left", 1, steady(1, [3]int64{100, 100, 10}, [3]int64{}), kafkax.StatusTruncated},
		{"the log was cut up to the commit", 1, steady(1, [3]int64{100, 100, 100}, [3]int64{}), kafkax.StatusOK},
	} {
		t.Run(tc.name, func(t *testing.T) {
			samples, now := window(tc.members, tc.of...)
			if got := kafkax.Evaluate(samples, now); got != tc.want {
				t.Errorf("Evaluate(%v) = %v, want %v", tc.of, got, tc.want)
			}
		})
	}
}

func TestEvaluateSaysThatAGroupStoppedWhenPollsDo(t *testing.T) {
	samples, now := window(0, steady(10, [3]int64{0, 50, 10}, [3]int64{0, 9, 5})...)
	for _, tc := range []struct {
		after time.Duration
		want  kafkax.Status
	}{
		{90 * time.Second, kafkax.StatusWarning}, // as long as the window before
		{91 * time.Second, kafkax.StatusStopped},
	} {
		if got := kafkax.Evaluate(samples, now.Add(tc.after)); got != tc.want {
			t.Errorf("after %v: %v, want %v", tc.after, got, tc.want)
		}
	}
}

func TestASampleKnowsItsLag(t *testing.T) {
	for _, tc := range []struct {
		start, end, committed    int64
		position, lag, truncated int64
	}{
		{0, 0, -1, 0, 0, 0},
		{0, 10, -1, 0, 10, 0},
		{5, 10, -1, 5, 5, 0}, // what was deleted before its first commit isn't missed
		{0, 10, 4, 4, 6, 0},
		{0, 10, 10, 10, 0, 0},
		{60, 100, 10, 60, 40, 50},
		{100, 100, 90, 100, 0, 10},
		{0, 10, 12, 12, 0, 0}, // another log
	} {
		s := kafkax.Sample{Start: tc.start, End: tc.end, Committed: tc.committed}
		if s.Position() != tc.position || s.Lag() != tc.lag || s.Truncated() != tc.truncated {
			t.Errorf("%+v: position %d, lag %d, truncated %d, want %d, %d, %d",
				s, s.Position(), s.Lag(), s.Truncated(), tc.position, tc.lag, tc.truncated)
		}
	}
}

// What holds for any group, whatever it does.
func TestEvaluateKeepsItsRulesOnRandomWindows(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	seen := make(map[kafkax.Status]int)
	for range 20000 {
		samples, now := randomWindow(rnd)
		got := kafkax.Evaluate(samples, now)
		seen[got]++
		checkStatus(t, samples, got)
	}
	for s := kafkax.StatusUnknown; s <= kafkax.StatusTruncated; s++ {
		if seen[s] == 0 {
			t.Errorf("no window was %v: %v", s, seen)
		}
	}
}

func randomWindow(rnd *rand.Rand) ([]kafkax.Sample, time.Time) {
	of := make([][3]int64, 1+rnd.IntN(14))
	start, end, committed := int64(0), int64(rnd.IntN(20)), int64(-1)
	moves, cuts := rnd.IntN(2) == 0, rnd.IntN(4) == 0
	for i := range of {
		end += int64(rnd.IntN(5))
		if moves && end > 0 {
			committed = max(committed, rnd.Int64N(end+1))
		}
		if rnd.IntN(30) == 0 {
			committed = rnd.Int64N(end + 2)
		}
		if cuts && rnd.IntN(8) == 0 {
			start += rnd.Int64N(end - start + 1)
		}
		of[i] = [3]int64{start, end, committed}
	}
	return window(rnd.IntN(4)-1, of...)
}

func checkStatus(t *testing.T, samples []kafkax.Sample, got kafkax.Status) {
	t.Helper()
	last := samples[len(samples)-1]
	cut := last.Committed <= last.End && last.Truncated() > 0
	idle := last.Lag() == 0 && last.Committed <= last.End && !cut
	for _, broken := range []struct {
		rule string
		is   bool
	}{
		{"truncated exactly when messages are gone unread", (got == kafkax.StatusTruncated) != cut},
		{"ok when nothing is unread", idle && got != kafkax.StatusOK},
		{"not stopped while it has members", got == kafkax.StatusStopped && last.Members > 0},
		{"not stalled without members", got == kafkax.StatusStalled && last.Members == 0},
		{"no judgement of pace before the window is full", len(samples) < kafkax.StatusWindow &&
			(got == kafkax.StatusStopped || got == kafkax.StatusStalled || got == kafkax.StatusWarning)},
		{"known once the window is full", len(samples) >= kafkax.StatusWindow && got == kafkax.StatusUnknown},
	} {
		if broken.is {
			t.Fatalf("%s: %v of %+v", broken.rule, got, samples)
		}
	}
}

func TestStatusesHaveTheNamesOfTheirLabels(t *testing.T) {
	want := []string{"unknown", "ok", "warning", "stalled", "stopped", "rewound", "truncated", "invalid"}
	for i, name := range want {
		if got := kafkax.Status(i).String(); got != name {
			t.Errorf("Status(%d) = %q, want %q", i, got, name)
		}
	}
	modes := []string{"none", "exact", "history", "at_least", "invalid"}
	for i, name := range modes {
		if got := kafkax.AgeMode(i).String(); got != name {
			t.Errorf("AgeMode(%d) = %q, want %q", i, got, name)
		}
	}
}

func BenchmarkEvaluate(b *testing.B) {
	samples, now := window(1, steady(kafkax.StatusWindow, [3]int64{0, 50, 10}, [3]int64{0, 9, 5})...)
	b.ReportAllocs()
	for b.Loop() {
		if kafkax.Evaluate(samples, now) != kafkax.StatusWarning {
			b.Fatal("another status")
		}
	}
}

package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func aRun(round int) run {
	return run{
		task:   task{Articles: 1000, Conns: 20, Round: round, Target: local},
		report: report{Requests: 12, Duration: 3_000_000, P99: 4.5, Timeout: 1, Own: time.Second},
		CPU:    cpu{App: time.Second, Redis: time.Millisecond, MySQL: time.Minute},
		Others: 0.1,
	}
}

func mustOpen(t *testing.T, path, key string) *log {
	t.Helper()
	l, err := openLog(path, key)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

func TestWhatWasMeasuredOutlivesAKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "load.jsonl")
	l := mustOpen(t, path, "one")
	require.Empty(t, l.runs)
	require.NoError(t, l.Add(aRun(0)))
	require.NoError(t, l.Describe("Redis 7"))
	require.NoError(t, l.Add(aRun(1)))

	// A kill in the middle of a line.
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, append(whole, `{"Articles":1000,"Conns":20,"Rou`...), 0o600))

	want := map[task]run{aRun(0).task: aRun(0), aRun(1).task: aRun(1)}
	l = mustOpen(t, path, "one")
	require.Equal(t, want, l.runs)
	require.False(t, l.dropped)
	require.Equal(t, "Redis 7", l.Versions)
	require.NoError(t, l.Add(aRun(2)))

	want[aRun(2).task] = aRun(2)
	l = mustOpen(t, path, "one")
	require.Equal(t, want, l.runs, "what came after the torn line is there as well")

	require.NoError(t, l.Remove())
	require.NoFileExists(t, path)
}

func TestRunsOfAnotherProgramAreNotMixedIn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "load.jsonl")
	require.NoError(t, mustOpen(t, path, "one").Add(aRun(0)))
	other := mustOpen(t, path, "two")
	require.Empty(t, other.runs)
	require.True(t, other.dropped)
	require.Empty(t, mustOpen(t, path, "one").runs, "the other one has begun a new file")

	require.NoError(t, os.WriteFile(path, []byte("no log at all"), 0o600))
	require.Empty(t, mustOpen(t, path, "one").runs)
}

func TestOnlyMissingRunsAreMade(t *testing.T) {
	o := options{articles: []int{1000, 2000}, conns: []int{20}, rounds: 2}
	l := mustOpen(t, filepath.Join(t.TempDir(), "load.jsonl"), "one")
	b := &bench{options: o, log: l}
	require.Len(t, b.missing(1000), 10)
	require.NoError(t, l.Add(aRun(1)))
	require.Len(t, b.missing(1000), 9)
	require.NotContains(t, b.missing(1000), aRun(1).task)
	require.Len(t, b.missing(2000), 10)
}

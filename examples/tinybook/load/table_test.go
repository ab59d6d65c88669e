package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// madeUp returns runs of two rounds in which each target answers so many times a
// second, in the first round a tenth less and in the second a tenth more.
func madeUp(rates map[string]int64) (options, map[task]run) {
	o := options{articles: []int{1000}, conns: []int{20}, rounds: 2, length: time.Second}
	runs := map[task]run{}
	for _, task := range plan(o) {
		n := rates[task.Target] * int64(9+2*task.Round) / 10
		runs[task] = run{
			task: task, report: report{Requests: n, Duration: 1_000_000, P99: 1000 * float64(1+task.Round)},
			CPU: cpu{App: time.Duration(n) * 20 * time.Microsecond, MySQL: time.Duration(n) * 5 * time.Microsecond},
		}
	}
	return o, runs
}

func TestTable(t *testing.T) {
	o, runs := madeUp(map[string]int64{ping: 1000, local: 600, fromRedis: 200, fromDB: 100, noIndex: 0})
	for task, r := range runs {
		if task.Target == fromDB {
			r.Status, r.Unanswered = r.Requests/10, 5
			runs[task] = r
		}
	}
	var text bytes.Buffer
	require.NoError(t, writeTable(&text, groups(o, runs)))
	lines := strings.Split(text.String(), "\n")
	require.Equal(t, []string{
		"| 1000 | 20 | /ping | 1000 (900 to 1100) | 0.60 | 1.5 | 0 | 20.0 | 0.0 | 5.0 |",
		"| 1000 | 20 | local | 600 (540 to 660) | 1.00 | 1.5 | 0 | 20.0 | 0.0 | 5.0 |",
		"| 1000 | 20 | redis | 200 (180 to 220) | 3.00 | 1.5 | 0 | 20.0 | 0.0 | 5.0 |",
		"| 1000 | 20 | db | 90 (81 to 99) | 6.67 | 1.5 | 30 (14.3 %) | 20.0 | 0.0 | 5.0 |",
		"| 1000 | 20 | db-noindex | 0 (0 to 0) | ? | 1.5 | 0 | ? | ? | ? |",
	}, lines[2:7])
	columns := strings.Count(lines[0], "|")
	for _, line := range lines[:len(lines)-1] {
		require.Equal(t, columns, strings.Count(line, "|"), line)
	}
}

func TestFloorsAreSaidToBeReachedOnlyWhenTheyAre(t *testing.T) {
	reached := map[string]int64{ping: 1000, local: 600, fromRedis: 200, fromDB: 100}
	for _, tc := range []struct {
		name   string
		change func(rates map[string]int64)
		not    string
	}{
		{"all", nil, ""},
		{"ping", func(r map[string]int64) { r[ping] = 1200 }, "local / /ping"},
		{"redis", func(r map[string]int64) { r[fromRedis] = 260 }, "local / redis"},
		{"db", func(r map[string]int64) { r[fromDB] = 160 }, "local / db"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rates := maps.Clone(reached)
			if tc.change != nil {
				tc.change(rates)
			}
			o, runs := madeUp(rates)
			requireFloors(t, o, runs, tc.not)
		})
	}
	o, runs := madeUp(reached)
	for i, target := range []string{local, fromRedis} {
		r := runs[task{1000, 20, 1, target}]
		r.Timeout = 1
		runs[r.task] = r
		requireFloors(t, o, runs, fmt.Sprintf("errors of local and redis: %d", i+1))
	}
}

func requireFloors(t *testing.T, o options, runs map[task]run, not string) {
	t.Helper()
	var text bytes.Buffer
	require.NoError(t, writeFloors(&text, groups(o, runs)))
	for line := range strings.Lines(text.String()) {
		failed := not != "" && strings.HasPrefix(line, not)
		require.Equal(t, failed, strings.Contains(line, "NOT REACHED"), text.String())
	}
	require.Contains(t, text.String(), not)
	require.Equal(t, len(floors)+1, strings.Count(text.String(), "\n"))
}

func TestMedian(t *testing.T) {
	require.Zero(t, median(nil))
	require.InDelta(t, 3, median([]float64{9, 1, 3}), 0)
	require.InDelta(t, 2.5, median([]float64{4, 1, 2, 3}), 0)
}

// The README shows what docs/results has, and nothing where that has nothing.
func TestReadmeShowsTheFiguresThatAreKept(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	kept, err := os.ReadFile("../../../docs/results/load.txt")
	if os.IsNotExist(err) {
		require.NotContains(t, string(readme), "| articles | c |")
		return
	}
	require.NoError(t, err)
	want, err := withFigures(string(readme), string(kept))
	require.NoError(t, err)
	require.Equal(t, want, string(readme), "write both with -keep")
}

func TestFiguresReplaceThoseBefore(t *testing.T) {
	readme := "# Load\n" + tableBegins + "old\n" + tableEnds + "more\n"
	text := "2026-11-24\nmachine\n\n| articles |\n|---|\n| 1 |\n"
	want := "# Load\n" + tableBegins + "```\n2026-11-24\nmachine\n```\n\n| articles |\n|---|\n| 1 |\n" + tableEnds + "more\n"
	for range 2 {
		got, err := withFigures(readme, text)
		require.NoError(t, err)
		require.Equal(t, want, got)
		readme = got
	}
	_, err := withFigures("# Load\n", text)
	require.ErrorContains(t, err, "marks")
	_, err = withFigures(readme, "no table")
	require.ErrorContains(t, err, "no table")
}

package topn_test

import (
	"math/rand/v2"
	"testing"
	"time"
	_ "time/tzdata" // the zones are there on any machine

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/topn"
)

var windows = []topn.Window{topn.Hour, topn.Day, topn.Week}

func zoneOf(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	require.NoError(t, err)
	return zone
}

func TestWindowNamesItsTime(t *testing.T) {
	shanghai := time.FixedZone("CST", 8*3600)
	for _, tc := range []struct {
		name   string
		window topn.Window
		at     time.Time
		key    string
		start  time.Time
		end    time.Time
	}{
		{
			"an hour", topn.Hour, time.Date(2026, 11, 23, 22, 59, 59, 999, time.UTC), "k:2026-11-23T22Z",
			time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC), time.Date(2026, 11, 23, 23, 0, 0, 0, time.UTC),
		},
		{
			"an hour is one of UTC", topn.Hour, time.Date(2026, 11, 24, 6, 30, 0, 0, shanghai), "k:2026-11-23T22Z",
			time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC), time.Date(2026, 11, 23, 23, 0, 0, 0, time.UTC),
		},
		{
			"a day", topn.Day, time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC), "k:2026-11-23",
			time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC),
		},
		{
			"a day of its zone", topn.Day, time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC).In(shanghai), "k:2026-11-24",
			time.Date(2026, 11, 24, 0, 0, 0, 0, shanghai), time.Date(2026, 11, 25, 0, 0, 0, 0, shanghai),
		},
		{
			"a week begins on Monday", topn.Week, time.Date(2026, 11, 29, 23, 0, 0, 0, time.UTC), "k:2026-W48",
			time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC),
		},
		{
			"a week of two years", topn.Week, time.Date(2027, 1, 3, 0, 0, 0, 0, time.UTC), "k:2026-W53",
			time.Date(2026, 12, 28, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 4, 0, 0, 0, 0, time.UTC),
		},
		{
			"no such window", topn.Window(9), time.Date(2026, 11, 23, 22, 1, 0, 0, time.UTC), "k:2026-11-23T22Z",
			time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC), time.Date(2026, 11, 23, 23, 0, 0, 0, time.UTC),
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.Equal(t, tc.key, tc.window.Key("k", tc.at))
			start, end := tc.window.Start(tc.at), tc.window.End(tc.at)
			require.True(t, tc.start.Equal(start), "it starts at %v", start)
			require.True(t, tc.end.Equal(end), "it ends at %v", end)
		})
	}
}

// Where clocks change at midnight a day may have none, or two: windows still follow
// each other without a gap.
func TestWindowsFollowEachOther(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for _, name := range []string{
		"UTC", "Europe/Berlin", "Asia/Shanghai", "Asia/Amman", "Asia/Beirut", "America/Sao_Paulo", "America/Havana", "Australia/Lord_Howe",
	} {
		zone := zoneOf(t, name)
		for range 300 {
			at := time.Date(2012, 1, 1, 0, 0, r.IntN(12*365*86400), 0, time.UTC).In(zone)
			for _, w := range windows {
				checkWindow(t, w, at)
			}
		}
		for at := time.Date(2017, 1, 1, 0, 0, 0, 0, zone); at.Year() < 2019; at = at.Add(30 * time.Minute) {
			checkWindow(t, topn.Day, at)
		}
	}
}

func checkWindow(t *testing.T, w topn.Window, at time.Time) {
	t.Helper()
	start, end, key := w.Start(at), w.End(at), w.Key("k", at)
	if at.Before(start) || !at.Before(end) {
		t.Fatalf("window %d of %v is from %v to %v", w, at, start, end)
	}
	for _, inside := range []time.Time{start, end.Add(-1)} {
		if got := w.Key("k", inside.In(at.Location())); got != key {
			t.Fatalf("window %d: %v is in %s, and %v in %s", w, at, key, inside, got)
		}
	}
	for _, outside := range []time.Time{start.Add(-1), end} {
		if got := w.Key("k", outside.In(at.Location())); got == key {
			t.Fatalf("window %d: %v is in %s, as is %v", w, outside, key, at)
		}
	}
	if next := w.Start(end.In(at.Location())); !next.Equal(end) {
		t.Fatalf("window %d: one ends at %v, the next begins at %v", w, end, next)
	}
}

// A zone that moves across the date line leaves out a day: the one before ends where
// the one after begins.
func TestWindowsWhereADayIsLeftOut(t *testing.T) {
	for name, left := range map[string]time.Time{
		"Pacific/Apia":      time.Date(2011, 12, 30, 0, 0, 0, 0, time.UTC),
		"Pacific/Fakaofo":   time.Date(2011, 12, 30, 0, 0, 0, 0, time.UTC),
		"Pacific/Kwajalein": time.Date(1993, 8, 21, 0, 0, 0, 0, time.UTC),
	} {
		zone := zoneOf(t, name)
		for hours := range 20 * 24 {
			at := left.Add(time.Duration(hours-240)*time.Hour + time.Minute).In(zone)
			if at.Day() == left.Day() {
				t.Fatalf("%s: %v exists", name, at)
			}
			for _, w := range windows {
				checkWindow(t, w, at)
			}
		}
	}
}

package topn

import (
	"fmt"
	"time"
)

// A Window is a span of the calendar that has a board of its own, such as the likes
// of this week: its [Window.Key] is the key for [Boards.Get]. It is a name and
// nothing more; who counts an event picks the window by the time of the event, so
// that replays and late events go where they belong.
type Window uint8

const (
	// Hour is an hour of UTC, whatever the zone, so that no hour comes twice.
	Hour Window = iota
	// Day is from midnight to midnight in the zone of the time that is asked about.
	Day
	// Week is an ISO 8601 week, from Monday, in the zone of the time that is asked
	// about.
	Week
)

// Key returns the key of the board for base in the window that at lies in: for
// base "likes" one such as "likes:2026-11-23T14Z", "likes:2026-11-23" or
// "likes:2026-W48". Days and weeks begin in the zone of at, so all processes must
// ask in the same one: at.In(zone). For a Window that isn't one of the constants it
// is the key of Hour.
func (w Window) Key(base string, at time.Time) string {
	switch w {
	case Day:
		return base + at.Format(":2006-01-02")
	case Week:
		year, week := at.ISOWeek()
		return fmt.Sprintf("%s:%04d-W%02d", base, year, week)
	default:
		return base + at.UTC().Format(":2006-01-02T15Z")
	}
}

// Start returns when the window that at lies in begins. Where a clock change leaves
// out midnight, a day begins with the first time that exists.
func (w Window) Start(at time.Time) time.Time {
	year, month, day := at.Date()
	switch w {
	case Day:
		return firstOf(year, month, day, at.Location())
	case Week:
		sinceMonday := (int(at.Weekday()) + 6) % 7
		return firstOf(year, month, day-sinceMonday, at.Location())
	default:
		return at.UTC().Truncate(time.Hour)
	}
}

// End returns when the window that at lies in ends, which is when the next begins.
// It is always after at.
func (w Window) End(at time.Time) time.Time {
	start := w.Start(at)
	year, month, day := start.Date()
	switch w {
	case Day:
		return firstOf(year, month, day+1, at.Location())
	case Week:
		return firstOf(year, month, day+7, at.Location())
	default:
		return start.Add(time.Hour)
	}
}

// firstOf returns the first moment of a day or, where a zone that moved across the
// date line left that day out, of the next.
func firstOf(year int, month time.Month, day int, zone *time.Location) time.Time {
	first := midnightOf(year, month, day, zone)
	if want := time.Date(year, month, day, 0, 0, 0, 0, time.UTC); first.Day() != want.Day() {
		return midnightOf(year, month, day+1, zone)
	}
	return first
}

// midnightOf returns the first moment of a day that exists. A midnight that comes
// twice begins the day by the old offset; one that is left out, by the old offset too,
// for that is when the clocks jump; one that the clocks are put back from, by the new.
func midnightOf(year int, month time.Month, day int, zone *time.Location) time.Time {
	midnight := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	first := time.Date(year, month, day, 0, 0, 0, 0, zone)
	_, before := first.Add(-2 * time.Hour).Zone()
	if t := midnight.Add(-time.Duration(before) * time.Second).In(zone); t.Day() == midnight.Day() {
		first = t
	}
	return first
}

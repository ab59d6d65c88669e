package kafkax

import (
	"fmt"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
)

func testDuration(n int64) time.Duration { return time.Duration(n) }

// histogramOf returns what a scrape shows of h, but for when it was made.
func histogramOf(t *testing.T, h *histogram) string {
	t.Helper()
	var m dto.Metric
	require.NoError(t, h.write(&m, &entry{}))
	m.GetHistogram().CreatedTimestamp = nil
	return m.GetHistogram().String()
}

func TestTheLoggerReadsWhatWasCommitted(t *testing.T) {
	l := &readerLog{}
	l.Printf(lineCommitted, "g", "\ttopic: a\n\t\tpartition 0: 5\n\t\tpartition 12: 7\n\ttopic: b: c\n\t\tpartition 0: 9")
	require.Equal(t, map[place]int64{{"a", 0}: 5, {"a", 12}: 7, {"b: c", 0}: 9}, l.committed)
	l.Printf(lineCommitted, "g", "\ttopic: a\n\t\tpartition 0: 6")
	require.Equal(t, map[place]int64{{"a", 0}: 6, {"a", 12}: 7, {"b: c", 0}: 9}, l.committed)
}

func TestTheLoggerLeavesAloneWhatItDoesNotKnow(t *testing.T) {
	type key struct {
		topic     string
		partition int32
	}
	var passed int
	l := &readerLog{next: loggerFunc(func(string, ...any) { passed++ })}
	l.Printf(lineSubscribed, map[key]int64{{"t", 1}: 7})
	want := map[place]int64{{"t", 1}: 7}
	require.Equal(t, want, l.owned)
	for _, args := range [][]any{
		nil, {nil}, {1}, {map[string]int64{"t": 1}}, {map[key]string{{"t", 1}: "x"}}, {map[struct{ a, b int }]int64{{}: 1}}, {1, 2},
	} {
		l.Printf(lineSubscribed, args...)
		l.Printf(lineCommitted, args...)
		require.Equal(t, want, l.owned, fmt.Sprint(args))
		require.Empty(t, l.committed)
	}
	require.EqualValues(t, 1, l.generation.Load())
	require.Equal(t, 15, passed)
}

type loggerFunc func(string, ...any)

func (f loggerFunc) Printf(format string, args ...any) { f(format, args...) }

// Whatever a later kafka-go logs, it must not bring the program down.
func FuzzTheLoggerReadsAnything(f *testing.F) {
	f.Add("\ttopic: a\n\t\tpartition 0: 5\n\t\tpartition 12: 7")
	f.Add("\t\tpartition 0: 5")
	f.Add("\ttopic: \n\t\tpartition -1: -5\n")
	f.Fuzz(func(t *testing.T, report string) {
		first, second := &readerLog{}, &readerLog{}
		first.Printf(lineCommitted, "g", report)
		for at, offset := range first.committed { // as kafka-go writes it
			second.Printf(lineCommitted, "g", fmt.Sprintf("\ttopic: %s\n\t\tpartition %d: %d", at.topic, at.partition, offset))
		}
		require.Equal(t, len(first.committed), len(second.committed))
		for at, offset := range first.committed {
			require.Equal(t, offset, second.committed[at])
		}
	})
}

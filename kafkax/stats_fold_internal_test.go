package kafkax

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
)

// kafka-go tags each field with what it is, so that a field which a new version
// brings fails here until the fold has it.
func TestFoldAddsEveryCounterAndReplacesTheRest(t *testing.T) {
	t.Run("writer", func(t *testing.T) { testFold(t, foldWriter) })
	t.Run("reader", func(t *testing.T) { testFold(t, foldReader) })
}

func testFold[S any](t *testing.T, fold func(into, delta *S)) {
	t.Helper()
	var into, delta S
	fill(reflect.ValueOf(&into).Elem(), 5)
	fill(reflect.ValueOf(&delta).Elem(), 3)
	fold(&into, &delta)
	v := reflect.ValueOf(into)
	for f := range v.Type().Fields() {
		checkFold(t, f, v.FieldByIndex(f.Index))
	}
}

// fill sets every number to n.
func fill(v reflect.Value, n int64) {
	switch {
	case v.Kind() == reflect.Int64:
		v.SetInt(n)
	case v.Kind() == reflect.Struct:
		for _, field := range v.Fields() {
			fill(field, n)
		}
	}
}

func checkFold(t *testing.T, f reflect.StructField, v reflect.Value) {
	t.Helper()
	tag := f.Tag.Get("type")
	switch got := v.Interface().(type) {
	case kafka.SummaryStats:
		require.Equal(t, kafka.SummaryStats{Avg: 1, Min: 3, Max: 5, Count: 8, Sum: 8}, got, f.Name)
	case kafka.DurationStats:
		require.Equal(t, kafka.DurationStats{Avg: 1, Min: 3, Max: 5, Count: 8, Sum: 8}, got, f.Name)
	case int64, time.Duration:
		if strings.HasPrefix(f.Tag.Get("metric"), "kafak.") { // kafka-go's own typo: a copy of Fetches
			tag = "counter"
		}
		want := map[string]int64{"counter": 8, "gauge": 3}[tag]
		if tag == "" {
			return // a field that kafka-go left empty since 0.4
		}
		require.Equal(t, want, v.Int(), f.Name)
	}
}

func TestFoldKnowsNoMinimumOfNothing(t *testing.T) {
	none, some := kafka.SummaryStats{}, kafka.SummaryStats{Avg: 4, Min: 3, Max: 5, Count: 2, Sum: 8}
	require.Equal(t, some, foldSummary(none, some))
	require.Equal(t, some, foldSummary(some, none))
	require.Equal(t, none, foldSummary(none, none))
}

package topn_test

import (
	"fmt"
	"time"

	"github.com/ycvk/tinybook/topn"
)

// Three likes of today outweigh five of the day before yesterday.
func ExampleDecay() {
	monday := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	weight := topn.Decay(24*time.Hour, topn.Week.Start(monday))
	old, fresh := 0.0, 0.0
	for range 5 {
		old += weight(monday.Add(12 * time.Hour))
	}
	for range 3 {
		fresh += weight(monday.Add(60 * time.Hour))
	}
	now := weight(monday.Add(60 * time.Hour))
	fmt.Printf("worth now: %.2f and %.2f", old/now, fresh/now)
	// Output: worth now: 1.25 and 3.00
}

// The likes of an hour, a day and a week, each on a board of its own.
func ExampleWindow() {
	shanghai := time.FixedZone("Asia/Shanghai", 8*60*60)
	at := time.Date(2026, 11, 24, 6, 30, 0, 0, shanghai)
	for _, w := range []topn.Window{topn.Hour, topn.Day, topn.Week} {
		fmt.Println(w.Key("likes", at), "until", w.End(at).UTC().Format(time.DateTime))
	}
	// Output:
	// likes:2026-11-23T22Z until 2026-11-23 23:00:00
	// likes:2026-11-24 until 2026-11-24 16:00:00
	// likes:2026-W48 until 2026-11-29 16:00:00
}

package topn

import (
	"maps"
	"slices"
	"testing"

	"github.com/segmentio/kafka-go"
)

// eventsOf makes events of bytes: member, version and whether it is removed; offsets
// rise with gaps.
func eventsOf(data []byte) []fetched[byte] {
	var events []fetched[byte]
	offset := int64(0)
	for chunk := range slices.Chunk(data, 3) {
		if len(chunk) < 3 {
			break
		}
		offset += 1 + int64(chunk[0]/64)
		events = append(events, fetched[byte]{
			Event: Event[byte]{
				Member: chunk[0] % 5, Version: int64(chunk[1] % 8), Removed: chunk[2]%4 == 0,
				Score: float64(chunk[2]), Delta: float64(chunk[2]) - 100,
			},
			message: kafka.Message{Offset: offset},
		})
	}
	return events
}

// A mark cuts off what is at or below it, wherever in a gap it lies, and nothing else.
func FuzzRise(f *testing.F) {
	f.Add([]byte{1, 2, 3, 200, 5, 6, 1, 8, 9}, int64(2))
	f.Add([]byte{}, int64(0))
	f.Fuzz(func(t *testing.T, data []byte, mark int64) {
		s := newShare[byte](place{"t", 0}, &consumeConfig{})
		s.events = eventsOf(data)
		var want []int64
		for _, e := range s.events {
			if e.message.Offset > mark {
				want = append(want, e.message.Offset)
			}
		}
		all := len(s.events)
		dropped := s.rise(mark)
		if s.mark != max(mark, -1) || s.high < s.mark || dropped != all-len(want) || len(s.events) != len(want) {
			t.Fatalf("mark %d of %d events: dropped %d, %d are left, want %d; mark %d, high %d", mark, all, dropped, len(s.events), len(want), s.mark, s.high)
		}
		for i, e := range s.events {
			if e.message.Offset != want[i] {
				t.Fatalf("event %d has offset %d, want %d", i, e.message.Offset, want[i])
			}
		}
	})
}

// What is sent for a batch is what its events would come to one by one, on a board that
// takes the newer version, or adds up.
func FuzzCoalesce(f *testing.F) {
	f.Add([]byte{1, 2, 3, 1, 2, 5, 1, 3, 4, 2, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		events := eventsOf(data)
		sums := make(map[byte]float64)
		first := make(map[byte]Event[byte]) // of the highest version
		for _, e := range events {
			sums[e.Member] += e.Delta
			if known, ok := first[e.Member]; !ok || e.Version > known.Version {
				first[e.Member] = e.Event
			}
		}
		if got := deltas(events); !maps.Equal(got, sums) {
			t.Fatalf("deltas are %v, want %v", got, sums)
		}
		scores, removed := newest(events)
		if len(scores)+len(removed) != len(first) {
			t.Fatalf("%d scores and %d removed, of %d members", len(scores), len(removed), len(first))
		}
		for gone, entries := range map[bool][]Entry[byte]{false: scores, true: removed} {
			for _, e := range entries {
				if want := first[e.Member]; want.Removed != gone || want.Score != e.Score || want.Version != e.Version {
					t.Fatalf("removed %v: %+v, want %+v", gone, e, want)
				}
			}
		}
	})
}

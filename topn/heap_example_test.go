package topn_test

import (
	"cmp"
	"fmt"

	"github.com/ycvk/tinybook/topn"
)

// A nightly job reads every article and keeps the two with the most likes; of those
// with as many, the older.
func ExampleNewHeap() {
	type article struct {
		ID    int64
		Likes int
	}
	best := topn.NewHeap(2, func(a, b article) int {
		return cmp.Or(cmp.Compare(a.Likes, b.Likes), cmp.Compare(b.ID, a.ID))
	})
	for _, a := range []article{{1, 3}, {2, 8}, {3, 5}, {4, 8}} {
		best.Push(a)
	}
	fmt.Println(best.Sorted())
	// Output: [{2 8} {4 8}]
}

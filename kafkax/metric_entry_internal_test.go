package kafkax

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// gaugeOf returns the gauge of a series that all these tests share.
func gaugeOf(s *scope) *gauge { return s.gauge(readerPosition, "r", "g", "t", "0") }

func TestCellsOfScopesThatLeftAreSwept(t *testing.T) {
	r := newTestRegistry(t)
	scopes := make([]*scope, 1000)
	for i := range scopes {
		scopes[i] = r.scope()
		gaugeOf(scopes[i]).set(int64(i))
	}
	e := entryOf(t, r, readerPosition)
	for i := len(scopes) - 1; i > 0; i-- { // the highest goes first
		scopes[i].close()
		require.EqualValues(t, i-1, mergeGauges(mergeMax, *e.cells.Load()))
		require.LessOrEqual(t, len(*e.cells.Load()), 2*i)
	}
	scopes[0].close()
	require.Empty(t, r.families[readerPosition].snapshot())
}

// A scrape may hold the cells of a moment ago.
func TestAScrapeSeesTheCellsThatItBeganWith(t *testing.T) {
	r := newTestRegistry(t)
	a, b := r.scope(), r.scope()
	gaugeOf(a).set(7)
	gaugeOf(b).set(5)
	began := *entryOf(t, r, readerPosition).cells.Load()
	others := []*scope{r.scope(), r.scope(), r.scope()}
	for _, s := range others {
		gaugeOf(s).set(9)
	}
	require.EqualValues(t, 7, mergeGauges(mergeMax, began))
	a.close()
	require.EqualValues(t, 5, mergeGauges(mergeMax, began))
	b.close()
	require.EqualValues(t, 7, mergeGauges(mergeMax, began), "all are gone: it shows what was")
	require.EqualValues(t, 9, mergeGauges(mergeMax, *entryOf(t, r, readerPosition).cells.Load()))
}

package topn_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/topn"
)

// Writers repeat what failed, late and in any order; Redis goes away, loses its
// data, or parts of it; the database goes away; processes rebuild whenever they
// like. Once it's quiet, every process has the database's places.
func TestEverythingEndsUpAsTheDatabase(t *testing.T) {
	rng := seeded(t)
	for range 5 {
		seed := rng.Uint64()
		synctest.Test(t, func(t *testing.T) {
			server, _ := redistest.NewServer(t)
			c := &chaos{t: t, server: server, db: numbered(40), seed: seed}
			for range 3 {
				b := newBoard(t, redistest.Dial(t, server), c.db, topn.WithN(6), topn.WithRetain(20))
				c.pods = append(c.pods, b)
				run(t, b)
			}
			c.run(300)
			for _, b := range c.pods {
				s := b.Snapshot()
				for place, item := range c.db.items(6) { // of equals there may be others that were trimmed
					require.Equal(t, item.Score, s.Items[place].Score, "seed %d, place %d", seed, place)
				}
				require.False(t, s.Stale)
				require.Equal(t, c.pods[0].Snapshot().Items, s.Items)
			}
		})
	}
}

type chaos struct {
	t       *testing.T
	server  *miniredis.Miniredis
	db      *table
	seed    uint64
	pods    []*topn.Board[int64]
	pending []entry // events that weren't delivered yet
}

func (c *chaos) run(steps int) {
	rng := seededWith(c.seed)
	pod := func() *topn.Board[int64] { return c.pods[rng.IntN(len(c.pods))] }
	for range steps {
		switch rng.IntN(12) {
		case 0:
			c.server.SetError("ERR away")
		case 1:
			c.server.FlushAll()
		case 2:
			c.server.Del("topn:{likes}:" + []string{"board", "mark", "lease", "fresh"}[rng.IntN(4)])
		case 3:
			c.db.breakDown(errors.New("the database is away"))
		case 4, 5:
			c.server.SetError("")
			c.db.repair()
		case 6:
			_ = pod().Rebuild(c.t.Context()) // which may well fail here
		default:
			c.pending = append(c.pending, c.db.add(1+rng.Int64N(50), float64(rng.IntN(15)-7)))
		}
		rng.Shuffle(len(c.pending), func(i, j int) { c.pending[i], c.pending[j] = c.pending[j], c.pending[i] })
		c.deliver(pod(), rng.IntN(len(c.pending)+1))
		time.Sleep(time.Duration(rng.IntN(900)) * time.Millisecond)
	}
	c.server.SetError("")
	c.db.repair()
	for len(c.pending) > 0 {
		c.deliver(pod(), len(c.pending))
	}
	time.Sleep(45 * time.Second) // a lease that was left behind, and a MaxStale
	synctest.Wait()
}

// deliver sends the first n events, and keeps those that failed.
func (c *chaos) deliver(b *topn.Board[int64], n int) {
	if _, err := b.Apply(c.t.Context(), c.pending[:n]...); err == nil {
		c.pending = c.pending[n:]
	}
}

package topn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// errSource marks errors of the Source, and of what it returned.
var errSource = errors.New("source")

// A row is an Entry that was checked, and its member as Redis has it.
type row[M comparable] struct {
	Entry[M]
	encoded string
}

// ask asks the Source for n members and returns them as Redis would rank them.
func (b *Board[M]) ask(ctx context.Context, n int) ([]row[M], error) {
	es, err := b.query(ctx, n)
	if err != nil {
		return nil, err
	}
	return b.ranked(es)
}

// query asks the Source for n members.
func (b *Board[M]) query(ctx context.Context, n int) ([]Entry[M], error) {
	b.counts.sources.Add(1)
	es, err := b.source(ctx, n)
	if err != nil {
		return nil, fmt.Errorf("topn: board %q: %w: %w", b.name, errSource, err)
	}
	return es, nil
}

// ranked returns what the Source said as Redis would rank it.
func (b *Board[M]) ranked(es []Entry[M]) ([]row[M], error) {
	rows, err := b.rows(es)
	if err != nil {
		return nil, fmt.Errorf("%w (board %q: %w)", err, b.name, errSource)
	}
	return rank(rows), nil
}

// rows checks and encodes es. It never returns nil without an error.
func (b *Board[M]) rows(es []Entry[M]) ([]row[M], error) {
	rows := make([]row[M], len(es))
	for i, e := range es {
		if err := checkScore(e.Score); err != nil {
			return nil, fmt.Errorf("%w: entry %d", err, i)
		}
		if b.cfg.mode == Counter {
			e.Version = 0 // of a member that is there twice the last row counts
		}
		if e.Version < 0 {
			return nil, fmt.Errorf("%w: entry %d has version %d: want 0 or more", ErrInput, i, e.Version)
		}
		encoded, err := b.encode(e.Member)
		if err != nil {
			return nil, fmt.Errorf("%w: entry %d", err, i)
		}
		rows[i] = row[M]{e, encoded}
	}
	return rows, nil
}

func (b *Board[M]) encode(m M) (string, error) {
	encoded := b.codec.Encode(m)
	if encoded == last {
		return "", fmt.Errorf("%w: a member is encoded as an empty string", ErrInput)
	}
	return encoded, nil
}

func checkScore(x float64) error {
	if math.Abs(x) <= maxScore {
		return nil
	}
	return fmt.Errorf("%w: %v", ErrScore, x) // NaN is not <= either
}

// rank sorts rows as Redis does, best first, and keeps one per member: the newest
// or, of equal versions, the last.
func rank[M comparable](rows []row[M]) []row[M] {
	slices.SortStableFunc(rows, func(a, b row[M]) int {
		return cmp.Or(cmp.Compare(a.encoded, b.encoded), cmp.Compare(a.Version, b.Version))
	})
	kept := rows[:0]
	for i, r := range rows {
		if i+1 == len(rows) || rows[i+1].encoded != r.encoded {
			kept = append(kept, r)
		}
	}
	slices.SortFunc(kept, func(a, b row[M]) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.encoded, a.encoded))
	})
	return kept
}

// formatScore returns x as Redis reads it back, bit for bit.
func formatScore(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

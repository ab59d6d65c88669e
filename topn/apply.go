package topn

import (
	"context"
	"fmt"
	"slices"
	"strconv"
)

// Apply sets the scores of members where an Entry's Version is newer than what the
// board has seen of its member, and returns how many were. So a Version must be given,
// and rise with each change: one that is left at 0 is the oldest there is, and changes
// a member only until a rebuild has read its row. The others were applied
// before, or something newer was, perhaps in the same call, and change nothing:
// Apply can be repeated, and entries may come in any order, also across rebuilds
// and for members that were trimmed. It is for [Absolute] boards; es is only read.
//
// More than 1000 entries are sent in parts. After an error some of the entries may
// have been applied, also the first beyond those counted: repeat the call. Where the
// client sends again what got no answer, fewer are counted than were applied.
//
// Where Redis holds no board nothing is applied, which is no error: the rebuild
// finds the row in the database. So write the database before the event is sent.
// The error wraps [ErrMode], [ErrScore], [ErrInput], or what Redis said.
func (b *Board[M]) Apply(ctx context.Context, es ...Entry[M]) (applied int, err error) {
	rows, err := b.writable("Apply", es)
	if err != nil {
		return 0, err
	}
	return b.apply(ctx, rows, func(r row[M]) string { return formatScore(r.Score) })
}

// Remove takes members off the board, such as a row that was deleted or is shown no
// more, and returns how many entries were news. It is an Apply that ignores the Score:
// the newer Version wins, so that an older event doesn't bring the member back,
// and a newer one does. The [Source] must leave such rows out.
func (b *Board[M]) Remove(ctx context.Context, es ...Entry[M]) (applied int, err error) {
	es = slices.Clone(es)
	for i := range es {
		es[i].Score = 0
	}
	rows, err := b.writable("Remove", es)
	if err != nil {
		return 0, err
	}
	return b.apply(ctx, rows, func(row[M]) string { return "" })
}

func (b *Board[M]) writable(call string, es []Entry[M]) ([]row[M], error) {
	if err := b.made(); err != nil {
		return nil, err
	}
	if b.cfg.mode != Absolute {
		return nil, fmt.Errorf("%w: %s on a %v board", ErrMode, call, b.cfg.mode)
	}
	return b.rows(es)
}

// latest returns one row for each member, so that Redis needn't look at those that
// another overtakes.
func latest[M comparable](rows []row[M]) []row[M] {
	if len(rows) < 2 {
		return rows
	}
	at := make(map[string]int, len(rows))
	kept := rows[:0]
	for _, r := range rows {
		i, known := at[r.encoded]
		switch {
		case !known:
			at[r.encoded] = len(kept)
			kept = append(kept, r)
		case r.Version > kept[i].Version:
			kept[i] = r
		}
	}
	return kept
}

func (b *Board[M]) apply(ctx context.Context, rows []row[M], score func(row[M]) string) (applied int, err error) {
	if err := contextError(ctx); err != nil {
		return 0, err
	}
	names := []string{
		b.keys.board, b.keys.mark, b.keys.versions, b.keys.older,
		b.keys.fresh, b.keys.freshVersions, b.keys.trimmed,
	}
	for rows = latest(rows); len(rows) > 0; {
		part := rows[:min(len(rows), chunk)]
		rows = rows[len(part):]
		args := make([]any, 0, 4+3*len(part))
		args = append(args, b.cfg.retain, b.cfg.n, b.cfg.ttl(), step())
		for _, r := range part {
			args = append(args, r.encoded, score(r), strconv.FormatInt(r.Version, 10))
		}
		n, err := applyScript.Run(ctx, b.rdb, names, args...).Int()
		if err != nil {
			return applied, b.unanswered(ctx, "apply to", err)
		}
		applied += n
	}
	return applied, nil
}

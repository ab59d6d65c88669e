package topn

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// Rebuild fills the board from the [Source]: it asks for as many members as are
// retained, builds a board of them beside the old one, which stays in use
// meanwhile, and puts it in its place. Members that the Source left out are gone.
// Load and Run rebuild a board that Redis doesn't hold; call it yourself when the
// database was changed without an event.
//
// On an [Absolute] board no write is lost: what is applied meanwhile goes to both,
// and the newer version wins, also over the Source, so that a replica that lags
// does no harm, but for a row that it doesn't have yet: its member is gone until the
// row changes again, or a rebuild finds it. After the database was set back to older versions, [Board.Drop]
// the board first. A [Counter] board counts what is added from the moment on that
// Redis hears of the Source's answer, a round trip after it; of what was added sooner
// it has what the Source saw. So an event that is in the database when the Source
// reads, but is added after that moment, counts twice; and one that isn't, but is
// added before, is lost.
//
// One process at a time rebuilds a board: Rebuild holds a lease in Redis, which it
// renews until it returns, and which ends by itself after 30 s if the process dies.
// Where another holds it, or Redis lost it or a part of what was built, the error
// wraps [ErrRebuilding].
// Otherwise it wraps what Redis or the Source said, or ctx's cause; then the old
// board is still in its place. Redis is never blocked for longer than 1000 members
// take, some milliseconds, but on a Counter board for all that were incremented
// while the rows were sent.
func (b *Board[M]) Rebuild(ctx context.Context) error {
	if err := b.ready(ctx); err != nil {
		return err
	}
	if _, err := b.rebuild(ctx, always); err != nil {
		return err
	}
	err := b.read(ctx)
	if errors.Is(err, errLost) { // it was just there: the next Load or tick sees to it
		return nil
	}
	return err
}

const (
	leaseFor    = 30 * time.Second
	releaseTime = time.Second // for giving the lease back after ctx ended
)

// Which boards rebuild is for.
const (
	always = false
	ifLost = true // another process may have rebuilt it since it was seen to be lost
)

// rebuild also returns what the Source returned, ranked, and nil if it wasn't asked.
func (b *Board[M]) rebuild(ctx context.Context, onlyLost bool) ([]row[M], error) {
	h := hold{rdb: b.rdb, keys: b.keys, token: rand.Text(), mode: b.cfg.mode}
	there, err := h.begin(ctx, onlyLost)
	if err != nil && !errors.Is(err, ErrRebuilding) {
		h.release(ctx) // the answer may be all that was lost
	}
	if err != nil || there {
		return nil, b.halted(ctx, err)
	}
	built := false
	defer func() { // also when the Source panics
		if !built {
			h.release(ctx)
		}
	}()
	rows, err := b.renewing(ctx, &h)
	if err != nil {
		return rows, b.halted(ctx, err)
	}
	built = true
	b.counts.rebuilds.Add(1)
	return rows, nil
}

// renewing builds the board while the lease is renewed.
func (b *Board[M]) renewing(ctx context.Context, h *hold) ([]row[M], error) {
	stop := h.renew(ctx)
	defer stop()
	return b.build(ctx, h)
}

// halted says whose rebuild it was, unless the Source's error says so.
func (b *Board[M]) halted(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, errSource) {
		return err
	}
	return b.unanswered(ctx, "rebuild", err)
}

func (b *Board[M]) build(ctx context.Context, h *hold) ([]row[M], error) {
	es, err := b.query(ctx, b.cfg.retain)
	if err != nil {
		return nil, err
	}
	// Before anything else: what is added to a Counter board from here on is
	// noted, and what was added sooner only counts if the Source saw it.
	noted := h.note(ctx)
	rows, err := b.ranked(es)
	if err = cmp.Or(err, noted); err != nil {
		return rows, err
	}
	kept, lowest := b.keep(rows)
	for part := range slices.Chunk(kept, chunk) {
		if err := h.send(ctx, b.args(part)); err != nil {
			return rows, err
		}
	}
	// Far from 0 at either end, so that it neither looks like one that was counted
	// up from nothing nor runs out.
	seed := mathrand.Int64N(1<<52) + 1<<32
	args := []any{seed, b.cfg.ttl(), b.cfg.retain, b.cfg.n, lowest}
	if b.cfg.mode == Counter {
		args = []any{seed, b.cfg.ttl(), formatScore(max(b.cfg.floor, -maxScore))}
	}
	return rows, h.finish(ctx, args)
}

// keep returns the rows to put into Redis, and the score that those left out are
// at most, "" if the Source has no others.
func (b *Board[M]) keep(rows []row[M]) (kept []row[M], lowest string) {
	if b.cfg.mode == Counter || len(rows) < b.cfg.retain {
		return rows, ""
	}
	kept = rows[:b.cfg.retain]
	return kept, formatScore(kept[len(kept)-1].Score)
}

// args are the rows as the script of the mode takes them.
func (b *Board[M]) args(rows []row[M]) []any {
	args := make([]any, 0, 3*len(rows))
	for _, r := range rows {
		args = append(args, r.encoded, formatScore(r.Score))
		if b.cfg.mode == Absolute {
			args = append(args, r.Version)
		}
	}
	return args
}

// A hold is the right to rebuild a board.
type hold struct {
	rdb   redis.UniversalClient
	keys  keys
	token string
	mode  Mode
}

// begin takes the lease, or reports that the board is there already. From now on
// writes to an Absolute board are noted.
func (h *hold) begin(ctx context.Context, onlyLost bool) (there bool, err error) {
	names := append(h.keys.build(), h.keys.board, h.keys.mark)
	said, err := beginScript.Run(ctx, h.rdb, names, h.token, leaseFor.Milliseconds(), h.mode == Absolute, onlyLost).Int()
	if err == nil && said == 0 {
		err = ErrRebuilding
	}
	return said == 2, err
}

// note has what is added to a Counter board noted from now on. An Absolute board's
// writes are since begin.
func (h *hold) note(ctx context.Context) error {
	if h.mode != Counter {
		return nil
	}
	return h.run(ctx, noteScript, h.keys.build(), h.token, leaseFor.Milliseconds())
}

// send adds rows to what is being built.
func (h *hold) send(ctx context.Context, rows []any) error {
	names := append(h.keys.build(), h.keys.board, h.keys.versions, h.keys.older)
	return h.run(ctx, rowsScripts[h.mode], names, append([]any{h.token, leaseFor.Milliseconds()}, rows...)...)
}

// finish puts what was built in its place, and gives the lease back.
func (h *hold) finish(ctx context.Context, args []any) error {
	names := append(h.keys.build(), h.keys.board, h.keys.mark, h.keys.versions, h.keys.older, h.keys.trimmed)
	return h.run(ctx, finishScripts[h.mode], names, append([]any{h.token}, args...)...)
}

// run runs a script that answers 0 where the lease isn't ours.
func (h *hold) run(ctx context.Context, s *redis.Script, names []string, args ...any) error {
	ours, err := s.Run(ctx, h.rdb, names, args...).Int()
	if err == nil && ours == 0 {
		return ErrRebuilding
	}
	return err
}

// renew renews the lease until the returned function is called, which waits until
// it has stopped. A renewal that fails is left to the next, and in the end to
// finish, which needs the lease.
func (h *hold) renew(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(leaseFor / 3)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				_ = h.run(ctx, keepScript, h.keys.build(), h.token, leaseFor.Milliseconds())
			}
		}
	}()
	return func() { cancel(); <-done }
}

// release gives the lease back, also after ctx ended. If that fails too, the lease
// ends by itself.
func (h *hold) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	_ = releaseScript.Run(ctx, h.rdb, h.keys.build(), h.token).Err()
}

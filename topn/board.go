package topn

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// A Board is one leaderboard. It is safe for concurrent use.
type Board[M comparable] struct {
	rdb    redis.UniversalClient
	codec  Codec[M]
	source Source[M]
	cfg    config
	name   string
}

const maxScore = 1 << 53

var errUnbuilt = errors.New("topn: not built yet")

// New returns the board named key in the Redis of c. It sends nothing and starts
// nothing. The error wraps [ErrInput] and joins all that is wrong with the
// arguments.
func New[M comparable](c redis.UniversalClient, key string, codec Codec[M], source Source[M], opts ...Option) (*Board[M], error) {
	cfg := newConfig(opts)
	err := cfg.validate()
	if cfg.boards {
		err = errors.Join(err, fmt.Errorf("%w: WithCapacity(%d): only NewBoards has one", ErrInput, cfg.capacity))
	}
	if err := errors.Join(checkBoard(c, key, codec == nil, source == nil), err); err != nil {
		return nil, err
	}
	return newBoard(c, key, codec, source, &cfg), nil
}

func checkBoard(c redis.UniversalClient, key string, noCodec, noSource bool) error {
	var errs []error
	if c == nil {
		errs = append(errs, fmt.Errorf("%w: the client is nil", ErrInput))
	}
	if noCodec {
		errs = append(errs, fmt.Errorf("%w: the codec is nil", ErrInput))
	}
	if noSource {
		errs = append(errs, fmt.Errorf("%w: the source is nil", ErrInput))
	}
	return errors.Join(append(errs, checkKey(key))...)
}

func checkKey(key string) error {
	if key == "" || strings.ContainsAny(key, "{}") {
		return fmt.Errorf("%w: the key is %q: want a name without braces", ErrInput, key)
	}
	return nil
}

// newBoard is New for arguments that were checked; see Boards.
func newBoard[M comparable](c redis.UniversalClient, key string, codec Codec[M], source Source[M], cfg *config) *Board[M] {
	return &Board[M]{rdb: c, codec: codec, source: source, cfg: *cfg, name: key}
}

// Run keeps the snapshot fresh until ctx is done, and then returns nil.
func (b *Board[M]) Run(ctx context.Context) error { return errUnbuilt }

// Top returns the first n places of the snapshot.
func (b *Board[M]) Top(n int) []Item[M] { return nil }

// Snapshot returns the snapshot.
func (b *Board[M]) Snapshot() Snapshot[M] { return Snapshot[M]{} }

// Load returns the first n places, read from Redis or the Source while cold.
func (b *Board[M]) Load(ctx context.Context, n int) (Snapshot[M], error) {
	return Snapshot[M]{}, errUnbuilt
}

// Incr adds delta to the score of m.
func (b *Board[M]) Incr(ctx context.Context, m M, delta float64) error { return errUnbuilt }

// IncrBatch adds each delta to the score of its member.
func (b *Board[M]) IncrBatch(ctx context.Context, deltas map[M]float64, p *Position) error {
	if p != nil {
		if err := p.validate(); err != nil {
			return err
		}
	}
	return errUnbuilt
}

// Watermark returns the last offset of stream that was applied.
func (b *Board[M]) Watermark(ctx context.Context, stream string) (mark int64, ok bool, err error) {
	return 0, false, errUnbuilt
}

// Apply sets scores, the newer version wins.
func (b *Board[M]) Apply(ctx context.Context, es ...Entry[M]) (applied int, err error) {
	return 0, errUnbuilt
}

// Mark tells every process that the board has changed.
func (b *Board[M]) Mark(ctx context.Context) error { return errUnbuilt }

// Rebuild fills the board from the Source.
func (b *Board[M]) Rebuild(ctx context.Context) error { return errUnbuilt }

package ratelimit

import (
	"context"
	"fmt"
	"hash/maphash"
	"strings"
)

// Local is a [Limiter] in this process's memory: for a program of one process,
// for tests, and for [FailLocal]. Several processes each have limits of their
// own.
//
// Times are exact to the nanosecond and monotonic: a step of the wall clock
// changes nothing. Windows are aligned to Unix time as it was when the limiter
// was made, so that those of [PerDay] begin at midnight UTC.
//
// Its memory follows the live keys, those whose hits still count: calls remove
// what is as good as new as they go, and no live key is ever given up. There is
// no goroutine and nothing to close; a limiter that nobody calls keeps what it
// has. Under one limit a key takes about 36 bytes with [GCRA] and [FixedWindow],
// 48 with [SlidingCounter], and with [SlidingLog] 60 and 8 to 16 per hit in the
// window; a limiter without keys takes 33 kB. Keys are kept as hashes of 96 bits
// under random seeds.
//
// An answer takes 100 to 200 ns, with SlidingLog and many keys up to 600, and
// allocates nothing, whether it admits or refuses, but for what new keys and
// longer logs need; under SlidingLog it is O(log N), and n hits at once O(n). Now
// and then one moves its 256th part of the keys to a larger or smaller table. It is safe
// for concurrent use; calls for keys of different 256th parts don't wait for each
// other.
type Local struct {
	shards    [numShards]shard // first, where they are aligned
	algorithm Algorithm
	method    method
	plan      *localPlan
	clock     clock
	seeds     [2]maphash.Seed
}

// numShards is a power of 2.
const numShards = 256

var _ Limiter = (*Local)(nil)

// NewLocal returns a limiter without hits. A key must have room under each of
// limits, 1 to 8 of them, which are copied. The error joins all that is wrong
// with the arguments, each an [ErrInput]; options that are for [NewRedis] are
// wrong.
func NewLocal(a Algorithm, limits []Limit, opts ...Option) (*Local, error) {
	if err := checkLocal(a, limits, newConfig(opts)); err != nil {
		return nil, err
	}
	l := &Local{
		algorithm: a,
		method:    methodOf(a),
		clock:     newClock(),
		seeds:     [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
	}
	l.plan = newPlan(l, arranged(limits))
	for i := range l.shards {
		l.shards[i].method = l.method
	}
	return l, nil
}

func checkLocal(a Algorithm, limits []Limit, cfg config) error {
	err := joinErrors(checkLimits(a, limits), cfg.missing)
	if len(cfg.set) > 0 {
		err = joinErrors(err, fmt.Errorf("%w: NewLocal with %s: for NewRedis only", ErrInput, strings.Join(cfg.set, ", ")))
	}
	return err
}

// id returns what stands for key.
func (l *Local) id(key string) id {
	return newID(maphash.String(l.seeds[0], key), maphash.String(l.seeds[1], key))
}

func newID(a, b uint64) id { return id{max(a, 1), uint32(b)} }

func (l *Local) shard(k id) *shard { return &l.shards[k.a%numShards] }

// A mode is what a call does with what it finds.
type mode uint8

const (
	whole mode = iota
	atMost
	peek
)

// Allow implements [Limiter].
func (l *Local) Allow(ctx context.Context, key string) (Result, error) {
	return l.ask(ctx, key, 1, whole)
}

// AllowN implements [Limiter].
func (l *Local) AllowN(ctx context.Context, key string, n int) (Result, error) {
	return l.ask(ctx, key, n, whole)
}

// AllowAtMost implements [Limiter].
func (l *Local) AllowAtMost(ctx context.Context, key string, n int) (Result, error) {
	return l.ask(ctx, key, n, atMost)
}

// Peek implements [Limiter].
func (l *Local) Peek(ctx context.Context, key string) (Result, error) {
	return l.ask(ctx, key, 1, peek)
}

// Reset implements [Limiter]. It doesn't reach the keys of AllowAll.
func (l *Local) Reset(ctx context.Context, key string) error {
	if err := checkCall(ctx, key, 1); err != nil {
		return err
	}
	k := l.id(key)
	s := l.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.tick(l.clock.now())
	s.sweep(now)
	s.remove(l.plan, k)
	return nil
}

func (l *Local) ask(ctx context.Context, key string, n int, m mode) (res Result, err error) {
	if err := checkCall(ctx, key, n); err != nil {
		return Result{}, err
	}
	k := l.id(key)
	s := l.shard(k)
	s.mu.Lock()
	now := s.tick(l.clock.now())
	s.sweep(now)
	s.ask(l.plan, k, now, int64(n), m, &res)
	s.mu.Unlock()
	return res, nil
}

// ask answers a call for n hits.
func (s *shard) ask(p *localPlan, k id, now, n int64, m mode, res *Result) {
	r, has := s.table(p).find(k)
	room, least := p.room(s.method, s, r, now)
	fits := min(n, room)
	if m == whole && fits < n {
		fits = 0
	}
	if fits > 0 && m != peek {
		r, res.Receipt.local = s.take(p, k, r, has, now, fits)
		room -= fits
	}
	res.Allowed = int(fits)
	s.look(p, r, now, room, n-fits, least, res)
}

// LocalStats is a snapshot of a [Local].
type LocalStats struct {
	Keys  int   // that it holds: the live ones, and those that aren't removed yet
	Bytes int64 // that their tables and logs take
}

// Stats returns a snapshot. It looks at each part of the keys in turn, and
// removes nothing.
func (l *Local) Stats() (st LocalStats) {
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		for j := range s.tables {
			st.Keys += s.tables[j].n
			st.Bytes += int64(len(s.tables[j].array)) * 8
		}
		st.Bytes += s.logs.bytes()
		s.mu.Unlock()
	}
	return st
}

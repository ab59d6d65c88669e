package ranking_test

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/article"
	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
	"github.com/ycvk/tinybook/examples/tinybook/internal/ranking"
)

// A shelf is a database with articles in memory.
type shelf struct {
	mu    sync.Mutex
	rows  map[int64]*row
	err   error         // of every query, while it is away
	asked chan struct{} // if not nil: told of each query for titles, after it has read
	hold  chan struct{} // if not nil: that query is answered after one comes
}

type row struct {
	title          string
	likes, version int64
	listed         bool
}

// set changes an article, in a new version, and returns the event of that.
func (s *shelf) set(id int64, change func(r *row)) interactive.Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows == nil {
		s.rows = map[int64]*row{}
	}
	if s.rows[id] == nil {
		s.rows[id] = &row{listed: true, title: "title of " + strconv.FormatInt(id, 10)}
	}
	r := s.rows[id]
	change(r)
	r.version++
	return interactive.Change{ID: id, Likes: r.likes, Listed: r.listed, Version: r.version}
}

func (s *shelf) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// Top implements article.Ranking.
func (s *shelf) Top(_ context.Context, n int) ([]article.Ranked, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []article.Ranked
	for id, r := range s.rows {
		if r.listed && r.likes > 0 {
			all = append(all, article.Ranked{Card: article.Card{ID: id}, Likes: r.likes, Version: r.version})
		}
	}
	slices.SortFunc(all, func(a, b article.Ranked) int {
		return cmp.Or(cmp.Compare(b.Likes, a.Likes), cmp.Compare(b.ID, a.ID))
	})
	return all[:min(n, len(all))], s.err
}

// Cards implements article.Ranking.
func (s *shelf) Cards(_ context.Context, ids []int64) ([]article.Card, error) {
	cards, err := s.cards(ids)
	if s.asked != nil {
		s.asked <- struct{}{}
		<-s.hold
	}
	return cards, err
}

func (s *shelf) cards(ids []int64) (all []article.Card, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if r := s.rows[id]; r != nil && r.listed {
			all = append(all, article.Card{ID: id, Title: r.title, AuthorID: 7, AuthorName: "somebody"})
		}
	}
	return all, s.err
}

// want returns what a ranking must have.
func (s *shelf) want(t *testing.T) []ranking.Item {
	t.Helper()
	top, err := s.Top(t.Context(), ranking.MaxPlaces)
	require.NoError(t, err)
	items := []ranking.Item{}
	for i, a := range top {
		items = append(items, ranking.Item{
			Rank: i + 1, ID: a.ID, Title: s.rows[a.ID].title, AuthorID: 7, AuthorName: "somebody", LikeCount: a.Likes,
		})
	}
	return items
}

// A topic is a Kafka topic with one partition and one group, in memory.
type topic struct {
	more   chan struct{} // has one when there may be a message
	mu     sync.Mutex
	log    []kafka.Message
	next   int
	closed bool
}

func newTopic() *topic { return &topic{more: make(chan struct{}, 1)} }

func (p *topic) write(t *testing.T, changes ...interactive.Change) {
	t.Helper()
	for _, c := range changes {
		value, err := json.Marshal(c)
		require.NoError(t, err)
		p.add(value)
	}
}

func (p *topic) add(value []byte) {
	p.mu.Lock()
	p.log = append(p.log, kafka.Message{Topic: interactive.ChangeTopic, Offset: int64(len(p.log)), Value: value})
	p.mu.Unlock()
	p.tell()
}

// rewind lets the messages from an offset on come again.
func (p *topic) rewind(to int) {
	p.mu.Lock()
	p.next = min(to, p.next)
	p.mu.Unlock()
	p.tell()
}

func (p *topic) tell() {
	select {
	case p.more <- struct{}{}:
	default:
	}
}

// FetchMessage implements interactive.Reader.
func (p *topic) FetchMessage(ctx context.Context) (kafka.Message, error) {
	for {
		p.mu.Lock()
		if p.next < len(p.log) {
			m := p.log[p.next]
			p.next++
			p.mu.Unlock()
			return m, nil
		}
		p.mu.Unlock()
		select {
		case <-p.more:
		case <-ctx.Done():
			return kafka.Message{}, ctx.Err()
		}
	}
}

// CommitMessages implements interactive.Reader.
func (p *topic) CommitMessages(context.Context, ...kafka.Message) error { return nil }

// Close implements interactive.Reader.
func (p *topic) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return io.ErrClosedPipe
	}
	p.closed = true
	return nil
}

// run runs something until the end of the test, or until stop is called.
func run(t *testing.T, f func(ctx context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// newNode returns the ranking of a node on a Redis and a database.
func newNode(t *testing.T, rdb redis.UniversalClient, db article.Ranking) *ranking.Ranking {
	t.Helper()
	board, err := ranking.NewBoard(rdb, db, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return ranking.New(board, db, slog.New(slog.DiscardHandler))
}

// newFeeder returns a feeder from p to the board in a Redis.
func newFeeder(t *testing.T, rdb redis.UniversalClient, db article.Ranking, p *topic, log *slog.Logger) *ranking.Feeder {
	t.Helper()
	board, err := ranking.NewBoard(rdb, db, log)
	require.NoError(t, err)
	return ranking.NewFeeder(board, func() interactive.Reader { return p }, log)
}

func top(t *testing.T, r *ranking.Ranking, n int) ranking.Places {
	t.Helper()
	p, err := r.Top(t.Context(), n)
	require.NoError(t, err)
	return p
}

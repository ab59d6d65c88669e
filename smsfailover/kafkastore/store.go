package kafkastore

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/ycvk/tinybook/smsfailover"
)

// A Store is a [smsfailover.Store] on Kafka. Any process may use it; those that
// claim must have [Store.Run] running. See the package documentation for what it
// promises with an index and without.
//
// It is safe for concurrent use, and starts no goroutine but those of Run.
type Store struct {
	cfg    Config
	opts   options
	names  names
	index  smsfailover.Store // nil: none
	client *kafka.Client
	clock  clock
	graves graveyard

	running atomic.Bool
	wake    signal        // something may have come due
	room    signal        // a window has room again
	moves   signal        // the index has something to move
	moving  chan struct{} // held while jobs go from the index to Kafka

	mu       sync.Mutex
	own      *ownership        // nil between generations
	given    map[string]*given // claims that Enqueue was given, by token
	count    counters
	asked    time.Time // when the index was last asked for what is due
	onTheWay int       // jobs that go from the index to Kafka just now
}

var _ smsfailover.Store = (*Store)(nil)

// New returns a Store on the topics of cfg, which [Store.CreateTopics] creates. It
// connects to nothing.
//
// Without an index, nil, the Store has neither duplicates nor superseded messages:
// each that is stored is sent. With one it has both, as the index has them. The
// index holds every message as well, so it must be as durable as the queue shall
// be, and the same for all processes; it is the caller's, and nobody else claims
// from it. A queue can't change from one to the other while it has messages.
//
// The error joins all that is wrong with the arguments.
func New(cfg Config, index smsfailover.Store, opts ...Option) (*Store, error) {
	o := defaults()
	for _, opt := range opts {
		opt(&o)
	}
	if err := errors.Join(cfg.validate(), o.validate()); err != nil {
		return nil, err
	}
	s := &Store{
		cfg:    cfg,
		opts:   o,
		names:  newNames(cfg.Prefix, o.tiers, index != nil),
		index:  index,
		client: &kafka.Client{Addr: kafka.TCP(cfg.Brokers...), Transport: cfg.Transport},
		graves: newGraveyard(),
		wake:   newSignal(),
		room:   newSignal(),
		moves:  newSignal(),
		moving: make(chan struct{}, 1),
		given:  make(map[string]*given),
	}
	s.clock.init()
	return s, nil
}

// alive returns why ctx is done, if it is.
func alive(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

package interactive

import (
	"context"
	"log/slog"
	"time"

	"github.com/segmentio/kafka-go"
)

const (
	relayPoll  = 200 * time.Millisecond
	relayBatch = 500
)

// A Relay sends changes of likes to [ChangeTopic]. A thing whose change isn't
// known to be in the topic is marked in the database, in the transaction that
// changed it: no crash loses a change. Many changes of one thing between two looks
// go as one, and after a crash, or where several processes look at once, one may
// go twice; to a reader that goes by [Change.Version] all of that is the same.
type Relay struct {
	store *Store
	to    Writer
	log   *slog.Logger
}

// NewRelay returns a relay from store to the writer to. Both stay the caller's.
func NewRelay(store *Store, to Writer, log *slog.Logger) *Relay {
	return &Relay{store: store, to: to, log: log}
}

// Run sends changes, at most a fifth of a second after they were made, until ctx
// is done, and then returns nil. While the database or Kafka is away it tries
// again every second.
func (r *Relay) Run(ctx context.Context) error {
	again := &patience{log: r.log, what: "sending changes of likes"}
	tick := time.NewTicker(relayPoll)
	defer tick.Stop()
	for {
		if err := r.sendAll(ctx); err == nil {
			again.good()
		} else if !again.wait(ctx, err) {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// sendAll sends what was unsent when it came by, in the order of the ids, so that
// no thing waits for others that change all the time.
func (r *Relay) sendAll(ctx context.Context) error {
	var after int64
	for {
		changes, err := r.store.unsent(ctx, after, relayBatch)
		if err != nil || len(changes) == 0 {
			return err
		}
		if err := r.send(ctx, changes); err != nil {
			return err
		}
		if len(changes) < relayBatch {
			return nil
		}
		after = changes[len(changes)-1].ID
	}
}

func (r *Relay) send(ctx context.Context, changes []Change) error {
	messages := make([]kafka.Message, len(changes))
	for i, c := range changes {
		value, err := encode(c)
		if err != nil {
			return err
		}
		messages[i] = kafka.Message{Key: key(c.ID), Value: value}
	}
	// Where only some were written, all go again.
	if err := r.to.WriteMessages(ctx, messages...); err != nil {
		return err
	}
	return r.store.sent(ctx, changes)
}

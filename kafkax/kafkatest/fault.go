package kafkatest

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
)

// Always is a count without end.
const Always = -1

// A Fault says which requests are refused, and how. A field that is empty leaves
// the choice open; a request that has no topic isn't one of any topic, and the like.
type Fault struct {
	// Requests are the kinds of request; none means all kinds.
	Requests []Request
	// Topic and Partitions are those of which the broker says Err; the rest of the
	// same request is answered as ever.
	Topic      string
	Partitions []int
	// Group is the consumer group.
	Group string
	// Brokers are the ids of the brokers that refuse.
	Brokers []int
	// Err is what they say, and mustn't be 0. They refuse before they act, but for
	// kafka.RequestTimedOut and, of Produce, kafka.NotEnoughReplicasAfterAppend,
	// where they act and then say it, as Kafka does.
	Err kafka.Error
	// Whole has them put the error on the answer as a whole, where Kafka's has a
	// place for one, and not on topics, partitions or groups, of which it names none.
	Whole bool
	// Count is how many requests are refused, at least 1, or [Always].
	Count int
}

// Fault has the brokers refuse requests from now on. It holds until Count requests
// have met it, [Trouble.Remove] or [Broker.Stop]. Of two faults the older one
// comes first. It returns what is bad about f, or [ErrStopped].
func (b *Broker) Fault(f Fault) (*Trouble, error) {
	if err := f.validate(b.cfg.brokers); err != nil {
		return nil, err
	}
	var r *refusal
	err := b.ask(func(c *kfake.Cluster) error {
		r = newRefusal(f.Count, c.Fault(kfake.Fault{
			Keys:       keysOf(f.Requests),
			Nodes:      narrow(f.Brokers),
			Topic:      f.Topic,
			Partitions: narrow(f.Partitions),
			Group:      f.Group,
			TopLevel:   f.Whole,
			Err:        kerr.TypedErrorForCode(int16(f.Err)),
			Count:      f.Count,
		}))
		b.troubles.add(r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &Trouble{r}, nil
}

func (f Fault) validate(brokers int) error {
	var errs []error
	bad := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf("kafkatest: Fault: "+format, args...))
		}
	}
	for _, r := range f.Requests {
		bad(!knownRequest(r), "Requests: %d: no such request", r)
	}
	for _, p := range f.Partitions {
		bad(!validID(p), "Partitions: %d: want 0 to %d", p, math.MaxInt32)
	}
	for _, id := range f.Brokers {
		bad(id < 0 || id >= brokers, "Brokers: %d: want 0 to %d", id, brokers-1)
	}
	bad(!knownError(f.Err), "Err: %d: want an error of Kafka's", int(f.Err))
	bad(f.Whole && (f.Topic != "" || f.Partitions != nil || f.Group != ""),
		"Whole: it excludes Topic, Partitions and Group")
	bad(f.Count < 1 && f.Count != Always, "Count: %d: want at least 1, or Always", f.Count)
	return errors.Join(errs...)
}

// knownError leaves out 0, which says that nothing is wrong.
func knownError(e kafka.Error) bool {
	return e == kafka.Unknown || e != 0 && kerr.TypedErrorForCode(int16(e)) != kerr.UnknownServerError
}

// narrow keeps nil, which means all.
func narrow(ids []int) []int32 {
	var out []int32
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		out = append(out, int32(id))
	}
	return out
}

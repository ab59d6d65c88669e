package kafkatest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// Delay has the brokers wait for d, more than 0, before they see to each of these
// requests; none means all. Other requests on the same connection wait behind, as
// Kafka's protocol wants it. It holds until [Trouble.Remove] or [Broker.Stop], with
// which those that wait are lost. Delays of the same request add up. Delay returns
// what is bad about its arguments, or [ErrStopped].
func (b *Broker) Delay(d time.Duration, requests ...Request) (*Trouble, error) {
	if d <= 0 {
		return nil, fmt.Errorf("kafkatest: Delay: %v: want more than 0", d)
	}
	return b.hinder("Delay", Always, requests, func(gone, closed <-chan struct{}) error {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-gone:
		case <-closed:
		}
		return nil
	})
}

// Hold has the brokers keep these requests, and see to them only after
// [Trouble.Remove], though their clients have given up by then; none means all.
// [Broker.Stop] ends it, and they are lost. Hold returns what is bad about its
// arguments, or [ErrStopped].
func (b *Broker) Hold(requests ...Request) (*Trouble, error) {
	return b.hinder("Hold", Always, requests, func(gone, closed <-chan struct{}) error {
		select {
		case <-gone:
		case <-closed:
		}
		return nil
	})
}

// Drop has the brokers close the connection of each of the next n of these requests,
// and do nothing about the request; no requests means all, and n may be [Always].
// Drop returns what is bad about its arguments, or [ErrStopped].
func (b *Broker) Drop(n int, requests ...Request) (*Trouble, error) {
	if n < 1 && n != Always {
		return nil, fmt.Errorf("kafkatest: Drop: %d: want at least 1, or Always", n)
	}
	return b.hinder("Drop", n, requests, func(_, _ <-chan struct{}) error { return errDropped })
}

var errDropped = errors.New("kafkatest: dropped by a test")

// An obstacle is met by requests before the cluster sees them: on their
// connections, and not in a control function of the cluster's, which can't tell a
// stop from a removal, and of which only one may sleep for a request.
type obstacle struct {
	*meter
	requests []Request // none means all
	// hinder returns when the request may go on, or why it doesn't.
	hinder func(gone, closed <-chan struct{}) error
}

// meet has a request of a connection meet it, unless it has ended.
func (o *obstacle) meet(closed <-chan struct{}) error {
	if !o.hit() {
		return nil
	}
	return o.hinder(o.gone, closed)
}

func (o *obstacle) isFor(r Request) bool {
	return len(o.requests) == 0 || slices.Contains(o.requests, r)
}

func (b *Broker) hinder(name string, n int, requests []Request, hinder func(gone, closed <-chan struct{}) error) (*Trouble, error) {
	for _, r := range requests {
		if !knownRequest(r) {
			return nil, fmt.Errorf("kafkatest: %s: %d: no such request", name, r)
		}
	}
	o := &obstacle{newMeter(n), slices.Clone(requests), hinder}
	err := b.ask(func(*kfake.Cluster) error {
		b.troubles.add(o)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &Trouble{o}, nil
}

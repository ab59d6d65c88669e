package kafkatest

import (
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Delay has the brokers wait for d, more than 0, before they see to each of these
// requests; none means all. Other requests on the same connection wait behind, as
// Kafka's protocol wants it. It holds until [Trouble.Remove] or [Broker.Stop].
// Delay returns what is bad about its arguments, or [ErrStopped].
func (b *Broker) Delay(d time.Duration, requests ...Request) (*Trouble, error) {
	if d <= 0 {
		return nil, fmt.Errorf("kafkatest: Delay: %v: want more than 0", d)
	}
	return b.control("Delay", requests, func(c *kfake.Cluster, m *meter) answer {
		m.hit()
		c.SleepControl(func() {
			timer := time.NewTimer(d)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-m.gone:
			}
		})
		return asEver
	})
}

// Hold has the brokers keep these requests, and see to them only after
// [Trouble.Remove]; none means all. [Broker.Stop] ends it, and they are lost. Hold
// returns what is bad about its arguments, or [ErrStopped].
func (b *Broker) Hold(requests ...Request) (*Trouble, error) {
	return b.control("Hold", requests, func(c *kfake.Cluster, m *meter) answer {
		m.hit()
		c.SleepControl(func() { <-m.gone })
		return asEver
	})
}

// Drop has the brokers close the connection of each of the next n of these requests,
// and do nothing about the request; no requests means all, and n may be [Always].
// Drop returns what is bad about its arguments, or [ErrStopped].
func (b *Broker) Drop(n int, requests ...Request) (*Trouble, error) {
	if n < 1 && n != Always {
		return nil, fmt.Errorf("kafkatest: Drop: %d: want at least 1, or Always", n)
	}
	return b.control("Drop", requests, func(_ *kfake.Cluster, m *meter) answer {
		if m.hit() == n {
			m.Remove()
		}
		return hangUp
	})
}

type answer uint8

const (
	asEver answer = iota
	hangUp
)

var errDropped = errors.New("dropped by a test")

// control has meet see each request before the cluster does. It runs on the
// cluster's goroutine, which sees to nothing else meanwhile, but in SleepControl.
func (b *Broker) control(name string, requests []Request, meet func(*kfake.Cluster, *meter) answer) (*Trouble, error) {
	for _, r := range requests {
		if !knownRequest(r) {
			return nil, fmt.Errorf("kafkatest: %s: %d: no such request", name, r)
		}
	}
	m := newMeter()
	var t *Trouble
	err := b.ask(func(c *kfake.Cluster) error {
		t = b.troubles.add(m)
		for _, key := range controlKeys(requests) {
			c.ControlKey(key, func(kmsg.Request) (kmsg.Response, error, bool) {
				if m.removed() {
					c.DropControl()
					return nil, nil, false
				}
				c.KeepControl()
				if meet(c, m) == hangUp {
					return nil, errDropped, true
				}
				return nil, nil, false
			})
		}
		return nil
	})
	return t, err
}

func controlKeys(requests []Request) []int16 {
	if len(requests) == 0 {
		return []int16{-1}
	}
	keys := make([]int16, len(requests))
	for i, r := range requests {
		keys[i] = int16(r)
	}
	return keys
}

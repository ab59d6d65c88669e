package kafkastore

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Option sets up a [Store].
type Option func(*options)

type options struct {
	tiers     []time.Duration // ascending
	window    int
	session   time.Duration
	heartbeat time.Duration
	rebalance time.Duration
	rejoin    time.Duration
	timeout   time.Duration
	retention time.Duration
	hold      time.Duration
	poll      time.Duration
	report    func(error)
}

func defaults() options {
	return options{
		tiers:     []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute},
		window:    1000,
		session:   15 * time.Second,
		heartbeat: 3 * time.Second,
		rebalance: 30 * time.Second,
		rejoin:    time.Second,
		timeout:   10 * time.Second,
		retention: 7 * 24 * time.Hour,
		hold:      5 * time.Minute,
		poll:      200 * time.Millisecond,
		report:    func(error) {},
	}
}

// WithTiers sets the delays of the retry topics, ascending and of whole
// milliseconds. The default is 5s, 30s, 2m and 10m. All processes have the same.
// A Store with an index has none.
func WithTiers(delays ...time.Duration) Option {
	return func(o *options) { o.tiers = slices.Clone(delays) }
}

// WithWindow sets how far reading a partition may run ahead of its first message
// that isn't finished: 1 to 1500 messages, 1000 by default. Priority counts, and
// newer messages are found, within it. The limit is what fits into the metadata
// of one committed offset. With an index half as many messages, for each of
// Config.Partitions, go to Kafka; more of a backlog stays in the index.
func WithWindow(n int) Option { return func(o *options) { o.window = n } }

// WithSession sets after how long without a heartbeat a process counts as dead, and
// how often it sends one: 15s and 3s by default. What a dead process had in hand
// is sent by others then. Brokers have bounds for it, 6s to 30m by default.
func WithSession(timeout, heartbeat time.Duration) Option {
	return func(o *options) { o.session, o.heartbeat = timeout, heartbeat }
}

// WithRebalance sets how long the group waits for its members when one comes or
// goes, and how long a process waits before it tries to join again after an error:
// 30s and 1s by default.
func WithRebalance(timeout, rejoin time.Duration) Option {
	return func(o *options) { o.rebalance, o.rejoin = timeout, rejoin }
}

// WithTimeout bounds each call's work in Kafka, retries included: 10s by default.
func WithTimeout(d time.Duration) Option { return func(o *options) { o.timeout = d } }

// WithRetention sets how long [Store.CreateTopics] has brokers keep records: a week
// by default. It counts from the last attempt: messages that no process reads for
// that long are deleted by the brokers, and lost if there is no index. Dead letters
// stay.
func WithRetention(d time.Duration) Option { return func(o *options) { o.retention = d } }

// WithHold sets how long the index holds a message for Kafka: 5m by default. When a
// process died after it had claimed a message in the index, and before that was in
// Kafka, it takes so long until another one sends it. The process that has read a
// message prolongs that; one that lies in Kafka unread for longer, since none runs, is
// written there again, which counts as a claim. It has no meaning without an index.
func WithHold(d time.Duration) Option { return func(o *options) { o.hold = d } }

// WithPoll sets how often, at most, [Store.Claim] asks the index for messages that
// came due, when it has too few: every 200ms by default. It has no meaning without an
// index.
func WithPoll(d time.Duration) Option { return func(o *options) { o.poll = d } }

// WithErrors has f told of what [Store.Run] met and survives: brokers that don't
// answer, records that can't be read ([ErrRecord]) or are gone ([ErrDeleted]). It
// is called from several goroutines, and holds them up. No error has a number or
// an argument of a message in it.
func WithErrors(f func(error)) Option { return func(o *options) { o.report = f } }

func (o *options) validate() error {
	errs := []error{o.validateTiers()}
	for _, d := range []struct {
		name  string
		value time.Duration
		least time.Duration
	}{
		{"WithSession: timeout", o.session, 10 * time.Millisecond},
		{"WithSession: heartbeat", o.heartbeat, time.Millisecond},
		{"WithRebalance: timeout", o.rebalance, 10 * time.Millisecond},
		{"WithRebalance: rejoin", o.rejoin, time.Millisecond},
		{"WithTimeout", o.timeout, time.Millisecond},
		{"WithRetention", o.retention, time.Minute},
		{"WithHold", o.hold, 10 * time.Millisecond},
		{"WithPoll", o.poll, time.Millisecond},
	} {
		if d.value < d.least {
			errs = append(errs, fmt.Errorf("kafkastore: %s is %v, want at least %v", d.name, d.value, d.least))
		}
	}
	if o.heartbeat > o.session/2 {
		errs = append(errs, fmt.Errorf("kafkastore: WithSession: heartbeat is %v, want at most half of %v", o.heartbeat, o.session))
	}
	if o.window < 1 || o.window > maxWindow {
		errs = append(errs, fmt.Errorf("kafkastore: WithWindow is %d, want 1 to %d", o.window, maxWindow))
	}
	if o.report == nil {
		errs = append(errs, errors.New("kafkastore: WithErrors is nil"))
	}
	return errors.Join(errs...)
}

const maxTiers = 16

func (o *options) validateTiers() error {
	if n := len(o.tiers); n < 1 || n > maxTiers {
		return fmt.Errorf("kafkastore: WithTiers has %d delays, want 1 to %d", n, maxTiers)
	}
	last := time.Duration(0)
	for _, d := range o.tiers {
		if d <= last || d%time.Millisecond != 0 {
			return fmt.Errorf("kafkastore: WithTiers is %v, want ascending delays of whole milliseconds", o.tiers)
		}
		last = d
	}
	return nil
}

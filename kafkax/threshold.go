package kafkax

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Thresholds says when the alerts of [WriteAlertRules] and [WriteGrafanaAlerts]
// fire. Start from [DefaultThresholds]. A zero turns the alerts off that it is
// for, except in Window and For. An alert fires above its threshold, not at it,
// unless the field says otherwise.
type Thresholds struct {
	// FailureRatio is the share of messages that a writer failed to deliver or
	// turned down, of all that it was given for a topic: 0.01 is one in a hundred.
	FailureRatio float64
	// Failures is how many such messages in Window are too many, this number
	// included: 1 is every loss.
	Failures int64
	// AttemptErrorRatio is the share of a writer's attempts to send a batch that fail,
	// whether a later one succeeds or not. It needs no more than a
	// [WriterCollector]; the other alerts of writers need [Metrics.Writer].
	AttemptErrorRatio float64
	// DeliveryP99 is how long the slowest hundredth of a writer's messages may take
	// from WriteMessages to the broker's answer.
	DeliveryP99 time.Duration
	// MessageBytes is how large the largest hundredth of a topic's messages may be.
	MessageBytes int64
	// InFlight is how many messages may wait for an answer in a writer, in all
	// processes together, while their number still grows.
	InFlight int64
	// NoSuccess is how long a writer that has something to send may go without any
	// success.
	NoSuccess time.Duration

	// ProcessingFailureRatio is the share of messages that a handler failed on, of
	// all that it handled.
	ProcessingFailureRatio float64
	// EndToEndP99 is how old the oldest hundredth of a topic's messages may be once
	// they are handled.
	EndToEndP99 time.Duration
	// CommitFailures is how many failed commits in Window are too many, this number
	// included.
	CommitFailures int64
	// Stuck is how long a reader may hold messages of a partition that it has not
	// committed, without a commit that moves on.
	Stuck time.Duration

	// LagAge is how long the oldest message that a group has not read may wait.
	LagAge time.Duration
	// LagMessages is how many messages of a topic a group may have unread.
	LagMessages int64
	// PollAge is how old the last successful poll of a [LagCollector] may be, or
	// how long there may be none at all: without it no other alert about a group
	// can fire. Set it to zero where no LagCollector runs.
	PollAge time.Duration

	// Window is what rates, counts and quantiles are taken over: at least four
	// scrape intervals, and a millisecond or more.
	Window time.Duration
	// For is how long a condition must hold before its alert fires; zero fires at
	// once. The alerts that count in Window, and the one for messages that a group
	// lost, never wait: by then it would be over.
	For time.Duration
}

// DefaultThresholds returns thresholds for a service that people wait for, scraped
// every minute or more often. Lag in messages depends on the traffic: see that
// LagMessages fits yours. Those of quantiles are bounds of the default buckets,
// where the quantile of a classic histogram is exact; in between it is estimated.
func DefaultThresholds() Thresholds {
	return Thresholds{
		FailureRatio:      0.01,
		Failures:          1,
		AttemptErrorRatio: 0.1,
		DeliveryP99:       2500 * time.Millisecond, // kafka-go waits up to a second for a batch by default
		MessageBytes:      256 << 10,               // a quarter of what a broker takes by default
		InFlight:          10_000,
		NoSuccess:         5 * time.Minute,

		ProcessingFailureRatio: 0.01,
		EndToEndP99:            30 * time.Second,
		CommitFailures:         1,
		Stuck:                  10 * time.Minute,

		LagAge:      5 * time.Minute,
		LagMessages: 100_000,
		PollAge:     5 * time.Minute,

		Window: 5 * time.Minute,
		For:    5 * time.Minute,
	}
}

// validate returns every field that makes no sense, in one error.
func (t Thresholds) validate() error {
	var errs []error
	refuse := func(bad bool, field string, value any, want string) {
		if bad {
			errs = append(errs, invalid("Thresholds.%s is %v: want %s", field, value, want))
		}
	}
	ratio := func(field string, v float64) {
		refuse(!(v >= 0 && v < 1), field, v, "0 for off, or a share below 1") // a NaN is refused too
	}
	count := func(field string, v int64) { refuse(v < 0, field, v, "0 for off, or more") }
	age := func(field string, d time.Duration) {
		refuse(d != 0 && d < time.Millisecond, field, d, "0 for off, or a millisecond and more")
		refuse(d > maxPromDuration, field, d, wantShort)
	}

	ratio("FailureRatio", t.FailureRatio)
	count("Failures", t.Failures)
	ratio("AttemptErrorRatio", t.AttemptErrorRatio)
	age("DeliveryP99", t.DeliveryP99)
	count("MessageBytes", t.MessageBytes)
	count("InFlight", t.InFlight)
	age("NoSuccess", t.NoSuccess)
	ratio("ProcessingFailureRatio", t.ProcessingFailureRatio)
	age("EndToEndP99", t.EndToEndP99)
	count("CommitFailures", t.CommitFailures)
	age("Stuck", t.Stuck)
	age("LagAge", t.LagAge)
	count("LagMessages", t.LagMessages)
	age("PollAge", t.PollAge)
	refuse(t.Window < time.Millisecond, "Window", t.Window, "a millisecond or more")
	refuse(t.Window > maxPromDuration, "Window", t.Window, wantShort)
	refuse(t.For != 0 && t.For < time.Millisecond, "For", t.For, "0 for at once, or a millisecond and more")
	refuse(t.For > maxPromDuration, "For", t.For, wantShort)
	return errors.Join(errs...)
}

// maxPromDuration is the longest that Prometheus takes: it reads milliseconds, and
// keeps nanoseconds.
const (
	maxPromDuration time.Duration = math.MaxInt64 / 1_000_000 * 1_000_000
	wantShort                     = "292 years at most"
)

// promDuration writes d as PromQL and rule files want it, in whole milliseconds.
func promDuration(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}} {
		if d >= unit.size && d%unit.size == 0 {
			return fmt.Sprintf("%d%s", d/unit.size, unit.name)
		}
	}
	ms := d / time.Millisecond
	if d%time.Millisecond > 0 {
		ms++
	}
	return fmt.Sprintf("%dms", ms)
}

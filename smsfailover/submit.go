package smsfailover

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Submit takes messages, and returns one [Receipt] for each, in order, also
// with an error: those that were not accepted are [Rejected] then, and the others
// are as safe as without one. A nil error means that all were accepted: each is
// delivered, or stored, or was there.
//
// A message goes straight to the provider if it has no IdemKey and the queue is
// empty, as far as is known; see [WithPoll]. If the limiter, the monitor or the
// provider says no it is stored then. With an IdemKey, or while anything is
// queued, it is stored first, under a lease of [WithWorkers], and then tried: a
// crash at any moment loses nothing, and no older message to the same number can
// follow it. One that takes the place of an older one ([Superseded]) is left to
// the workers. Messages of one template to one number go one at a time, in the
// order of the calls.
//
// Once the provider is called, the end of ctx doesn't stop it: Submit returns what
// came of it. Before, the end of ctx is returned with its cause, and nothing was
// accepted that isn't in the store. Apart from that the errors wrap [ErrInput]
// (one message is not valid, and none was accepted), [ErrPermanent], [ErrNever],
// [ErrExpired], [ErrQueueFull], or what the store said: then the messages that
// needed it were not accepted, although one may have been stored if its answer
// was lost. They tell no number and no args. Over several messages the error says
// how many of how many were not accepted.
//
// One that was stored first, and then Rejected as it will never be taken or let go,
// is among the dead letters. Its IdemKey is used up, as is that of one that had
// expired: a second message with that key is a [Duplicate], and no error.
//
// Submit sends up to as many messages at once as [WithWorkers] says, and may take
// the time of [WithSendTimeout] for each. It keeps ms no longer than it runs. The
// store takes one call for each 1000 that must wait or are stored first, one more
// for each of the latter, and one for the depth of the queue per poll.
func (f *Failover) Submit(ctx context.Context, ms ...Message) ([]Receipt, error) {
	entries, err := newEntries(ms)
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		for i := range entries {
			entries[i].reject(err)
		}
		return f.receipts(entries, err)
	}
	for rest := entries; len(rest) > 0; {
		wave := firstWave(rest)
		f.submitWave(ctx, wave)
		rest = rest[len(wave):]
	}
	return f.receipts(entries, failure(entries))
}

// An entry is a message on its way through Submit.
type entry struct {
	m        Message
	at       int // its place in the call
	wave     int // how many before it have its lane
	settled  bool
	stored   bool
	ref      Ref       // of the claim, when stored
	until    time.Time // when that claim ends
	look     int       // of the gauge
	receipt  Receipt
	err      error  // why it was rejected
	rest     result // why it has to be queued, when not settled
	attempts int    // that failed
}

func (e *entry) reject(err error) { e.settle(Rejected); e.err = err }

func (e *entry) settle(o Outcome) {
	e.settled = true
	e.receipt = Receipt{ID: e.m.ID, Outcome: o}
}

// newEntries copies ms and names those without an ID. Messages of one lane are
// put into different waves.
func newEntries(ms []Message) ([]entry, error) {
	entries := make([]entry, len(ms))
	var errs []error
	for i, m := range ms {
		if m.ID == "" {
			m.ID = newID()
		}
		entries[i] = entry{m: m, at: i}
		if err := m.Validate(); err != nil && len(errs) < maxReasons {
			errs = append(errs, fmt.Errorf("message %d of %d: %w", i+1, len(ms), err))
		}
	}
	if len(errs) > 0 {
		return entries, errors.Join(errs...)
	}
	if len(ms) > 1 {
		intoWaves(entries)
	}
	return entries, nil
}

func intoWaves(entries []entry) {
	seen := make(map[lane]int, len(entries))
	for i := range entries {
		k := entries[i].m.lane()
		entries[i].wave = seen[k]
		seen[k]++
	}
	if len(seen) < len(entries) {
		slices.SortStableFunc(entries, func(a, b entry) int { return a.wave - b.wave })
	}
}

func firstWave(entries []entry) []entry {
	n := 1
	for n < len(entries) && entries[n].wave == entries[0].wave {
		n++
	}
	return entries[:n]
}

// receipts puts the receipts into the order of the call, and counts them.
func (f *Failover) receipts(entries []entry, err error) ([]Receipt, error) {
	out := make([]Receipt, len(entries))
	for i := range entries {
		e := &entries[i]
		out[e.at] = e.receipt
		f.countOutcome(e.receipt.Outcome)
	}
	return out, err
}

func (f *Failover) countOutcome(o Outcome) {
	switch o {
	case Delivered:
		f.count.direct.Add(1)
	case Queued:
		f.count.queued.Add(1)
	case Duplicate:
		f.count.duplicates.Add(1)
	case Superseded:
		f.count.superseded.Add(1)
	case Rejected:
		f.count.rejected.Add(1)
	}
}

const maxReasons = 8 // that an error of many messages lists

// failure returns what Submit says of the entries that were rejected.
func failure(entries []entry) error {
	if len(entries) == 1 {
		return entries[0].err
	}
	var errs []error
	var seen []string
	failed := 0
	for i := range entries {
		err := entries[i].err
		if err == nil {
			continue
		}
		failed++
		if text := err.Error(); len(seen) < maxReasons && !slices.Contains(seen, text) {
			seen, errs = append(seen, text), append(errs, err)
		}
	}
	if failed == 0 {
		return nil
	}
	return fmt.Errorf("smsfailover: %d of %d messages were not accepted: %w", failed, len(entries), errors.Join(errs...))
}

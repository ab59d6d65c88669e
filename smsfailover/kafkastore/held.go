package kafkastore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// With an index, a message that is due is claimed there, under a token that its
// copy in Kafka carries: the index holds it for Kafka. Everything else is
// unclaimed there, and waits.

// enqueueHeld stores jobs in the index, and tells of what that changed.
func (s *Store) enqueueHeld(ctx context.Context, jobs []smsfailover.Job) ([]smsfailover.Outcome, error) {
	if given := givenKeys(jobs, time.Now()); len(given) > 0 {
		// What lies in Kafka unclaimed looks claimed to the index: the caller's
		// claim would have to wait for it.
		defer s.yield(ctx, given)()
	}
	outcomes, err := s.index.Enqueue(ctx, jobs...)
	if err != nil {
		return nil, fmt.Errorf("kafkastore: index: %w", err)
	}
	// They are stored: what follows must not depend on the caller's patience, and
	// is no failure of the call.
	if err := s.follow(context.WithoutCancel(ctx), jobs, outcomes); err != nil {
		s.opts.report(err)
	}
	return outcomes, nil
}

// givenKeys returns the keys of jobs that come with a claim.
func givenKeys(jobs []smsfailover.Job, now time.Time) (keys []key) {
	for i := range jobs {
		if j := &jobs[i]; j.Token != "" && j.LeaseUntil.After(now) {
			keys = append(keys, keyOf(j.TplID, j.To))
		}
	}
	return keys
}

// follow tells of what the index took: those who own the partitions, that copies
// there may be out of date, and one that moves messages, that there are some.
func (s *Store) follow(ctx context.Context, jobs []smsfailover.Job, outcomes []smsfailover.Outcome) error {
	now := time.Now() // all that these jobs changed was stored before
	var changed, stored []int
	for i, o := range outcomes {
		if o != smsfailover.Queued {
			changed = append(changed, i)
		}
		if o != smsfailover.Duplicate {
			stored = append(stored, i)
		}
	}
	var news batchesOf
	if len(stored) > 0 && !s.movesHere() {
		news.add(s.changedAt(&jobs[stored[0]]), outgoing{key: []byte("look")})
	}
	if len(changed) > 0 {
		if err := s.setClock(ctx); err != nil {
			return err // without their times changes are worth nothing
		}
	}
	for _, i := range changed {
		news.add(s.changeOf(&jobs[i], outcomes[i], now))
	}
	return s.produce(ctx, news.all, again) // they may come twice
}

// movesHere has this process look at the index, if it is one of those that do.
func (s *Store) movesHere() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.own == nil || len(s.own.parts) == 0 {
		return false
	}
	s.moves.send()
	return true
}

// write writes copies of jobs that the index holds. The index gets back those of
// which it isn't sure that they are there: if they are, nobody will have them.
func (s *Store) write(ctx context.Context, held []smsfailover.Job) error {
	var groups batchesOf
	batches := make([]*batch, len(held))
	now := time.Now()
	for i := range held {
		j := &held[i]
		r := &record{job: *j, lineage: newLineage(), hold: j.Token, written: now}
		r.job.Token, r.job.LeaseUntil = "", time.Time{}
		k := keyOf(j.TplID, j.To)
		at := place{s.names.ready[band(j.Priority)], k.partition(s.cfg.Partitions)}
		batches[i] = groups.add(at, outgoing{key: k.text(), value: r.encode(&s.clock)})
	}
	err := s.produce(ctx, groups.all, briefly)
	s.wrote(groups.all)
	var back []smsfailover.Ref
	for i, b := range batches {
		if b.err != nil {
			back = append(back, held[i].Ref())
		}
	}
	if len(back) == 0 {
		return err
	}
	ctx, cancel := s.detached(ctx) // time may be up
	defer cancel()
	return errors.Join(err, unlessLost(s.index.Release(ctx, writePause, back...)))
}

// writePause is how long what Kafka didn't take waits in the index: a partition
// without a leader must not hold up the others.
const writePause = time.Second

// unlessLost returns err, but nil for a LostError: what others have is in hand.
func unlessLost(err error) error {
	if err == nil || errors.Is(err, smsfailover.ErrLost) {
		return nil
	}
	return fmt.Errorf("kafkastore: index: %w", err)
}

// soon has the index looked at: something may be ready there.
func (s *Store) soon(yes bool) {
	if yes {
		s.moves.send()
	}
}

// touchedLately reports whether a newer message may wait for the end of a claim.
func (s *Store) touchedLately() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.own != nil && len(s.own.touch.changes) > 0
}

// ofIndex returns err as one of this package; a LostError is the index's.
func ofIndex(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*smsfailover.LostError](err); ok {
		return err
	}
	return fmt.Errorf("kafkastore: index: %w", err)
}

// depthHeld counts what the index has. What lies in Kafka unclaimed is Leased to the
// index, and Ready to all others.
func (s *Store) depthHeld(ctx context.Context, here smsfailover.Depth) (smsfailover.Depth, error) {
	d, err := s.index.Depth(ctx)
	if err != nil {
		return smsfailover.Depth{}, fmt.Errorf("kafkastore: index: %w", err)
	}
	unclaimed := min(here.Ready, d.Leased)
	d.Ready += unclaimed
	d.Leased -= unclaimed
	return d, nil
}

package kafkastore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// Enqueue implements [smsfailover.Store].
//
// Without an index every job is Queued. The jobs of one call are one batch in one
// partition, so that all are there or none, and it fails if they are larger than
// the topic's max.message.bytes. When it fails for want of an answer, they may be
// there.
//
// With an index, that decides, and an error is the index's. What it took is
// stored: should Kafka not answer then, Enqueue returns nil all the same, and
// the messages go to Kafka when it does. A process without [Store.Run] leaves it to
// the others to bring them there.
func (s *Store) Enqueue(ctx context.Context, jobs ...smsfailover.Job) ([]smsfailover.Outcome, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	if s.index != nil {
		return s.enqueueHeld(ctx, jobs)
	}
	for i := range jobs {
		if err := storable(&jobs[i]); err != nil {
			return nil, fmt.Errorf("kafkastore: job %d of %d: %w", i+1, len(jobs), err)
		}
	}
	if len(jobs) == 0 {
		return nil, nil
	}
	if err := s.setClock(ctx); err != nil {
		return nil, err
	}
	b, claims := s.batchFor(jobs, time.Now())
	if err := s.produce(ctx, []*batch{b}, again); err != nil {
		return nil, err
	}
	s.remember(claims)
	s.wrote([]*batch{b})
	return slices.Repeat([]smsfailover.Outcome{smsfailover.Queued}, len(jobs)), nil
}

func storable(j *smsfailover.Job) error {
	if j.ID == "" {
		return fmt.Errorf("%w: Message.ID is empty", smsfailover.ErrInput)
	}
	return j.Validate()
}

// batchFor returns the one batch that jobs become, and the claims that came with
// them. One whose jobs don't all belong into one topic goes to the ready topic:
// whoever reads it moves on what has to wait.
func (s *Store) batchFor(jobs []smsfailover.Job, now time.Time) (*batch, []*given) {
	number := keyOf(jobs[0].TplID, jobs[0].To).partition(s.cfg.Partitions)
	b := &batch{partition: number}
	var claims []*given
	for i := range jobs {
		r := newRecord(&jobs[i], now)
		if topic := s.topicFor(r.job.Priority, r.job.Due.Sub(now)); b.topic == "" || b.topic == topic {
			b.topic = topic
		} else {
			b.topic = s.names.ready[band(0)]
		}
		b.records = append(b.records, outgoing{
			key: keyOf(r.job.TplID, r.job.To).text(), value: r.encode(&s.clock), enqueued: now,
		})
		if r.job.Token != "" {
			claims = append(claims, &given{rec: r, number: number, until: r.job.LeaseUntil})
		}
	}
	return b, claims
}

// newRecord returns the first copy of j.
func newRecord(j *smsfailover.Job, now time.Time) *record {
	r := &record{job: *j, lineage: newLineage(), written: now}
	r.job.Args = slices.Clone(j.Args)
	r.job.Enqueued = now
	if r.job.Due.Before(now) {
		r.job.Due = now
	}
	if r.job.Token == "" || !r.job.LeaseUntil.After(now) {
		r.job.Token, r.job.LeaseUntil = "", time.Time{}
	}
	return r
}

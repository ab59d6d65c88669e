package kafkastore

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// graveKey is the Kafka key of a dead letter, which a tombstone of the same key
// removes. It has the seq in it: a message that is redriven may be buried again before
// the tombstone of its first grave is written, which must leave the second one.
func graveKey(r *record) []byte {
	return hex.AppendEncode(nil, binary.BigEndian.AppendUint64([]byte(r.lineage), r.seq))
}

// Dead implements [smsfailover.Store]. Without an index it reads the whole topic of
// dead letters.
func (s *Store) Dead(ctx context.Context, f smsfailover.Filter) ([]smsfailover.Job, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	if s.index != nil {
		return s.index.Dead(ctx, f)
	}
	graves, err := s.dig(ctx, f)
	if err != nil {
		return nil, err
	}
	jobs := make([]smsfailover.Job, 0, len(graves))
	for _, g := range graves {
		jobs = append(jobs, g.rec.job)
	}
	return jobs, nil
}

// Redrive implements [smsfailover.Store]. Without an index, it writes messages to
// the ready topics and then removes them from that of the dead letters: a process
// that dies in between, or another that redrives at the same time, makes it
// possible that a message comes twice. It doesn't look for live messages of the same
// number and template then.
func (s *Store) Redrive(ctx context.Context, f smsfailover.Filter) (int, error) {
	if err := alive(ctx); err != nil {
		return 0, err
	}
	if s.index != nil {
		defer s.moves.send()
		return s.index.Redrive(ctx, f)
	}
	graves, err := s.dig(ctx, f)
	if err != nil || len(graves) == 0 {
		return 0, err
	}
	var lives, tombs batchesOf
	batches := make([]*batch, len(graves))
	now := time.Now()
	for i, g := range graves {
		batches[i] = lives.add(place{s.names.ready[band(g.rec.job.Priority)], g.number}, s.revived(g.rec, now))
	}
	err = s.produce(ctx, lives.all, again)
	s.wrote(lives.all)
	n := 0
	for i, g := range graves {
		if batches[i].err == nil {
			tombs.add(place{s.names.dead, g.number}, outgoing{key: graveKey(g.rec)})
			n++
		}
	}
	// What lives again should not be dead as well, even if the caller gives up.
	ctx, cancel := s.detached(ctx)
	defer cancel()
	return n, errors.Join(err, s.produce(ctx, tombs.all, again))
}

func (s *Store) revived(rec *record, now time.Time) outgoing {
	next := *rec
	next.job.Attempt, next.job.Claims, next.job.Prev, next.job.Due = 0, 0, 0, now
	renew(&next, now)
	return outgoing{key: keyOf(next.job.TplID, next.job.To).text(), value: next.encode(&s.clock), enqueued: next.job.Enqueued}
}

// A grave is a dead letter as it was found.
type grave struct {
	rec    *record
	number int // of its partition
}

// dig returns the dead letters that f chooses, those buried first first. What can't
// be read is left out, and reported.
func (s *Store) dig(ctx context.Context, f smsfailover.Filter) ([]grave, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	if err := s.setClock(ctx); err != nil {
		return nil, err
	}
	found := make(map[string]grave)
	from, err := s.ends(ctx, s.deadPlaces(), true)
	if err != nil {
		return nil, err
	}
	err = s.scan(ctx, from, func(at place, m *message) {
		if m.value == nil {
			delete(found, string(m.key))
			return
		}
		rec, err := decodeRecord(&s.clock, m.value)
		if err != nil {
			s.opts.report(fmt.Errorf("kafkastore: offset %d of partition %d of %q: %w", m.offset, at.partition, at.topic, err))
			return
		}
		if fits(&rec.job, f) {
			found[string(m.key)] = grave{rec, at.partition}
		}
	})
	if err != nil {
		return nil, err
	}
	return chosen(found, f.Limit), nil
}

func fits(j *smsfailover.Job, f smsfailover.Filter) bool {
	return (len(f.IDs) == 0 || slices.Contains(f.IDs, j.ID)) &&
		(f.TplID == "" || f.TplID == j.TplID) &&
		(f.Before.IsZero() || j.Due.Before(f.Before))
}

func chosen(found map[string]grave, limit int) []grave {
	all := make([]grave, 0, len(found))
	for _, g := range found {
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b grave) int {
		if d := a.rec.job.Due.Compare(b.rec.job.Due); d != 0 {
			return d
		}
		return strings.Compare(a.rec.lineage, b.rec.lineage)
	})
	if limit > 0 && limit < len(all) {
		all = all[:limit]
	}
	return all
}

func (s *Store) deadPlaces() []place {
	all := make([]place, s.cfg.Partitions)
	for i := range all {
		all[i] = place{s.names.dead, i}
	}
	return all
}

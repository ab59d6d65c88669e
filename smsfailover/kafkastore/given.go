package kafkastore

import (
	"context"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// A given is a claim that Enqueue was given: a job that was stored as claimed, by
// a caller that tries it first. Whoever owns its partition only comes to know of it
// by reading, and may be another process; so this one remembers it, and reports by
// a newer copy.
type given struct {
	rec    *record
	number int // of its partition
	until  time.Time
}

// remember keeps claims that were given. Those whose lease has ended are forgotten:
// others may have them.
func (s *Store) remember(list []*given) {
	if len(list) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for token, g := range s.given {
		if now.After(g.until) {
			delete(s.given, token)
		}
	}
	for _, g := range list {
		s.given[g.rec.job.Token] = g
	}
}

// givenMoves returns the moves of those refs that are such claims, which are
// forgotten until givenBack, and the other refs.
func (s *Store) givenMoves(refs []smsfailover.Ref, f func(g *given) *move) (lost []smsfailover.Ref, moves []*move) {
	for _, r := range refs {
		g := s.given[r.Token]
		if g == nil || g.rec.job.ID != r.ID || time.Now().After(g.until) {
			lost = append(lost, r)
			continue
		}
		delete(s.given, r.Token)
		moves = append(moves, f(g))
	}
	return lost, moves
}

// givenBack brings back the claim if its report failed.
func (s *Store) givenBack(g *given, ok bool) {
	if !ok {
		s.given[g.rec.job.Token] = g
	}
}

// settle returns the move that ends a message.
func (s *Store) settle(g *given, now time.Time) *move {
	next := *g.rec
	next.over = true
	next.job = smsfailover.Job{Message: smsfailover.Message{ID: next.job.ID, TplID: next.job.TplID, To: next.job.To}}
	renew(&next, now)
	return &move{given: g, next: &next, topic: s.names.ready[len(s.names.ready)-1], number: g.number}
}

// extendGiven prolongs such claims by newer copies, and returns the other refs.
func (s *Store) extendGiven(ctx context.Context, lease time.Duration, refs []smsfailover.Ref) ([]smsfailover.Ref, error) {
	s.mu.Lock()
	now := time.Now()
	o := s.own
	var longer []*given
	lost, moves := s.givenMoves(refs, func(g *given) *move {
		next := *g.rec
		token, until := next.job.Token, now.Add(lease)
		renew(&next, now)
		next.job.Token, next.job.LeaseUntil = token, until
		longer = append(longer, &given{rec: &next, number: g.number, until: until})
		return &move{given: g, next: &next, topic: s.names.ready[band(next.job.Priority)], number: g.number}
	})
	s.mu.Unlock()
	if err := s.rewrite(ctx, o, moves); err != nil {
		return nil, err
	}
	s.remember(longer)
	return lost, nil
}

package kafkastore

// Stats is a snapshot of a [Store] in this process.
type Stats struct {
	Generation int // of the group; 0: not a member
	Partitions int // that this process reads
	Buffered   int // messages read and not finished
	Leased     int // of those, claimed; also when the lease has ended
	// Since the Store was made:
	Generations uint64 // how often the group was joined
	Unreadable  uint64 // records that aren't of this package
	Hops        uint64 // from one tier to the next
	Moved       uint64 // messages that this process brought from the index to Kafka
	Stale       uint64 // copies that the index knew nothing of any more
}

type counters struct{ generations, unreadable, hops, moved, stale uint64 }

// Stats returns a snapshot. It asks nobody.
func (s *Store) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Stats{
		Generations: s.count.generations,
		Unreadable:  s.count.unreadable,
		Hops:        s.count.hops,
		Moved:       s.count.moved,
		Stale:       s.count.stale,
	}
	if o := s.own; o != nil {
		st.Generation, st.Partitions, st.Leased = o.generation, len(o.parts), o.leased
		for _, p := range o.parts {
			for _, m := range p.win.marks {
				if m != finished {
					st.Buffered++
				}
			}
		}
	}
	return st
}

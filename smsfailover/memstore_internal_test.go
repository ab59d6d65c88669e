package smsfailover

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func memJobs(n int, change func(i int, j *Job)) []Job {
	jobs := make([]Job, n)
	for i := range jobs {
		jobs[i].Message = Message{ID: fmt.Sprint("id-", i), TplID: "login", To: fmt.Sprint("to-", i), Args: []string{"1"}}
		if change != nil {
			change(i, &jobs[i])
		}
	}
	return jobs
}

func memRefs(jobs []Job) []Ref {
	refs := make([]Ref, len(jobs))
	for i, j := range jobs {
		refs[i] = j.Ref()
	}
	return refs
}

// sound checks that the parts of s say the same of every job.
func (s *MemStore) sound(t *testing.T, now time.Time) {
	t.Helper()
	live, dead, leased := 0, 0, 0
	for id, e := range s.jobs {
		require.Equal(t, id, e.job.ID)
		switch {
		case e.burial != nil:
			dead++
			require.Nil(t, e.queue)
			require.Empty(t, e.job.Token)
		case e.newer != nil:
			require.Nil(t, e.queue)
			require.NotEmpty(t, e.job.Token)
			require.Same(t, e, e.newer.older)
		default:
			live++
			require.Same(t, e, s.live[e.pair()])
			require.Same(t, e, e.queue.jobs[e.at])
			require.Same(t, e, s.age.jobs[e.ageAt])
			require.Equal(t, e.comesDue(), e.due)
			if e.queue != &s.later {
				require.Same(t, &s.ready[e.band()], e.queue)
				require.False(t, e.due.After(now), "a job is ready that isn't due")
			} else if e.job.Token != "" {
				leased++
			}
		}
	}
	require.Equal(t, leased, s.leased)
	require.Equal(t, dead, s.dead.Len())
	require.Len(t, s.live, live)
	require.Equal(t, live, s.age.Len())
	queued := s.later.Len()
	for i := range s.ready {
		queued += s.ready[i].Len()
	}
	require.Equal(t, live, queued)
}

// What storetest sees from outside is also sound within, after every call.
func TestMemStoreIsSound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		r := rand.New(rand.NewPCG(seed, 0))
		s, ctx := NewMemStore(), t.Context()
		var refs []Ref
		for n := range 3000 {
			lease := time.Duration(1 + r.IntN(100))
			ref := Ref{ID: "none"}
			if len(refs) > 0 {
				ref = refs[len(refs)-1-r.IntN(min(len(refs), 9))]
			}
			switch r.IntN(10) {
			case 0, 1, 2:
				_, err := s.Enqueue(ctx, Job{
					Message: Message{
						ID: fmt.Sprint(n), TplID: "login", To: fmt.Sprint(r.IntN(9)),
						Args: []string{fmt.Sprint(r.IntN(5))}, Priority: r.IntN(3) - 1,
					},
					Due: time.Now().Add(time.Duration(r.IntN(50))),
				})
				require.NoError(t, err)
			case 3, 4:
				jobs, err := s.Claim(ctx, "worker", 1+r.IntN(3), lease)
				require.NoError(t, err)
				refs = append(refs, memRefs(jobs)...)
			case 5:
				_ = s.Done(ctx, ref)
			case 6:
				_ = s.Retry(ctx, ref, lease, "why")
			case 7:
				_ = s.Release(ctx, lease, ref)
			case 8:
				_ = s.Bury(ctx, ref, "why")
				_, err := s.Redrive(ctx, Filter{Limit: r.IntN(3)})
				require.NoError(t, err)
			case 9:
				_, err := s.Extend(ctx, lease, ref)
				require.NoError(t, err)
				time.Sleep(time.Duration(r.IntN(60)))
			}
			s.sound(t, time.Now())
		}
	})
}

// Nothing stays of a job that is done but its IdemKey, and of that nothing once
// its time is up, though nobody sweeps.
func TestMemStoreIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 5000
		s, ctx := NewMemStore(), t.Context()
		for day := range 3 {
			for i := range n {
				id := fmt.Sprint(day, "-", i)
				_, err := s.Enqueue(ctx, Job{Message: Message{ID: id, TplID: "login", To: "1", IdemKey: id}})
				require.NoError(t, err)
				jobs, err := s.Claim(ctx, "worker", 1, time.Minute)
				require.NoError(t, err)
				require.NoError(t, s.Done(ctx, memRefs(jobs)...))
				require.LessOrEqual(t, len(s.idem.stored), n+1)
				require.LessOrEqual(t, len(s.idem.queue), 2*(n+1))
			}
			require.Empty(t, s.jobs)
			require.Empty(t, s.live)
			time.Sleep(IdemRetention)
		}
	})
}

// A queue that was long gives its memory back.
func TestMemStoreShrinks(t *testing.T) {
	const n = 20_000
	s, ctx := NewMemStore(), t.Context()
	_, err := s.Enqueue(ctx, memJobs(n, nil)...)
	require.NoError(t, err)
	jobs, err := s.Claim(ctx, "worker", n, time.Hour)
	require.NoError(t, err)
	require.NoError(t, s.Done(ctx, memRefs(jobs)...))
	for _, q := range []*memQueue{&s.age, &s.later, &s.ready[1]} {
		require.Zero(t, q.Len())
		require.LessOrEqual(t, cap(q.jobs), 64)
	}
}

// FuzzMemQueue compares the heap with a sorted slice: each byte adds a job that
// is due then, or takes one out.
func FuzzMemQueue(f *testing.F) {
	f.Add([]byte("the order of these"))
	f.Add([]byte{1, 255, 2, 255, 255, 3, 3, 3, 128, 129})
	f.Fuzz(func(t *testing.T, steps []byte) {
		q := memQueue{before: dueFirst, place: duePlace}
		var sorted []*memJob
		for i, b := range steps {
			if b < 128 {
				e := &memJob{due: time.Unix(int64(b), 0), seq: uint64(i)}
				heap.Push(&q, e)
				sorted = append(sorted, e)
				slices.SortFunc(sorted, func(a, b *memJob) int {
					if dueFirst(a, b) {
						return -1
					}
					return 1
				})
			} else if len(sorted) > 0 {
				at := int(b-128) % len(sorted)
				heap.Remove(&q, sorted[at].at)
				sorted = slices.Delete(sorted, at, at+1)
			}
			if len(q.jobs) != len(sorted) || len(sorted) > 0 && q.jobs[0] != sorted[0] {
				t.Fatalf("after %d steps the heap of %d has another first than the slice of %d", i+1, len(q.jobs), len(sorted))
			}
			for at, e := range q.jobs {
				if e.at != at {
					t.Fatalf("a job is at %d and says %d", at, e.at)
				}
			}
		}
	})
}

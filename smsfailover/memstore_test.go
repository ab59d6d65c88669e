package smsfailover_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// storetest tests MemStore from outside; see storetest/storetest_test.go. Trap
// smsfailover/3, /4 and /22 are there.

func ExampleMemStore() {
	ctx := context.Background()
	store := smsfailover.NewMemStore()
	job := smsfailover.Job{Message: smsfailover.Message{ID: "1", TplID: "login", To: "+8613800000000", Args: []string{"271828"}}}
	newer := job
	newer.ID, newer.Args = "2", []string{"314159"}
	out, err := store.Enqueue(ctx, job, job, newer)
	fmt.Println(out[0], out[1], out[2], err)

	jobs, err := store.Claim(ctx, "worker 1", 10, time.Minute)
	fmt.Println(len(jobs), jobs[0].ID, err)
	fmt.Println(store.Done(ctx, jobs[0].Ref()))
	fmt.Println(errors.Is(store.Done(ctx, jobs[0].Ref()), smsfailover.ErrLost))
	// Output:
	// queued duplicate superseded <nil>
	// 1 2 <nil>
	// <nil>
	// true
}

// backlog returns a store with n jobs, half of them delayed.
func backlog(b *testing.B, n int) *smsfailover.MemStore {
	b.Helper()
	s := smsfailover.NewMemStore()
	for i := range n {
		j := memJob(i)
		if i%2 == 0 {
			j.Due = time.Now().Add(time.Hour)
		}
		if _, err := s.Enqueue(b.Context(), j); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

func memJob(i int) smsfailover.Job {
	id := fmt.Sprint(i)
	return smsfailover.Job{Message: smsfailover.Message{ID: id, TplID: "login", To: id, Args: []string{"271828"}}}
}

// A claim of 100 that go back at once, from backlogs of growing depth: the cost of
// one job must grow with the logarithm.
func BenchmarkMemStoreClaimRelease(b *testing.B) {
	for _, n := range []int{1e3, 1e4, 1e5} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			s, ctx := backlog(b, n), b.Context()
			refs := make([]smsfailover.Ref, 0, 100)
			b.ReportAllocs()
			for b.Loop() {
				jobs, err := s.Claim(ctx, "worker", 100, time.Hour)
				if err != nil || len(jobs) != 100 {
					b.Fatalf("%d jobs, %v", len(jobs), err)
				}
				refs = refs[:0]
				for _, j := range jobs {
					refs = append(refs, j.Ref())
				}
				if err := s.Release(ctx, 0, refs...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/job")
		})
	}
}

// The whole way of a message, on top of a backlog.
func BenchmarkMemStoreEnqueueClaimDone(b *testing.B) {
	for _, n := range []int{0, 1e5} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			s, ctx := backlog(b, n), b.Context()
			i := n
			b.ReportAllocs()
			for b.Loop() {
				i++
				j := memJob(i)
				j.Priority = 1
				if _, err := s.Enqueue(ctx, j); err != nil {
					b.Fatal(err)
				}
				jobs, err := s.Claim(ctx, "worker", 1, time.Hour)
				if err != nil || len(jobs) != 1 {
					b.Fatalf("%d jobs, %v", len(jobs), err)
				}
				if err := s.Done(ctx, jobs[0].Ref()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkMemStoreDepth(b *testing.B) {
	for _, n := range []int{1e3, 1e5} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			s, ctx := backlog(b, n), b.Context()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Depth(ctx); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

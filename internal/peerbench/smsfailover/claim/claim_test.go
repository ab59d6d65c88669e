package claim_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/peerbench/smsfailover/claim"
	"github.com/ycvk/tinybook/internal/realserver"
)

var rounds = flag.Int("rounds", 1, "rounds of TestReport, which prints its table from 3 on")

const (
	batch = 100
	jobs  = 10_000 // of a round
)

// database makes an empty database and returns its address.
func database(t testing.TB, server *realserver.Server, name string) string {
	t.Helper()
	admin, err := pgx.Connect(t.Context(), address(server, "postgres"))
	require.NoError(t, err)
	_, err = admin.Exec(t.Context(), "CREATE DATABASE "+name)
	require.NoError(t, err)
	require.NoError(t, admin.Close(t.Context()))
	return address(server, name)
}

func address(server *realserver.Server, name string) string {
	return fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable", server.Addr(), name)
}

func open(t testing.TB, server *realserver.Server, impl claim.Impl, conns int) claim.Queue {
	t.Helper()
	dsn := database(t, server, fmt.Sprintf("%s%d", impl.Name, conns))
	q, err := impl.Open(t.Context(), dsn, conns)
	require.NoError(t, err)
	t.Cleanup(q.Close)
	return q
}

func refill(t testing.TB, q claim.Queue) {
	t.Helper()
	require.NoError(t, q.Clear(t.Context()))
	for first := 0; first < jobs; first += 1000 {
		require.NoError(t, q.Fill(t.Context(), first, 1000))
	}
}

// race claims all jobs by workers at once, and returns how long it took and how
// many were claimed twice.
func race(ctx context.Context, t testing.TB, q claim.Queue, workers int) (took time.Duration, twice int) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	seen := make(map[int]int)
	began := time.Now()
	for range workers {
		wg.Go(func() {
			for {
				got, err := q.Claim(ctx, batch)
				mu.Lock()
				if err != nil {
					t.Error(err)
				}
				for _, n := range got {
					seen[n]++
				}
				done := err != nil || len(seen) == jobs
				mu.Unlock()
				if done {
					return
				}
			}
		})
	}
	wg.Wait()
	took = time.Since(began)
	for _, n := range seen {
		twice += n - 1
	}
	return took, twice
}

// TestReport claims 10 000 jobs per round and queue, in turn: once by one worker,
// and once by eight. No job may come twice.
func TestReport(t *testing.T) {
	server := realserver.PostgreSQL(t, "-c", "shared_buffers=256MB", "-c", "autovacuum=off")
	impls := claim.Impls()
	alone := make([][]claim.Cost, len(impls))
	together := make([][]time.Duration, len(impls))
	twice := make([]int, len(impls))
	var one, eight []claim.Queue
	for _, impl := range impls {
		one = append(one, open(t, server, impl, 1))
		eight = append(eight, open(t, server, impl, 8))
	}
	for round := range *rounds {
		for turn := range impls {
			i := (round + turn) % len(impls) // who goes first changes
			refill(t, one[i])
			cost, err := claim.Measure(t.Context(), one[i], jobs, batch)
			require.NoError(t, err)
			alone[i] = append(alone[i], cost)

			refill(t, eight[i])
			took, doubles := race(t.Context(), t, eight[i], 8)
			together[i] = append(together[i], took)
			twice[i] += doubles
		}
	}
	require.Equal(t, make([]int, len(impls)), twice, "jobs that were claimed twice")
	if *rounds >= 3 {
		report(impls, alone, together)
	}
}

func report(impls []claim.Impl, alone [][]claim.Cost, together [][]time.Duration) {
	fmt.Printf("%s %s/%s, %d processors, %d rounds of %d jobs in turn, batches of %d; medians, and of the ratios\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), len(alone[0]), jobs, batch)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "case\t")
	for _, impl := range impls {
		fmt.Fprintf(w, "%s\t", impl.Name)
	}
	fmt.Fprintf(w, "throughput of %s / %s\tspread of it\t\n", impls[0].Name, impls[1].Name)
	line := func(name string, value func(i, round int) float64) {
		fmt.Fprintf(w, "%s\t", name)
		var ratios []float64
		for i := range impls {
			var all []float64
			for round := range alone[i] {
				all = append(all, value(i, round))
			}
			fmt.Fprintf(w, "%.0f\t", median(all))
		}
		for round := range alone[0] {
			ratios = append(ratios, value(1, round)/value(0, round))
		}
		slices.Sort(ratios)
		n := len(ratios)
		fmt.Fprintf(w, "%.2f\t%.2f to %.2f\t\n", median(ratios), ratios[n/4], ratios[n-1-n/4])
	}
	us := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
	line("us per claim, server's processor", func(i, r int) float64 { return us(alone[i][r].Server) })
	line("us per claim, client's processor", func(i, r int) float64 { return us(alone[i][r].Client) })
	line("us per claim, both", func(i, r int) float64 { return us(alone[i][r].Server + alone[i][r].Client) })
	line("us per claim, wall clock", func(i, r int) float64 { return us(alone[i][r].Wall) })
	line("us per 100 jobs, 8 workers, wall clock", func(i, r int) float64 { return us(together[i][r]) * batch / jobs })
	_ = w.Flush()
}

func median(v []float64) float64 {
	slices.SortFunc(v, cmp.Compare[float64])
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

func BenchmarkClaim(b *testing.B) {
	server := realserver.PostgreSQL(b)
	for _, impl := range claim.Impls() {
		b.Run(fmt.Sprintf("impl=%s/n=%d", impl.Name, batch), func(b *testing.B) {
			q := open(b, server, impl, 1)
			left := 0
			b.ReportAllocs()
			for b.Loop() {
				if left < batch {
					b.StopTimer()
					refill(b, q)
					left = jobs
					b.StartTimer()
				}
				got, err := q.Claim(b.Context(), batch)
				if err != nil || len(got) != batch {
					b.Fatalf("%d jobs, %v", len(got), err)
				}
				left -= len(got)
			}
		})
	}
}

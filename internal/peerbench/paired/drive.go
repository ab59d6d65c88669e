//go:build unix

package paired

import "sync"

// Drive calls f n times, from so many goroutines at once: f gets the number of the
// call, and goroutine g those from g*n/goroutines on.
func Drive(goroutines, n int, f func(g, i int)) {
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := g * n / goroutines; i < (g+1)*n/goroutines; i++ {
				f(g, i)
			}
		})
	}
	wg.Wait()
}

// Cost returns by how much the meter rises per call of f, once it has been called a
// few times.
func Cost(meter func() float64, goroutines, n int, f func(g, i int)) float64 {
	Drive(goroutines, 100*goroutines, f)
	start := meter()
	Drive(goroutines, n, f)
	return (meter() - start) / float64(n)
}

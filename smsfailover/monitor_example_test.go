package smsfailover_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// A monitor around a provider of one's own.
func ExampleNewErrorRateMonitor() {
	monitor, err := smsfailover.NewErrorRateMonitor(
		smsfailover.WithWindow(time.Minute),
		smsfailover.WithThreshold(0.2),
		smsfailover.WithMinSamples(5),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	call := func() error { return errors.New("no connection") }

	for i := range 7 {
		permit, ok := monitor.Acquire()
		if !ok {
			fmt.Println("send", i, "held back")
			continue
		}
		permit.Done(smsfailover.Classify(call()))
	}
	s := monitor.Snapshot()
	fmt.Println(s.State, s.Failed, "failed, rate", s.Rate)
	// Output:
	// send 5 held back
	// send 6 held back
	// open 5 failed, rate 1
}

// The way of the original TinyBook: record every result, and ask before a send.
func ExampleErrorRateMonitor_RecordResult() {
	monitor, err := smsfailover.NewErrorRateMonitor()
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range 20 {
		monitor.RecordResult(i%4 != 0)
	}
	fmt.Println("25 %:", monitor.CheckErrorRate())
	monitor.RecordResult(false)
	monitor.RecordResult(false)
	fmt.Println("32 %:", monitor.CheckErrorRate())
	// Output:
	// 25 %: false
	// 32 %: true
}

// An operator makes the monitor stricter while it runs.
func ExampleErrorRateMonitor_SetThreshold() {
	monitor, err := smsfailover.NewErrorRateMonitor(smsfailover.WithThreshold(0.5))
	if err != nil {
		fmt.Println(err)
		return
	}
	monitor.OnChange(func(c smsfailover.MonitorChange) {
		fmt.Printf("%v -> %v at %.0f %%\n", c.From, c.To, 100*c.Rate)
	})
	for i := range 20 {
		monitor.RecordResult(i%5 >= 2)
	}
	fmt.Println(monitor.SetThreshold(0.3))
	fmt.Println(monitor.SetThreshold(30))
	// Output:
	// closed -> open at 40 %
	// <nil>
	// smsfailover: invalid argument: SetThreshold(30): want above 0, up to 1
}

// Whoever works off a queue takes less while the provider struggles.
func ExampleErrorRateMonitor_Health() {
	monitor, err := smsfailover.NewErrorRateMonitor(smsfailover.WithThreshold(0.4))
	if err != nil {
		fmt.Println(err)
		return
	}
	const batch = 100
	for i := range 100 {
		monitor.RecordResult(i%5 != 0)
	}
	for range 4 {
		s := monitor.Snapshot()
		fmt.Printf("at %.0f %% errors claim %.0f of %d\n", 100*s.Rate, batch*s.Health, batch)
		for range 10 {
			monitor.RecordResult(false)
		}
	}
	// Output:
	// at 20 % errors claim 100 of 100
	// at 27 % errors claim 64 of 100
	// at 33 % errors claim 33 of 100
	// at 38 % errors claim 8 of 100
}

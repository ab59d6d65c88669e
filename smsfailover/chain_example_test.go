package smsfailover_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// A gateway is a provider's client.
type gateway struct {
	name string
	err  error
}

func (g *gateway) Send(_ context.Context, tplID string, _ []string, _ ...string) error {
	if g.err == nil {
		fmt.Println(g.name, "sends", tplID)
	}
	return g.err
}

// Two providers, the cheaper one first, each with a monitor of its own.
func ExampleNewChain() {
	cheap, dear := &gateway{name: "cheap"}, &gateway{name: "dear"}
	var providers []smsfailover.Provider
	for cost, g := range []*gateway{cheap, dear} {
		monitor, err := smsfailover.NewErrorRateMonitor()
		if err != nil {
			fmt.Println(err)
			return
		}
		providers = append(providers, smsfailover.Provider{
			Name: g.name, Service: g, Cost: cost, Monitor: monitor,
		})
	}
	chain, err := smsfailover.NewChain(providers...)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, args := context.Background(), []string{"271828"}

	fmt.Println(chain.Send(ctx, "login", args, "+8613800138000"))
	cheap.err = errors.New("503 for +8613800138000")
	fmt.Println(chain.Send(ctx, "login", args, "+8613800138000"))
	dear.err = &smsfailover.BusyError{After: time.Minute}
	fmt.Println(chain.Send(ctx, "login", args, "+8613800138000"))
	// Output:
	// cheap sends login
	// <nil>
	// dear sends login
	// <nil>
	// smsfailover: no provider took the message: cheap: transient: 503 for ***; dear: throttled: busy for 1m0s
}

// What an operations page shows.
func ExampleChain_Snapshot() {
	monitor, err := smsfailover.NewErrorRateMonitor()
	if err != nil {
		fmt.Println(err)
		return
	}
	chain, err := smsfailover.NewChain(
		smsfailover.Provider{Name: "a", Service: &gateway{err: errors.New("503")}, Monitor: monitor},
		smsfailover.Provider{Name: "b", Service: &gateway{name: "b"}},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		if err := chain.Send(context.Background(), "login", []string{"271828"}, "+8613800138000"); err != nil {
			fmt.Println(err)
		}
	}
	for _, p := range chain.Snapshot() {
		fmt.Println(p.Name, p.Monitor.State, "sent", p.Sent, "failed", p.Failed, "rate", p.Monitor.Rate)
	}
	// Output:
	// b sends login
	// b sends login
	// a closed sent 0 failed 2 rate 1
	// b closed sent 2 failed 0 rate 0
}

// Several numbers: the error says which of them to send again.
func ExampleNumbersError() {
	chain, err := smsfailover.NewChain(smsfailover.Provider{Name: "a", Service: onlyEven{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = chain.Send(context.Background(), "news", nil, "130", "131", "132", "133")
	if some, ok := errors.AsType[*smsfailover.NumbersError](err); ok {
		fmt.Println("send again:", some.Index)
	}
	// Output:
	// send again: [1 3]
}

type onlyEven struct{}

func (onlyEven) Send(_ context.Context, _ string, _ []string, numbers ...string) error {
	if n := numbers[0]; n[len(n)-1]%2 == 1 {
		return errors.New("out of order")
	}
	return nil
}

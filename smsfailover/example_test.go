package smsfailover_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// A console is a provider that can be broken.
type console struct{ broken bool }

func (c *console) Send(_ context.Context, tplID string, args []string, numbers ...string) error {
	if c.broken {
		return errors.New("connection refused")
	}
	fmt.Println("sent", tplID, args, "to", numbers)
	return nil
}

func Example() {
	provider := &console{broken: true}
	store := smsfailover.NewMemStore() // or sqlstore.New(db, dialect), which outlives the process
	monitor, err := smsfailover.NewErrorRateMonitor()
	if err != nil {
		panic(err)
	}
	delivered := make(chan struct{}, 1)
	sms, err := smsfailover.New(provider, store,
		smsfailover.WithMonitor(monitor),
		smsfailover.WithBackoff(smsfailover.FullJitter(10*time.Millisecond, time.Minute)),
		smsfailover.WithPoll(10*time.Millisecond),
		smsfailover.WithHooks(smsfailover.Hooks{
			OnQueued:    func(e smsfailover.Event) { fmt.Println("queued:", e.Cause) },
			OnDelivered: func(smsfailover.Event) { delivered <- struct{}{} },
		}))
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if err := sms.Send(ctx, "login", []string{"271828"}, "+8613800138000"); err != nil {
		panic(err) // neither delivered nor queued
	}

	provider.broken = false
	ended := make(chan error)
	go func() { ended <- sms.Run(ctx) }()
	<-delivered
	cancel()
	fmt.Println("stopped:", <-ended)
	// Output:
	// queued: connection refused
	// sent login [271828] to [+8613800138000]
	// stopped: <nil>
}

// Submit tells more than Send, and takes what a code needs: when it loses its
// worth, and a key under which it goes out once however often it is handed in.
func ExampleFailover_Submit() {
	sms, err := smsfailover.New(&console{}, smsfailover.NewMemStore())
	if err != nil {
		panic(err)
	}
	m := smsfailover.Message{
		TplID: "login", To: "+8613800138000", Args: []string{"271828"},
		IdemKey:  "login/42/7",
		NotAfter: time.Now().Add(10 * time.Minute), // when the code expires
	}
	for range 2 {
		receipts, err := sms.Submit(context.Background(), m)
		switch {
		case errors.Is(err, smsfailover.ErrQueueFull), errors.Is(err, smsfailover.ErrExpired):
			fmt.Println("try again later")
		case err != nil:
			fmt.Println("not accepted:", err)
		default:
			fmt.Println(receipts[0].Outcome)
		}
	}
	// Output:
	// sent login [271828] to [+8613800138000]
	// delivered
	// duplicate
}

// Messages whose attempts are spent are dead letters, until somebody mends what
// was wrong and sends them again.
func ExampleFailover_Redrive() {
	var mended atomic.Bool
	provider := serviceFunc(func(context.Context) error {
		if mended.Load() {
			return nil
		}
		return errors.New("connection refused")
	})
	dead, sent := make(chan string), make(chan string)
	sms, err := smsfailover.New(provider, smsfailover.NewMemStore(),
		smsfailover.WithMaxAttempts(2),
		smsfailover.WithBackoff(smsfailover.FullJitter(time.Millisecond, time.Millisecond)),
		smsfailover.WithHooks(smsfailover.Hooks{
			OnBuried:    func(e smsfailover.Event) { dead <- e.TplID },
			OnDelivered: func(e smsfailover.Event) { sent <- e.TplID },
		}))
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- sms.Run(ctx) }()
	if err := sms.Send(ctx, "login", []string{"271828"}, "+8613800138000"); err != nil {
		panic(err)
	}
	fmt.Println("dead:", <-dead)

	mended.Store(true)
	n, err := sms.Redrive(ctx, smsfailover.Filter{TplID: "login"})
	fmt.Println("redriven:", n, err)
	fmt.Println("delivered:", <-sent)
	cancel()
	fmt.Println("stopped:", <-ended)
	// Output:
	// dead: login
	// redriven: 1 <nil>
	// delivered: login
	// stopped: <nil>
}

// A provider that knows of idempotency gets a key that is the same at every try.
func ExampleIdemKeyFrom() {
	provider := serviceFunc(func(ctx context.Context) error {
		key, _ := smsfailover.IdemKeyFrom(ctx)
		fmt.Println("Idempotency-Key:", key)
		return nil
	})
	sms, err := smsfailover.New(provider, smsfailover.NewMemStore())
	if err != nil {
		panic(err)
	}
	if _, err := sms.Submit(context.Background(), smsfailover.Message{ID: "m1", TplID: "login", To: "+8613800138000"}); err != nil {
		panic(err)
	}
	// Output:
	// Idempotency-Key: m1
}

type serviceFunc func(ctx context.Context) error

func (f serviceFunc) Send(ctx context.Context, _ string, _ []string, _ ...string) error {
	return f(ctx)
}

// A provider's own errors are told apart by a classifier, which leaves the rest to
// the default one.
func ExampleWithClassifier() {
	errNoSuchTemplate := errors.New("isv.SMS_TEMPLATE_ILLEGAL")
	classify := func(err error) smsfailover.Class {
		if errors.Is(err, errNoSuchTemplate) {
			return smsfailover.Permanent
		}
		return smsfailover.Classify(err)
	}
	provider := serviceFunc(func(context.Context) error { return errNoSuchTemplate })
	sms, err := smsfailover.New(provider, smsfailover.NewMemStore(), smsfailover.WithClassifier(classify))
	if err != nil {
		panic(err)
	}
	err = sms.Send(context.Background(), "logni", nil, "+8613800138000")
	fmt.Println(errors.Is(err, smsfailover.ErrPermanent))
	// Output:
	// true
}

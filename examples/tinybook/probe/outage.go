package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// The account of operators in the default configuration.
var operator = fields{"email": "demo@tinybook.dev", "password": "tinybook2024"}

// arrival is how long a code may take from the end of an outage: a pause
// between two tries, which grows to 15 seconds, and then some.
const arrival = time.Minute

// state is what the probe reads of the answer of /ops/state.
type state struct {
	CanBreak bool `json:"canBreak"`
	Queue    struct {
		Ready, Delayed, Leased, Dead int
	} `json:"queue"`
	Providers []struct {
		Name string `json:"name"`
	} `json:"providers"`
}

func (s state) waiting() int { return s.Queue.Ready + s.Queue.Delayed + s.Queue.Leased }

// outage is the second story: an operator breaks every provider, a code is
// asked for, waits, and arrives once they are mended.
func (p *probe) outage(ctx context.Context, phone string) (err error) {
	if err := p.call(ctx, "GET", "/ops/state", nil, 403); err != nil { // it is signed in, but as anybody
		return err
	}
	if err := p.call(ctx, "POST", "/users/login", operator, 200); err != nil {
		return err
	}
	if err := p.limited(); err != nil {
		return err
	}
	before, err := p.state(ctx)
	if err != nil {
		return err
	}
	failed := p.suffer(ctx, before, true)
	if failed == nil {
		failed = p.askInVain(ctx, phone)
	}
	// Whatever came of it, the site is left as it was.
	if err := errors.Join(failed, p.suffer(context.WithoutCancel(ctx), before, false)); err != nil {
		return err
	}
	code, err := p.awaitCode(ctx, phone)
	if err != nil {
		return err
	}
	return p.call(ctx, "POST", "/users/login_sms", fields{"phone": phone, "code": code}, 200)
}

// limited checks that the last answer says how many requests are left.
func (p *probe) limited() error {
	limit, err1 := strconv.Atoi(p.header.Get("RateLimit-Limit"))
	left, err2 := strconv.Atoi(p.header.Get("RateLimit-Remaining"))
	if err := errors.Join(err1, err2); err != nil {
		return fmt.Errorf("headers of limits: %w", err)
	}
	if left < 0 || left >= limit {
		return fmt.Errorf("RateLimit-Remaining %d of RateLimit-Limit %d", left, limit)
	}
	fmt.Printf("%35s RateLimit-Remaining = %d of %d\n", "", left, limit)
	p.steps++
	return nil
}

func (p *probe) state(ctx context.Context) (state, error) {
	var s state
	if err := p.call(ctx, "GET", "/ops/state", nil, 200); err != nil {
		return s, err
	}
	if err := json.Unmarshal(p.data, &s); err != nil {
		return s, fmt.Errorf("/ops/state: %w", err)
	}
	if !s.CanBreak || len(s.Providers) < 2 {
		return s, fmt.Errorf("/ops/state: canBreak %t with %d providers, want two that can be broken", s.CanBreak, len(s.Providers))
	}
	return s, nil
}

func (p *probe) suffer(ctx context.Context, s state, down bool) error {
	var errs []error
	for _, provider := range s.Providers {
		errs = append(errs, p.call(ctx, "POST", "/ops/sms/fault", fields{"provider": provider.Name, "down": down}, 200))
	}
	return errors.Join(errs...)
}

// askInVain asks for a code that no provider takes, and sees it wait.
func (p *probe) askInVain(ctx context.Context, phone string) error {
	before, err := p.state(ctx)
	if err != nil {
		return err
	}
	if err := p.call(ctx, "POST", "/users/login_sms/code/send", fields{"phone": phone}, 200); err != nil {
		return err
	}
	after, err := p.state(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%35s waiting = %d\n", "", after.waiting())
	if after.waiting() != before.waiting()+1 {
		return fmt.Errorf("%d messages wait, want one more than %d", after.waiting(), before.waiting())
	}
	code, err := p.codeFor(ctx, phone)
	if err == nil && code != "" {
		err = errors.New("a provider that is down has sent a code")
	}
	return err
}

// awaitCode looks until the code for phone is there.
func (p *probe) awaitCode(ctx context.Context, phone string) (string, error) {
	began := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, arrival, fmt.Errorf("no code within %v after the providers were mended", arrival))
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		code, err := p.codeFor(ctx, phone)
		if err == nil && code != "" {
			fmt.Printf("%35s the code came after %v\n", "", time.Since(began).Round(100*time.Millisecond))
			p.steps++
			return code, nil
		}
		select {
		case <-ctx.Done():
			return "", errors.Join(context.Cause(ctx), err)
		case <-tick.C:
		}
	}
}

// codeFor returns the newest code that was sent to phone, or "" without one.
func (p *probe) codeFor(ctx context.Context, phone string) (string, error) {
	status, b, err := p.do(ctx, "GET", p.node+"/dev/sms", nil)
	if err != nil {
		return "", err
	}
	var a struct {
		Data []struct{ To, Code string } `json:"data"`
	}
	if err := json.Unmarshal(b, &a); err != nil || status != http.StatusOK {
		return "", errors.Join(fmt.Errorf("GET /dev/sms: %d", status), err)
	}
	for _, m := range a.Data {
		if m.To == "+86"+phone {
			return m.Code, nil
		}
	}
	return "", nil
}

// Command probe walks through a running TinyBook as a new user would, over
// HTTP, and prints each step with its status. It exits 1 at the first answer
// that is not the expected one.
//
//	go run ./examples/tinybook &
//	go run ./examples/tinybook/probe
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"time"
)

func main() {
	node := flag.String("url", "http://127.0.0.1:8081", "the node to talk to")
	other := flag.String("other", "http://127.0.0.1:8082", "a second node; empty when there is none")
	admin := flag.String("admin", "http://127.0.0.1:9081", "the node's admin address")
	within := flag.Duration("ready-within", 5*time.Minute, "how long to wait for the node to be ready")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "probe: unexpected argument %q\n", flag.Arg(0))
		flag.Usage()
		os.Exit(2)
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	p := &probe{client: &http.Client{Timeout: 10 * time.Second}, node: *node, other: *other, admin: *admin}
	err := p.awaitReady(ctx, *within)
	if err == nil {
		err = p.walk(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
	fmt.Printf("probe: %d steps, all as expected\n", p.steps)
}

// walk is the story: sign up, sign in, look, edit, write and like, sign out, come
// back by SMS, also when all providers were down meanwhile.
func (p *probe) walk(ctx context.Context) error {
	unique := strconv.FormatInt(time.Now().UnixNano()%1e9+1e9, 10)[1:]
	email, phone, password := "probe"+unique+"@example.com", "138"+unique[1:], "probe-pass-"+unique
	otherPhone := "139" + unique[1:]
	account := fields{"email": email, "password": password, "confirmPassword": password}
	for _, step := range []func() error{
		func() error { return p.page(ctx, "/") },
		func() error {
			return p.call(ctx, "POST", "/users/signup", fields{"email": "nobody", "password": "1"}, 422)
		},
		func() error { return p.call(ctx, "POST", "/users/signup", account, 201) },
		func() error { return p.call(ctx, "POST", "/users/signup", account, 409) },
		func() error {
			return p.call(ctx, "POST", "/users/login", fields{"email": email, "password": "wrong-pass-1"}, 401)
		},
		func() error {
			return p.call(ctx, "POST", "/users/login", fields{"email": email, "password": password}, 200)
		},
		func() error { return p.edit(ctx) },
		func() error { return p.articles(ctx) },
		func() error { return p.call(ctx, "POST", "/users/logout", nil, 200) },
		func() error { return p.refusedSoon(ctx) },
		func() error { return p.loginBySMS(ctx, phone) },
		func() error { return p.outage(ctx, otherPhone) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (p *probe) edit(ctx context.Context) error {
	bad := fields{"nickname": "a nickname of far more than ten characters", "birthday": "2001-02-30"}
	good := fields{"nickname": "Probe", "birthday": "1992-01-15", "aboutMe": "I check that it runs."}
	if err := p.call(ctx, "POST", "/users/edit", bad, 422); err != nil {
		return err
	}
	if err := p.call(ctx, "POST", "/users/edit", good, 200); err != nil {
		return err
	}
	if err := p.call(ctx, "GET", "/users/profile", nil, 200); err != nil {
		return err
	}
	return p.expect(good)
}

func (p *probe) loginBySMS(ctx context.Context, phone string) error {
	if err := p.call(ctx, "POST", "/users/login_sms/code/send", fields{"phone": phone}, 200); err != nil {
		return err
	}
	if err := p.call(ctx, "POST", "/users/login_sms/code/send", fields{"phone": phone}, 429); err != nil {
		return err
	}
	if err := p.call(ctx, "GET", "/dev/sms", nil, 200); err != nil {
		return err
	}
	code, err := p.newestCode()
	if err != nil {
		return err
	}
	if err := p.call(ctx, "POST", "/users/login_sms", fields{"phone": phone, "code": code}, 200); err != nil {
		return err
	}
	if err := p.call(ctx, "GET", "/users/profile", nil, 200); err != nil {
		return err
	}
	return p.expect(fields{"phone": phone[:3] + "****" + phone[7:]})
}

package cachextest

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/ycvk/tinybook/cachex"
)

func inputScenarios() []scenario {
	return []scenario{
		{"BadInput", calm(), badInput},
		{"AnyBytes", calm(), anyBytes},
		{"KeyConfusion", with(calm(), func(p *cachex.Policy) {
			p.ResendAfter = time.Hour
			p.Guesses = cachex.Budget{Max: 2, Window: time.Hour}
			p.Sends = []cachex.Budget{{Max: 1, Window: time.Hour}}
		}), keyConfusion},
		{"ContextDone", calm(), contextDone},
	}
}

func badInput(e *env) {
	ctx := e.t.Context()
	long := strings.Repeat("7", cachex.MaxCodeLen+1)
	good := e.key()
	t := e.set(good, right)
	for name, k := range map[string]cachex.Key{
		"no Biz": {To: good.To}, "no To": {Biz: good.Biz}, "no Key": {},
	} {
		ticket, err := e.c.Set(ctx, k, right)
		e.badInput(name+": Set", err, ticket == cachex.Ticket{})
		e.badInput(name+": Verify", e.c.Verify(ctx, k, right), true)
		ok, err := e.c.Revoke(ctx, k, t.Gen)
		e.badInput(name+": Revoke", err, !ok)
		status, err := e.c.Status(ctx, k)
		e.badInput(name+": Status", err, status == cachex.Status{})
	}
	for name, code := range map[string]string{"no code": "", "long code": long} {
		ticket, err := e.c.Set(ctx, good, code)
		e.badInput(name+": Set", err, ticket == cachex.Ticket{})
		e.badInput(name+": Verify", e.c.Verify(ctx, good, code), true)
	}
	if s := e.status(good); s.Gen != t.Gen || s.Left != 3 {
		e.fatalf("bad input changed the status to %+v", s)
	}
	e.verify(good, right)
}

func (e *env) badInput(call string, err error, zero bool) {
	e.t.Helper()
	if !errors.Is(err, cachex.ErrInput) {
		e.fatalf("%s: %v, want ErrInput", call, err)
	}
	if _, ok := errors.AsType[*cachex.DeniedError](err); ok {
		e.fatalf("%s: bad input answered with a *DeniedError", call)
	}
	if !zero {
		e.fatalf("%s: bad input answered with more than an error", call)
	}
}

func anyBytes(e *env) {
	for _, code := range []string{
		"0", "000000", " ", "a b", "\x00", "\x00\x00", "\xff\xfe", "验证码", "1\n2", "{}", "%s",
		strings.Repeat("9", cachex.MaxCodeLen),
	} {
		k := e.key()
		e.set(k, code)
		for _, other := range []string{code[:len(code)-1] + "?", "x", code + "\x00", "0" + code} {
			if len(other) <= cachex.MaxCodeLen && other != code {
				e.noVerify(k, other, cachex.ErrMismatch)
				break
			}
		}
		e.verify(k, code)
	}
}

// Keys whose parts only look alike when written one after the other share
// nothing.
func keyConfusion(e *env) {
	to := e.key().To
	for i, pair := range [][2]cachex.Key{
		{{Biz: "a:b", To: "c" + to}, {Biz: "a", To: "b:c" + to}},
		{{Biz: "a", To: "\x00b" + to}, {Biz: "a\x00", To: "b" + to}},
		{{Biz: "ab", To: to}, {Biz: "a", To: "b" + to}},
		{{Biz: "a{b}", To: to}, {Biz: "a", To: "{b}" + to}},
		{{Biz: "login", To: to}, {Biz: "bind", To: to}},
		{{Biz: "login2", To: to}, {Biz: "login2", To: to + " "}},
	} {
		a, b := pair[0], pair[1]
		e.set(a, right)
		e.noVerify(b, right, cachex.ErrNotFound)
		e.mismatch(a, 1)
		e.set(b, wrong)
		if s := e.status(b); s.Left != 2 {
			e.fatalf("pair %d shares its guesses: %d left, want 2", i, s.Left)
		}
		e.verify(a, right)
		e.verify(b, wrong)
	}
}

func contextDone(e *env) {
	k := e.key()
	t := e.set(k, right)
	cause := errors.New("the user went away")
	ctx, cancel := context.WithCancelCause(e.t.Context())
	cancel(cause)
	_, setErr := e.c.Set(ctx, k, wrong)
	_, revokeErr := e.c.Revoke(ctx, k, t.Gen)
	_, statusErr := e.c.Status(ctx, k)
	for call, err := range map[string]error{
		"Set": setErr, "Verify": e.c.Verify(ctx, k, right), "Revoke": revokeErr, "Status": statusErr,
	} {
		if !errors.Is(err, cause) {
			e.fatalf("%s with a ctx that is done: %v, want its cause", call, err)
		}
		if !errors.Is(err, context.Canceled) {
			e.fatalf("%s with a ctx that is done: %v, want its Err as well", call, err)
		}
		if errors.Is(err, cachex.ErrUnknown) {
			e.fatalf("%s with a ctx that is done says that the outcome is unknown", call)
		}
	}
	if s := e.status(k); s.Gen != t.Gen || s.Left != 3 {
		e.fatalf("calls with a ctx that is done changed the status to %+v", s)
	}
	e.verify(k, right)
}

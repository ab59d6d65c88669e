package cachextest

import (
	"context"
	"errors"
	"slices"
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

// Every byte of a code counts: what only looks alike is another code.
func anyBytes(e *env) {
	for _, code := range []string{
		"0", "000000", " ", "a b", "\x00", "\x00\x00", "\xff\xfe", "验证码", "1\n2", "{}", "%s",
		"012345", "aBcDeF", "271828", "27\x001828", "271828\xff",
		strings.Repeat("9", cachex.MaxCodeLen),
	} {
		k := e.key()
		e.set(k, code)
		e.verify(k, code)
		for _, other := range lookalikes(code) {
			k := e.key()
			e.set(k, code)
			if err := e.c.Verify(e.t.Context(), k, other); !errors.Is(err, cachex.ErrMismatch) {
				e.fatalf("the code %q was set: Verify of %q: %v, want ErrMismatch", code, other, err)
			}
			e.verify(k, code)
		}
	}
}

// lookalikes returns other codes that a cache might take for code.
func lookalikes(code string) []string {
	all := []string{
		"x", code[:len(code)-1] + "?", code[1:], code[:len(code)-1],
		code + " ", " " + code, code + "\n", code + "\x00", code + "\xff", "\xff" + code,
		"0" + code, strings.TrimLeft(code, "0"), strings.TrimSpace(code),
		strings.ToLower(code), strings.ToUpper(code),
		strings.ToValidUTF8(code, "\uFFFD"), strings.ToValidUTF8(code, ""),
		strings.ReplaceAll(code, "\xff", "\xfe"), code + code,
	}
	head, _, _ := strings.Cut(code, "\x00")
	all = append(all, head, head+"\x00other")
	return slices.DeleteFunc(all, func(other string) bool {
		return other == code || other == "" || len(other) > cachex.MaxCodeLen
	})
}

// Keys whose parts only look alike, or do so when written one after the other,
// share nothing.
func keyConfusion(e *env) {
	e.rule = "two Keys share their state"
	to := e.key().To
	for _, pair := range [][2]cachex.Key{
		{{Biz: "a:b", To: "c" + to}, {Biz: "a", To: "b:c" + to}},
		{{Biz: "a", To: "\x00b" + to}, {Biz: "a\x00", To: "b" + to}},
		{{Biz: "ab", To: to}, {Biz: "a", To: "b" + to}},
		{{Biz: "a{b}", To: to}, {Biz: "a", To: "{b}" + to}},
		{{Biz: "login", To: to}, {Biz: "bind", To: to}},
		{{Biz: "login2", To: to}, {Biz: "login2", To: to + " "}},
		{{Biz: "pay", To: to}, {Biz: "Pay", To: to}},
		{{Biz: "mail", To: "ada@x" + to}, {Biz: "mail", To: "Ada@x" + to}},
		{{Biz: "bytes", To: to}, {Biz: "bytes", To: to + "\x00"}},
		{{Biz: "utf", To: to + "\xff"}, {Biz: "utf", To: to + "\xfe"}},
	} {
		a, b := pair[0], pair[1]
		e.set(a, right)
		if err := e.c.Verify(e.t.Context(), b, right); !errors.Is(err, cachex.ErrNotFound) {
			e.fatalf("Keys %+q and %+q share a code: Verify: %v, want ErrNotFound", a, b, err)
		}
		e.mismatch(a, 1)
		if _, err := e.c.Set(e.t.Context(), b, wrong); err != nil {
			e.fatalf("Keys %+q and %+q share a pause or a budget: Set: %v", a, b, err)
		}
		if s := e.status(b); s.Left != 2 {
			e.fatalf("Keys %+q and %+q share their guesses: %d left, want 2", a, b, s.Left)
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

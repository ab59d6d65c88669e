package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// A spy fails the test when an error gives away a number or an argument.
type spy struct {
	smsfailover.Store
	e *env
}

func (e *env) spied(s smsfailover.Store) smsfailover.Store { return &spy{s, e} }

func (s *spy) see(err error) {
	s.e.t.Helper()
	if err != nil && strings.Contains(fmt.Sprintf("%v %+v", err, err), s.e.run) {
		s.e.t.Errorf("an error gives away a number or an argument: %v", err)
	}
}

func (s *spy) Enqueue(ctx context.Context, jobs ...smsfailover.Job) ([]smsfailover.Outcome, error) {
	out, err := s.Store.Enqueue(ctx, jobs...)
	s.see(err)
	return out, err
}

func (s *spy) Done(ctx context.Context, refs ...smsfailover.Ref) error {
	err := s.Store.Done(ctx, refs...)
	s.see(err)
	return err
}

func (s *spy) Retry(ctx context.Context, r smsfailover.Ref, after time.Duration, cause string) error {
	err := s.Store.Retry(ctx, r, after, cause)
	s.see(err)
	return err
}

func (s *spy) Bury(ctx context.Context, r smsfailover.Ref, cause string) error {
	err := s.Store.Bury(ctx, r, cause)
	s.see(err)
	return err
}

// A report is one way to end a claim, or to prolong it.
type report struct {
	name string
	call func(e *env, r smsfailover.Ref) error
}

const cause = "provider: 503"

// reports returns the five; delays are long.
func reports() []report {
	return []report{
		{"Done", func(e *env, r smsfailover.Ref) error { return e.s.Done(e.t.Context(), r) }},
		{"Retry", func(e *env, r smsfailover.Ref) error { return e.s.Retry(e.t.Context(), r, time.Hour, cause) }},
		{"Release", func(e *env, r smsfailover.Ref) error { return e.s.Release(e.t.Context(), time.Hour, r) }},
		{"Bury", func(e *env, r smsfailover.Ref) error { return e.s.Bury(e.t.Context(), r, cause) }},
		{"Extend", func(e *env, r smsfailover.Ref) error {
			lost, err := e.s.Extend(e.t.Context(), e.lease, r)
			if err == nil && len(lost) > 0 {
				return &smsfailover.LostError{Refs: lost}
			}
			return err
		}},
	}
}

// ends are the reports that end a claim.
func ends() []report { return reports()[:4] }

// lost checks that err is a LostError that names refs, in any order.
func (e *env) lost(call string, err error, refs ...smsfailover.Ref) {
	e.t.Helper()
	l, ok := errors.AsType[*smsfailover.LostError](err)
	if !ok || !errors.Is(err, smsfailover.ErrLost) {
		e.fatalf("%s: %v, want a *LostError that is ErrLost", call, err)
	}
	byID := func(a, b smsfailover.Ref) int { return strings.Compare(a.ID+" "+a.Token, b.ID+" "+b.Token) }
	got, want := slices.SortedFunc(slices.Values(l.Refs), byID), slices.SortedFunc(slices.Values(refs), byID)
	if !slices.Equal(got, want) {
		e.fatalf("%s: %d refs are named as lost, want these %d: got %v, want %v", call, len(got), len(want), got, want)
	}
}

// lostIDs returns the IDs that a LostError names, and any other error.
func lostIDs(err error) (map[string]bool, error) {
	l, ok := errors.AsType[*smsfailover.LostError](err)
	if !ok {
		return nil, err
	}
	gone := make(map[string]bool, len(l.Refs))
	for _, r := range l.Refs {
		gone[r.ID] = true
	}
	return gone, nil
}

// allLost checks that r can't do anything any more.
func (e *env) allLost(r smsfailover.Ref) {
	e.t.Helper()
	for _, call := range reports() {
		e.lost(call.name+" of a claim that is lost", call.call(e, r), r)
	}
}

func (e *env) done(jobs ...smsfailover.Job) {
	e.t.Helper()
	e.check("Done", e.s.Done(e.t.Context(), refs(jobs...)...))
}

func (e *env) bury(j smsfailover.Job) {
	e.t.Helper()
	e.check("Bury", e.s.Bury(e.t.Context(), j.Ref(), cause))
}

func (e *env) release(after time.Duration, jobs ...smsfailover.Job) {
	e.t.Helper()
	e.check("Release", e.s.Release(e.t.Context(), after, refs(jobs...)...))
}

func (e *env) retry(j smsfailover.Job, after time.Duration) {
	e.t.Helper()
	e.check("Retry", e.s.Retry(e.t.Context(), j.Ref(), after, cause))
}

func (e *env) extend(jobs ...smsfailover.Job) {
	e.t.Helper()
	lost, err := e.s.Extend(e.t.Context(), e.lease, refs(jobs...)...)
	e.check("Extend", err)
	if len(lost) > 0 {
		e.fatalf("Extend: %d of %d refs are lost", len(lost), len(jobs))
	}
}

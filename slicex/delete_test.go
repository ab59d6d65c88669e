package slicex_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/slicex"
)

// ids is a named slice type: every function has to return it, not []int.
type ids []int

func TestNamedTypeStays(t *testing.T) {
	s := ids{1, 2, 3}
	tried, err := slicex.TryDelete(s, 0)
	require.NoError(t, err)
	for name, got := range map[string]any{
		"Delete":      slicex.Delete(s, 0),
		"DeleteRange": slicex.DeleteRange(s, 0, 1),
		"DeleteAt":    slicex.DeleteAt(s, 0, 2),
		"DeleteFunc":  slicex.DeleteFunc(s, isNotZero),
		"DeleteSwap":  slicex.DeleteSwap(s, 0),
		"TryDelete":   tried,
		"Without":     slicex.Without(s, 0),
		"Shrink":      slicex.Shrink(s),
		"ShrinkWith":  slicex.ShrinkWith(s, slicex.DefaultPolicy()),
		"Fit":         slicex.Fit(s[:1]),
	} {
		if _, ok := got.(ids); !ok {
			t.Errorf("%s of ids returns %T", name, got)
		}
	}
}

func TestDelete(t *testing.T) {
	for _, tc := range []struct {
		name string
		s    ids
		i    int
		want ids
	}{
		{"first", ids{1, 2, 3}, 0, ids{2, 3}},
		{"middle", ids{1, 2, 3}, 1, ids{1, 3}},
		{"last", ids{1, 2, 3}, 2, ids{1, 2}},
		{"only", ids{1}, 0, ids{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := slices.Clone(tc.s)
			got := slicex.Delete(s, tc.i)
			if !slices.Equal(got, tc.want) || got == nil {
				t.Errorf("Delete(%v, %d) = %#v, want %#v", tc.s, tc.i, got, tc.want)
			}
			if last := s[len(s)-1]; last != 0 {
				t.Errorf("Delete(%v, %d) left %d in the freed place", tc.s, tc.i, last)
			}
			tried, err := slicex.TryDelete(slices.Clone(tc.s), tc.i)
			if err != nil || !slices.Equal(tried, tc.want) {
				t.Errorf("TryDelete(%v, %d) = %v, %v, want %v", tc.s, tc.i, tried, err, tc.want)
			}
			removed := slices.Clone(tc.s)
			if e := slicex.Remove(&removed, tc.i); e != tc.s[tc.i] || !slices.Equal(removed, tc.want) {
				t.Errorf("Remove(%v, %d) = %d and left %v, want %d and %v", tc.s, tc.i, e, removed, tc.s[tc.i], tc.want)
			}
		})
	}
}

func TestDeleteRange(t *testing.T) {
	full := ids{0, 1, 2, 3, 4, 5}
	for i := range len(full) + 1 {
		for j := i; j <= len(full); j++ {
			s := slices.Clone(full)
			got := slicex.DeleteRange(s, i, j)
			want := slices.Delete(slices.Clone(full), i, j)
			if !slices.Equal(got, want) || got == nil {
				t.Errorf("DeleteRange(%v, %d, %d) = %v, want %v", full, i, j, got, want)
			}
			if freed := s[len(got):]; slices.ContainsFunc(freed, isNotZero) {
				t.Errorf("DeleteRange(%v, %d, %d) left %v in the freed places", full, i, j, freed)
			}
		}
	}
	if got := slicex.DeleteRange(ids(nil), 0, 0); got != nil {
		t.Errorf("DeleteRange(nil, 0, 0) = %#v, want nil", got)
	}
}

func TestDeleteAt(t *testing.T) {
	for _, tc := range []struct {
		name string
		idx  []int
		want ids
	}{
		{"none", nil, ids{10, 11, 12, 13, 14, 15}},
		{"one", []int{3}, ids{10, 11, 12, 14, 15}},
		{"ascending", []int{0, 3, 5}, ids{11, 12, 14}},
		{"descending", []int{5, 3, 0}, ids{11, 12, 14}},
		{"shuffled with duplicates", []int{3, 5, 3, 0, 0}, ids{11, 12, 14}},
		{"ascending with duplicates", []int{0, 0, 3, 3, 5}, ids{11, 12, 14}},
		{"neighbours", []int{2, 1}, ids{10, 13, 14, 15}},
		{"all", []int{0, 1, 2, 3, 4, 5}, ids{}},
		{"the same again and again", []int{4, 4, 4}, ids{10, 11, 12, 13, 15}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			full := ids{10, 11, 12, 13, 14, 15}
			s, idx := slices.Clone(full), slices.Clone(tc.idx)
			got := slicex.DeleteAt(s, idx...)
			if !slices.Equal(got, tc.want) || got == nil {
				t.Errorf("DeleteAt(%v, %v) = %v, want %v", full, tc.idx, got, tc.want)
			}
			if freed := s[len(got):]; slices.ContainsFunc(freed, isNotZero) {
				t.Errorf("DeleteAt(%v, %v) left %v in the freed places", full, tc.idx, freed)
			}
			s = slices.Clone(full)
			rest := slicex.Without(s, idx...)
			if !slices.Equal(rest, tc.want) || rest == nil || cap(rest) != len(rest) {
				t.Errorf("Without(%v, %v) = %v with capacity %d, want %v", full, tc.idx, rest, cap(rest), tc.want)
			}
			var left ids
			for i, e := range slicex.AllExcept(s, idx...) {
				if s[i] != e {
					t.Errorf("AllExcept yields %d for index %d, which is %d", e, i, s[i])
				}
				left = append(left, e)
			}
			if !slices.Equal(left, tc.want) {
				t.Errorf("AllExcept(%v, %v) yields %v, want %v", full, tc.idx, left, tc.want)
			}
			if !slices.Equal(s, full) || !slices.Equal(idx, tc.idx) {
				t.Errorf("Without and AllExcept changed their arguments to %v and %v", s, idx)
			}
		})
	}
}

func TestWithoutKeepsNilAndSharesNothing(t *testing.T) {
	if got := slicex.Without(ids(nil)); got != nil {
		t.Errorf("Without(nil) = %#v, want nil", got)
	}
	if got := slicex.Without(ids{}); got == nil {
		t.Error("Without of an empty slice is nil")
	}
	s := ids{1, 2, 3}
	for _, rest := range []ids{slicex.Without(s), slicex.Without(s, 2), slicex.Without(s, 2, 1)} {
		rest[0] = 9
	}
	if s[0] != 1 {
		t.Error("a copy shares memory with its original")
	}
}

func TestDeleteFunc(t *testing.T) {
	s := ids{1, 2, 3, 4, 5, 6}
	var seen ids
	got := slicex.DeleteFunc(s, func(e int) bool { seen = append(seen, e); return e%2 == 0 })
	if want := (ids{1, 3, 5}); !slices.Equal(got, want) {
		t.Errorf("DeleteFunc = %v, want %v", got, want)
	}
	if want := (ids{1, 2, 3, 4, 5, 6}); !slices.Equal(seen, want) {
		t.Errorf("del was called with %v, want %v", seen, want)
	}
	if freed := s[3:]; slices.ContainsFunc(freed, isNotZero) {
		t.Errorf("DeleteFunc left %v in the freed places", freed)
	}
	if got := slicex.DeleteFunc(ids(nil), func(int) bool { return true }); got != nil {
		t.Errorf("DeleteFunc(nil) = %#v, want nil", got)
	}
	if got := slicex.DeleteFunc(ids{1}, func(int) bool { return true }); got == nil {
		t.Error("DeleteFunc of everything is nil")
	}
}

func TestDeleteSwap(t *testing.T) {
	for i, want := range []ids{{4, 2, 3}, {1, 4, 3}, {1, 2, 4}, {1, 2, 3}} {
		s := ids{1, 2, 3, 4}
		got := slicex.DeleteSwap(s, i)
		if !slices.Equal(got, want) || s[3] != 0 {
			t.Errorf("DeleteSwap(_, %d) = %v and left %d in the freed place, want %v and 0", i, got, s[3], want)
		}
	}
}

func TestPopFront(t *testing.T) {
	s := ids{1, 2}
	for _, want := range []int{1, 2} {
		if e, ok := slicex.PopFront(&s); e != want || !ok {
			t.Errorf("PopFront = %d, %v, want %d, true", e, ok, want)
		}
	}
	if e, ok := slicex.PopFront(&s); e != 0 || ok || s == nil {
		t.Errorf("PopFront of an empty slice = %d, %v and left %#v, want 0, false and an empty slice", e, ok, s)
	}
	if e, ok := slicex.PopFront(new(ids)); e != 0 || ok {
		t.Errorf("PopFront of a nil slice = %d, %v, want 0, false", e, ok)
	}
	s = make(ids, 0, 1000)
	if e, ok := slicex.PopFront(&s); e != 0 || ok || s == nil || cap(s) != 0 {
		t.Errorf("PopFront of 0 of 1000 = %d, %v and left %#v with capacity %d, want capacity 0", e, ok, s, cap(s))
	}
}

func TestIndexError(t *testing.T) {
	s, err := slicex.TryDelete(ids{1, 2, 3}, 7)
	require.Len(t, s, 3)
	e, ok := errors.AsType[*slicex.IndexError](err)
	require.True(t, ok, "TryDelete returns %T", err)
	if e.Index != 7 || e.Len != 3 {
		t.Errorf("the error is %+v, want index 7 and length 3", *e)
	}
	if !errors.Is(err, slicex.ErrIndex) || errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("%v is not ErrIndex, or more than that", err)
	}
	if got, want := err.Error(), "slicex: index 7 out of range with length 3"; got != want {
		t.Errorf("the text is %q, want %q", got, want)
	}
	loose := make(ids, 1, 1000)
	if got, _ := slicex.TryDelete(loose, 1); len(got) != 1 || cap(got) != 1000 || &got[0] != &loose[0] {
		t.Errorf("refused, TryDelete returns %d of %d, not its argument", len(got), cap(got))
	}
}

func isNotZero(e int) bool { return e != 0 }

// panicOf calls f and returns the error it panics with.
func panicOf(t *testing.T, f func()) (err error) {
	t.Helper()
	defer func() {
		t.Helper()
		value := recover()
		require.NotNil(t, value, "no panic")
		var ok bool
		err, ok = value.(error)
		require.True(t, ok, "the panic is a %T, not an error", value)
		require.ErrorIs(t, err, slicex.ErrIndex)
	}()
	f()
	return nil
}

// mustName fails t unless the text of err has all numbers as words.
func mustName(t *testing.T, err error, numbers ...int) {
	t.Helper()
	words := strings.FieldsFunc(err.Error(), func(r rune) bool { return r != '-' && (r < '0' || '9' < r) })
	for _, n := range numbers {
		if !slices.Contains(words, fmt.Sprint(n)) {
			t.Errorf("%q does not name %d", err, n)
		}
	}
}

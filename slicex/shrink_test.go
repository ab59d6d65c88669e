package slicex_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/slicex"
)

func TestShrink(t *testing.T) {
	for _, tc := range []struct {
		name     string
		len, cap int
		want     int // the least capacity; -1: the array stays
	}{
		{"a quarter full", 250, 1000, 500},
		{"one more than a quarter", 251, 1000, -1},
		{"one less than a quarter", 249, 1000, 498},
		{"a quarter of a capacity not divisible by four", 250, 1003, 500},
		{"1 KiB", 1, 128, -1},
		{"8 bytes more than 1 KiB", 1, 129, 2},
		{"empty", 0, 129, 0},
		{"full", 1000, 1000, -1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := make([]uint64, tc.len, tc.cap)
			for i := range s {
				s[i] = uint64(i)
			}
			got := slicex.Shrink(s)
			if !slices.Equal(got, s) || got == nil {
				t.Fatalf("Shrink changed the elements")
			}
			same := unsafe.SliceData(got) == unsafe.SliceData(s) && cap(got) == cap(s)
			if tc.want < 0 {
				if !same {
					t.Errorf("Shrink moved %d of %d to a capacity of %d", tc.len, tc.cap, cap(got))
				}
				return
			}
			if want := cap(append([]uint64(nil), make([]uint64, tc.want)...)); same || cap(got) != want {
				t.Errorf("Shrink of %d of %d has capacity %d, want %d, %d in its size class", tc.len, tc.cap, cap(got), want, tc.want)
			}
		})
	}
}

func TestEveryDeletionShrinks(t *testing.T) {
	del := func(int) bool { return false }
	for _, tc := range []struct {
		name string
		f    func(s ids) ids
	}{
		{"Delete", func(s ids) ids { return slicex.Delete(s, 3) }},
		{"DeleteRange", func(s ids) ids { return slicex.DeleteRange(s, 3, 5) }},
		{"DeleteRange of nothing", func(s ids) ids { return slicex.DeleteRange(s, 3, 3) }},
		{"DeleteAt none", func(s ids) ids { return slicex.DeleteAt(s) }},
		{"DeleteAt one", func(s ids) ids { return slicex.DeleteAt(s, 3) }},
		{"DeleteAt two", func(s ids) ids { return slicex.DeleteAt(s, 3, 5) }},
		{"DeleteAt unsorted", func(s ids) ids { return slicex.DeleteAt(s, 5, 3) }},
		{"DeleteFunc", func(s ids) ids { return slicex.DeleteFunc(s, del) }},
		{"DeleteSwap", func(s ids) ids { return slicex.DeleteSwap(s, 3) }},
		{"TryDelete", func(s ids) ids { s, _ = slicex.TryDelete(s, 3); return s }},
		{"Remove", func(s ids) ids { slicex.Remove(&s, 3); return s }},
		{"PopFront", func(s ids) ids { slicex.PopFront(&s); return s }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if s := tc.f(make(ids, 10, 1000)); cap(s) > 24 {
				t.Errorf("the capacity is %d for %d elements", cap(s), len(s))
			}
			if s := tc.f(make(ids, 300, 1000)); cap(s) != 1000 {
				t.Errorf("the capacity of a slice that is not loose went from 1000 to %d", cap(s))
			}
		})
	}
}

func TestShrinkWith(t *testing.T) {
	p := slicex.Policy{Ratio: 0.1, Grow: 4, MinBytes: 4096}
	for _, tc := range []struct{ len, cap, want int }{
		{100, 1000, 400}, {101, 1000, 1000}, {0, 1000, 0}, {1, 512, 512}, {1, 513, 4},
	} {
		s := make([]uint64, tc.len, tc.cap)
		want := tc.want
		if want != tc.cap {
			want = cap(append([]uint64(nil), make([]uint64, want)...))
		}
		if got := slicex.ShrinkWith(s, p); cap(got) != want || len(got) != tc.len {
			t.Errorf("ShrinkWith of %d of %d is %d of %d, want capacity %d", tc.len, tc.cap, len(got), cap(got), want)
		}
	}
	if got := slicex.ShrinkWith(ids(nil), p); got != nil {
		t.Errorf("ShrinkWith(nil) = %#v, want nil", got)
	}
	if got := slicex.ShrinkWith(make(ids, 0, 2000), p); got == nil {
		t.Error("ShrinkWith of an emptied slice is nil")
	}
}

func TestShrinkWithInvalidPolicyPanics(t *testing.T) {
	p := slicex.Policy{Ratio: 0.75, Grow: 1.5}
	defer func() {
		err, ok := recover().(error)
		require.True(t, ok)
		require.EqualError(t, err, p.Validate().Error())
	}()
	slicex.ShrinkWith(ids{1}, p)
	t.Error("no panic")
}

// Arrays of 64 bytes are a size class that may be wasted, larger ones are not.
func TestShrinkWithMovesNoArrayOf64Bytes(t *testing.T) {
	p := slicex.Policy{Ratio: 0.25, Grow: 2}
	for _, tc := range []struct{ cap, want int }{{64, 64}, {65, 8}} {
		if got := slicex.ShrinkWith(make([]byte, 1, tc.cap), p); cap(got) != tc.want {
			t.Errorf("ShrinkWith of 1 of %d bytes has capacity %d, want %d", tc.cap, cap(got), tc.want)
		}
	}
}

func TestPolicyValidate(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	const third, most = 1. / 3, 4 * (2. / 3) // most is what Grow may be for a Ratio of a quarter
	for _, tc := range []struct {
		name    string
		p       slicex.Policy
		mention string // "": the policy is valid
	}{
		{"default", slicex.DefaultPolicy(), ""},
		{"no minimum", slicex.Policy{Ratio: 0.25, Grow: 2}, ""},
		{"tight", slicex.Policy{Ratio: 1. / 3, Grow: 1.25}, ""},
		{"loose", slicex.Policy{Ratio: 1. / 3, Grow: 2, MinBytes: math.MaxInt}, ""},
		{"lazy", slicex.Policy{Ratio: 0.01, Grow: 60}, ""},
		{"least ratio", slicex.Policy{Ratio: math.SmallestNonzeroFloat64, Grow: math.MaxFloat64}, ""},
		{"most ratio", slicex.Policy{Ratio: third, Grow: 2}, ""},
		{"above most ratio", slicex.Policy{Ratio: math.Nextafter(third, 1), Grow: 1.25}, "Ratio 0.333"},
		{"least grow", slicex.Policy{Ratio: 0.25, Grow: 1.25}, ""},
		{"below least grow", slicex.Policy{Ratio: 0.25, Grow: math.Nextafter(1.25, 0)}, "Grow 1.249"},
		{"most grow", slicex.Policy{Ratio: 0.25, Grow: most}, ""},
		{"above most grow", slicex.Policy{Ratio: 0.25, Grow: math.Nextafter(most, 3)}, "Ratio 0.25 * Grow 2.666"},
		{"zero", slicex.Policy{}, "Ratio 0"},
		{"ratio negative", slicex.Policy{Ratio: -0.25, Grow: 2}, "Ratio -0.25"},
		{"ratio NaN", slicex.Policy{Ratio: nan, Grow: 2}, "Ratio NaN"},
		{"ratio infinite", slicex.Policy{Ratio: inf, Grow: 2}, "Ratio +Inf"},
		{"append doubles past the trigger", slicex.Policy{Ratio: 0.5, Grow: 1.25}, "Ratio 0.5"},
		{"trigger and target coincide", slicex.Policy{Ratio: 0.75, Grow: 1 / 0.75}, "Ratio 0.75"},
		{"grow zero", slicex.Policy{Ratio: 0.25}, "Grow 0"},
		{"grow one", slicex.Policy{Ratio: 0.25, Grow: 1}, "Grow 1"},
		{"grow negative", slicex.Policy{Ratio: 0.25, Grow: -2}, "Grow -2"},
		{"grow NaN", slicex.Policy{Ratio: 0.25, Grow: nan}, "Grow NaN"},
		{"grow infinite", slicex.Policy{Ratio: 0.25, Grow: inf}, "Grow +Inf"},
		{"grow minus infinity", slicex.Policy{Ratio: 0.25, Grow: math.Inf(-1)}, "Grow -Inf"},
		{"shrunk to the trigger", slicex.Policy{Ratio: 0.25, Grow: 4}, "Ratio 0.25 * Grow 4"},
		{"grow beyond any int", slicex.Policy{Ratio: 0.25, Grow: math.MaxFloat64}, "Ratio 0.25 * Grow 1.797"},
		{"minimum negative", slicex.Policy{Ratio: 0.25, Grow: 2, MinBytes: -1}, "MinBytes -1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := tc.p.Validate()
			if tc.mention == "" {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			if !strings.Contains(err.Error(), tc.mention) {
				t.Errorf("the error is %q, want it to name %q", err, tc.mention)
			}
		})
	}
}

// One error tells of every fault, not of the first one only.
func TestPolicyValidateNamesEveryFault(t *testing.T) {
	for _, tc := range []struct {
		p    slicex.Policy
		want []string
	}{
		{slicex.Policy{}, []string{"Ratio 0 ", "Grow 0 "}},
		{slicex.Policy{Ratio: 0.5, Grow: 1, MinBytes: -1}, []string{"Ratio 0.5 ", "Grow 1 ", "MinBytes -1 "}},
		{slicex.Policy{Ratio: 0.25, Grow: 4, MinBytes: -2}, []string{"Ratio 0.25 * Grow 4 ", "MinBytes -2 "}},
		{slicex.Policy{Ratio: 0.5, Grow: 4}, []string{"Ratio 0.5 ", "Ratio 0.5 * Grow 4 "}},
	} {
		err := tc.p.Validate()
		require.Error(t, err)
		lines := strings.Split(err.Error(), "\n")
		require.Len(t, lines, len(tc.want), "%+v: %v", tc.p, err)
		for i, line := range lines {
			if want := "slicex: policy: " + tc.want[i]; !strings.HasPrefix(line, want) {
				t.Errorf("%+v: line %d of the error is %q, want it to begin with %q", tc.p, i, line, want)
			}
		}
	}
}

func TestShrinkIsShrinkWithDefaultPolicy(t *testing.T) {
	for n := range 300 {
		for _, c := range []int{n, 2 * n, 4*n - 1, 4 * n, 4*n + 1, 128, 129, 1000} {
			s := make([]uint64, n, max(n, c))
			a, b := slicex.Shrink(s), slicex.ShrinkWith(s, slicex.DefaultPolicy())
			if len(a) != len(b) || cap(a) != cap(b) {
				t.Errorf("Shrink of %d of %d has capacity %d, ShrinkWith %d", n, cap(s), cap(a), cap(b))
			}
		}
	}
}

// A shrink always gains something, also for arrays as small as a size class.
func TestShrinkWithGains(t *testing.T) {
	for _, p := range []slicex.Policy{
		{Ratio: 1. / 3, Grow: 2}, {Ratio: 1. / 3, Grow: 1.25}, {Ratio: 0.2, Grow: 3.3}, {Ratio: 0.01, Grow: 66},
	} {
		for c := range 700 {
			for n := range c/2 + 1 {
				s := make([]byte, n, c)
				got := slicex.ShrinkWith(s, p)
				if cap(got) >= c && unsafe.SliceData(got) != unsafe.SliceData(s) {
					t.Errorf("ShrinkWith moved %d of %d to a capacity of %d with %+v", n, c, cap(got), p)
				}
				if again := slicex.ShrinkWith(got, p); unsafe.SliceData(again) != unsafe.SliceData(got) {
					t.Errorf("ShrinkWith moved %d of %d twice with %+v", n, c, p)
				}
			}
		}
	}
}

func TestFit(t *testing.T) {
	s := make(ids, 5, 10) // 5, as no size class has exactly that many
	copy(s, ids{1, 2, 3, 4, 5})
	fit := slicex.Fit(s)
	if !slices.Equal(fit, s) || cap(fit) != 5 || &fit[0] == &s[0] {
		t.Errorf("Fit = %v with capacity %d, want a copy of %v with capacity 5", fit, cap(fit), s)
	}
	if part := s[:3:3]; &slicex.Fit(part)[0] != &s[0] {
		t.Error("Fit copied a slice whose capacity ends before its array")
	}
	if again := slicex.Fit(fit); &again[0] != &fit[0] {
		t.Error("Fit copied a slice that fits")
	}
	if got := slicex.Fit(ids(nil)); got != nil {
		t.Errorf("Fit(nil) = %#v, want nil", got)
	}
	if got := slicex.Fit(make(ids, 0, 5)); got == nil || cap(got) != 0 {
		t.Errorf("Fit of an emptied slice is %#v with capacity %d", got, cap(got))
	}
}

// Package slicex measures the deletions of slicex beside those of the standard
// library and of samber/lo. The cases serve both the benchmarks of this folder
// and the report command below it, which interleaves the implementations and so
// gives ratios that a noisy machine disturbs less.
package slicex

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"unsafe"

	"github.com/samber/lo"

	"github.com/ycvk/tinybook/slicex"
)

// A Case is one task and the implementations that do it.
type Case struct {
	Name  string
	Impls []Impl
}

// An Impl is one way to do the task of its case. Make allocates what it works
// on and returns the function that does the task n times.
type Impl struct {
	Name string
	Make func() (run func(n int))
}

// Cases returns all cases, the small ones first.
func Cases() []Case {
	var cs []Case
	for _, n := range []int{16, 256, 4096, 1 << 16} {
		cs = append(cs, deletes[uint64]("8B", n, "first", "mid", "last")...)
		cs = append(cs, deletes[[64]byte]("64B", min(n, 8192), "first", "mid", "last")...)
		cs = append(cs, deletes[*int]("ptr", n, "first", "mid", "last")...)
	}
	for _, mib := range []int{2, 4, 8} {
		cs = append(cs, deletes[uint64]("8B", mib<<20/8, "first", "second")...)
		cs = append(cs, deletes[[64]byte]("64B", mib<<20/64, "first")...)
		cs = append(cs, deletes[*int]("ptr", mib<<20/int(unsafe.Sizeof(new(int))), "first", "second")...)
	}
	for _, n := range []int{16, 4096} {
		cs = append(cs, swap[uint64]("8B", n), swap[[64]byte]("64B", n), swap[*int]("ptr", n))
	}
	for _, n := range []int{16, 256, 4096} {
		cs = append(cs, deleteRange[uint64]("8B", n), deleteRange[*int]("ptr", n))
	}
	for _, percent := range []int{1, 10, 50} {
		cs = append(cs, many(4096, percent, "sorted"), many(4096, percent, "shuffled"))
	}
	cs = append(cs, many(1<<20, 10, "shuffled"), without(4096, 10))
	return append(cs, deleteFunc(4096), deleteFunc(1<<16))
}

// deletes is: delete one element and take the length back. Lo returns a copy instead.
func deletes[E any](elem string, n int, at ...string) []Case {
	var cs []Case
	for _, at := range at {
		i := map[string]int{"first": 0, "second": 1, "mid": n / 2, "last": n - 1}[at]
		cs = append(cs, Case{fmt.Sprintf("Delete/elem=%s/n=%d/at=%s", elem, n, at), []Impl{
			{"slicex", func() func(int) {
				s := make([]E, n)
				return func(rounds int) {
					t := s // a local one: the loop is to measure the call
					for range rounds {
						t = slicex.Delete(t, i)[:n]
					}
				}
			}},
			{"std", func() func(int) {
				s := make([]E, n)
				return func(rounds int) {
					t := s // a local one: the loop is to measure the call
					for range rounds {
						t = slices.Delete(t, i, i+1)[:n]
					}
				}
			}},
			{"lo", func() func(int) {
				s := make([]E, n)
				return func(rounds int) {
					for range rounds {
						lo.DropByIndex(s, i)
					}
				}
			}},
		}})
	}
	return cs
}

// swap is: delete one element without regard to order and take the length
// back. The peer deletes the last one, the cheapest an ordered deletion can do.
func swap[E any](elem string, n int) Case {
	i := n / 2
	return Case{fmt.Sprintf("DeleteSwap/elem=%s/n=%d", elem, n), []Impl{
		{"slicex", func() func(int) {
			s := make([]E, n)
			return func(rounds int) {
				t := s // a local one: the loop is to measure the call
				for range rounds {
					t = slicex.DeleteSwap(t, i)[:n]
				}
			}
		}},
		{"std", func() func(int) {
			s := make([]E, n)
			return func(rounds int) {
				t := s // a local one: the loop is to measure the call
				for range rounds {
					t = slices.Delete(t, n-1, n)[:n]
				}
			}
		}},
	}}
}

// deleteRange is: delete the second quarter and take the length back.
func deleteRange[E any](elem string, n int) Case {
	i, j := n/4, n/2
	return Case{fmt.Sprintf("DeleteRange/elem=%s/n=%d", elem, n), []Impl{
		{"slicex", func() func(int) {
			s := make([]E, n)
			return func(rounds int) {
				t := s
				for range rounds {
					t = slicex.DeleteRange(t, i, j)[:n]
				}
			}
		}},
		{"std", func() func(int) {
			s := make([]E, n)
			return func(rounds int) {
				t := s
				for range rounds {
					t = slices.Delete(t, i, j)[:n]
				}
			}
		}},
	}}
}

// many is: delete some percent of n elements by their indexes. The in-place
// implementations refill the slice each time, at their own cost; lo copies.
func many(n, percent int, order string) Case {
	idx := indexes(n, percent, order)
	src := make([]uint64, n)
	return Case{fmt.Sprintf("DeleteAt/n=%d/percent=%d/order=%s", n, percent, order), []Impl{
		{"slicex", func() func(int) {
			s := make([]uint64, n)
			return func(rounds int) {
				for range rounds {
					copy(s, src)
					slicex.DeleteAt(s, idx...)
				}
			}
		}},
		{"lo", func() func(int) {
			return func(rounds int) {
				for range rounds {
					lo.DropByIndex(src, idx...)
				}
			}
		}},
		{"std", func() func(int) {
			s := make([]uint64, n)
			member := make([]bool, n)
			return func(rounds int) {
				for range rounds {
					copy(s, src)
					for _, i := range idx {
						member[i] = true
					}
					at := -1
					_ = slices.DeleteFunc(s, func(uint64) bool { at++; return member[at] })
					clear(member)
				}
			}
		}},
	}}
}

// without is many for the copying form.
func without(n, percent int) Case {
	idx := indexes(n, percent, "shuffled")
	src := make([]uint64, n)
	return Case{fmt.Sprintf("Without/n=%d/percent=%d", n, percent), []Impl{
		{"slicex", func() func(int) {
			return func(rounds int) {
				for range rounds {
					slicex.Without(src, idx...)
				}
			}
		}},
		{"lo", func() func(int) {
			return func(rounds int) {
				for range rounds {
					lo.DropByIndex(src, idx...)
				}
			}
		}},
	}}
}

// deleteFunc is: delete every third element by a predicate.
func deleteFunc(n int) Case {
	src := make([]uint64, n)
	for i := range src {
		src[i] = uint64(i)
	}
	third := func(e uint64) bool { return e%3 == 0 }
	return Case{fmt.Sprintf("DeleteFunc/n=%d", n), []Impl{
		{"slicex", func() func(int) {
			s := make([]uint64, n)
			return func(rounds int) {
				for range rounds {
					copy(s, src)
					slicex.DeleteFunc(s, third)
				}
			}
		}},
		{"std", func() func(int) {
			s := make([]uint64, n)
			return func(rounds int) {
				for range rounds {
					copy(s, src)
					_ = slices.DeleteFunc(s, third)
				}
			}
		}},
		{"lo", func() func(int) {
			return func(rounds int) {
				for range rounds {
					lo.Reject(src, func(e uint64, _ int) bool { return third(e) })
				}
			}
		}},
	}}
}

// indexes returns percent of the indexes below n, the same ones in every run.
func indexes(n, percent int, order string) []int {
	idx := rand.New(rand.NewPCG(1, 2)).Perm(n)[:n*percent/100]
	if order == "sorted" {
		slices.Sort(idx)
	}
	return idx
}

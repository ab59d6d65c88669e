package slicex_test

import (
	"errors"
	"fmt"
	"slices"

	"github.com/ycvk/tinybook/slicex"
)

func Example() {
	visitors := make([]int, 10_000) // a busy day
	for i := range visitors {
		visitors[i] = i
	}
	for len(visitors) > 100 { // they leave one by one
		visitors = slicex.Delete(visitors, 0)
	}
	fmt.Println(visitors[:3], len(visitors), cap(visitors) <= 400)
	// Output: [9900 9901 9902] 100 true
}

func ExampleDelete() {
	s := []string{"ann", "bob", "eve", "joe"}
	s = slicex.Delete(s, 2)
	fmt.Println(s)
	// Output: [ann bob joe]
}

func ExampleDeleteRange() {
	s := []string{"ann", "bob", "eve", "joe"}
	s = slicex.DeleteRange(s, 1, 3)
	fmt.Println(s)
	// Output: [ann joe]
}

func ExampleDeleteRange_queue() {
	queue, head := []int{1, 2, 3, 4, 5, 6, 7, 8}, 0
	pop := func() int {
		e := queue[head]
		queue[head] = 0 // nothing that was popped stays alive
		if head++; head > len(queue)/2 {
			queue, head = slicex.DeleteRange(queue, 0, head), 0
		}
		return e
	}
	fmt.Println(pop(), pop(), pop(), pop(), pop(), pop())
	// Output: 1 2 3 4 5 6
}

func ExampleDeleteAt() {
	s := []string{"a", "b", "c", "d", "e"}
	s = slicex.DeleteAt(s, 3, 0, 3) // as they were before the call
	fmt.Println(s)
	// Output: [b c e]
}

func ExampleDeleteFunc() {
	s := []int{5, -1, 7, -3}
	s = slicex.DeleteFunc(s, func(n int) bool { return n < 0 })
	fmt.Println(s)
	// Output: [5 7]
}

func ExampleDeleteSwap() {
	s := []string{"a", "b", "c", "d"}
	s = slicex.DeleteSwap(s, 1)
	fmt.Println(s)
	// Output: [a d c]
}

func ExampleTryDelete() {
	s := []string{"a", "b"}
	s, err := slicex.TryDelete(s, 2)
	fmt.Println(s, err)
	if e, ok := errors.AsType[*slicex.IndexError](err); ok {
		fmt.Println(errors.Is(err, slicex.ErrIndex), e.Index, e.Len)
	}
	// Output:
	// [a b] slicex: index 2 out of range with length 2
	// true 2 2
}

func ExampleRemove() {
	room := struct{ guests []string }{[]string{"ann", "bob", "eve"}}
	name := slicex.Remove(&room.guests, 1)
	fmt.Println(name, "left", room.guests)
	// Output: bob left [ann eve]
}

func ExamplePopFront() {
	jobs := []string{"wash", "dry"}
	for job, ok := slicex.PopFront(&jobs); ok; job, ok = slicex.PopFront(&jobs) {
		fmt.Println(job)
	}
	// Output:
	// wash
	// dry
}

func ExampleWithout() {
	s := []string{"a", "b", "c"}
	fmt.Println(slicex.Without(s, 1), s)
	// Output: [a c] [a b c]
}

func ExampleAllExcept() {
	for i, e := range slicex.AllExcept([]string{"a", "b", "c"}, 1) {
		fmt.Println(i, e)
	}
	// Output:
	// 0 a
	// 2 c
}

func ExampleShrink() {
	s := make([]byte, 1000, 100_000)
	s = slicex.Shrink(s)
	fmt.Println(len(s), cap(s))
	// Output: 1000 2048
}

func ExampleShrinkWith() {
	eager := slicex.Policy{Ratio: 1. / 3, Grow: 1.25, MinBytes: 256}
	s := make([]byte, 1000, 3000)
	fmt.Println(cap(slicex.Shrink(s)), cap(slicex.ShrinkWith(s, eager)))
	// Output: 3000 1280
}

// A slice of large elements that is often emptied keeps the array of its busy
// times, up to a size of its own.
func ExampleShrinkWith_largeElements() {
	type page [4096]byte
	policy := slicex.DefaultPolicy()
	policy.MinBytes = 16 * 4096
	pages := make([]page, 0, 16)
	for range 3 {
		pages = append(pages, page{})
		pages = slices.Delete(pages, 0, 1) // keeps the array
	}
	pages = slicex.ShrinkWith(pages, policy) // now and then
	fmt.Println(len(pages), cap(pages))
	// Output: 0 16
}

func ExampleFit() {
	s := append(make([]int, 0, 100), 1, 2, 3)
	s = slicex.Fit(s)
	fmt.Println(s, cap(s))
	// Output: [1 2 3] 3
}

func ExamplePolicy_Validate() {
	p := slicex.DefaultPolicy()
	p.Grow = 4 // so that an array is as full after a shrink as one that is due
	fmt.Println(p.Validate())
	// Output: slicex: policy: Ratio 0.25 * Grow 4 is above 2/3
}

func ExampleDefaultPolicy() {
	fmt.Printf("%+v\n", slicex.DefaultPolicy())
	// Output: {Ratio:0.25 Grow:2 MinBytes:1024}
}

func ExampleIndexError() {
	defer func() {
		if e, ok := recover().(*slicex.IndexError); ok {
			fmt.Println("there is no element", e.Index, "in a slice of", e.Len)
		}
	}()
	slicex.Delete([]int{1, 2, 3}, 5)
	// Output: there is no element 5 in a slice of 3
}

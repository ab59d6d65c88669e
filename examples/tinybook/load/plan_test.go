package main

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestARoundVisitsEveryTargetOnceAndEveryTargetBeginsARound(t *testing.T) {
	o := options{articles: []int{1000, 2000}, conns: []int{20, 200}, rounds: 5}
	all := plan(o)
	require.Len(t, all, 2*2*5*5)
	first := map[task]int{}
	for visits := range slices.Chunk(all, len(targets)) {
		var seen []string
		for _, v := range visits {
			require.Equal(t, task{visits[0].Articles, visits[0].Conns, visits[0].Round, v.Target}, v)
			seen = append(seen, v.Target)
		}
		require.ElementsMatch(t, targets, seen)
		first[task{Articles: visits[0].Articles, Conns: visits[0].Conns, Target: seen[0]}]++
	}
	require.Len(t, first, 2*2*len(targets), "each begins once under each load")
	require.True(t, slices.IsSortedFunc(all, func(a, b task) int { return a.Articles - b.Articles }), "one database after the other")
}

func TestOptions(t *testing.T) {
	o, err := parseOptions([]string{"-articles", "500, 700", "-c", "3", "-state", "x"})
	require.NoError(t, err)
	require.Equal(t, []int{500, 700}, o.articles)
	require.Equal(t, []int{3}, o.conns)
	require.Equal(t, "x", o.state)

	o, err = parseOptions(nil)
	require.NoError(t, err)
	var least time.Duration
	for range plan(o) {
		least += o.length + quietFor + pause
	}
	require.Less(t, least, o.within-2*time.Minute, "the defaults fit into their time")
}

func TestEveryBadOptionIsNamedAtOnce(t *testing.T) {
	_, err := parseOptions([]string{
		"-articles", "99", "-c", "0", "-rounds", "0", "-d", "1500ms", "-quiet", "2",
		"-patience", "-1s", "-within", "0s", "more",
	})
	require.Error(t, err)
	for _, want := range []string{
		"-articles 99", "-c 0", "-rounds 0", "-d 1.5s", "-quiet 2", "-patience -1s", "-within 0s", `"more"`,
	} {
		require.ErrorContains(t, err, want)
	}
	_, err = parseOptions([]string{"-articles", "many", "-c", ""})
	require.ErrorContains(t, err, `-articles "many"`)
	require.ErrorContains(t, err, `-c ""`)
}

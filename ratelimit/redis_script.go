package ratelimit

import (
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

//go:embed lua/*.lua
var luaFiles embed.FS

// lua returns a part of a script. The files are part of the program, so that
// one is missing can only be a mistake in this file.
func lua(name string) string {
	text, err := luaFiles.ReadFile("lua/" + name + ".lua")
	if err != nil {
		panic(err)
	}
	return string(text)
}

// luaParts are how the files of an algorithm begin.
var luaParts = map[Algorithm]string{SlidingLog: "log", SlidingCounter: "counter", GCRA: "gcra", FixedWindow: "window"}

// How many hits are asked for, and for how many of those that are refused the
// answer tells the wait: for all, or for one.
var (
	takeAll    = []string{"HITS", "tonumber(ARGV[1])", "LEAST", "tonumber(ARGV[2])", "WANT", "n - got"}
	takeSingle = []string{"HITS", "1", "LEAST", "1", "WANT", "n - got"}
	takeFolded = []string{"HITS", "tonumber(ARGV[1])", "LEAST", "1", "WANT", "math.min(1, n - got)"}
)

// redisScripts are the scripts of one limiter. Its own limits are part of their
// text: as arguments they would travel, and cost time on each call. Limits that
// come with a call are arguments, so that a server never holds more than these.
type redisScripts struct {
	take   *redis.Script // hits of one key
	single *redis.Script // one of them
	fold   *redis.Script // the same for many callers of one hit each
	all    *redis.Script // cells as arguments
	refund *redis.Script
	reset  *redis.Script
}

func newRedisScripts(a Algorithm, cells []cell) redisScripts {
	return redisScripts{
		take:   newScript(a, cells, takeAll),
		single: newScript(a, cells, takeSingle),
		fold:   newScript(a, cells, takeFolded),
		all:    newScript(a, nil, takeAll),
		refund: redis.NewScript(fill(a, lua("head")+lua("refund"), nil)),
		reset:  redis.NewScript(fill(a, lua("head")+lua("reset"), nil)),
	}
}

func newScript(a Algorithm, cells []cell, how []string) *redis.Script {
	return redis.NewScript(scriptText(a, cells, how))
}

// scriptText returns the script of hits under cells, or under those that come as
// arguments if there are none.
func scriptText(a Algorithm, cells []cell, how []string) string {
	text := lua("head")
	if a == SlidingLog {
		text += lua("log_begin")
	}
	with := slices.Clone(how)
	switch len(cells) {
	case 0:
		text += strings.Replace(lua("all"), "--CELLS--\n", lua("cells"), 1)
		with = append(with, "ROOM", "")
	case 1:
		text += lua("one")
		with = append(with, "LIMIT", luaNumber(cells[0].limit), "SPAN", luaNumber(cells[0].span))
	default:
		text += strings.Replace(lua("all"), "--CELLS--\n", luaCells(a, cells), 1)
		with = append(with, "ROOM", strings.Repeat(", 0", replyCell*len(cells)))
	}
	return fill(a, text, with)
}

// fill puts the parts of a into a script, then values in the place of names.
func fill(a Algorithm, text string, names []string) string {
	for _, part := range []string{"load", "take", "wait", "refund", "reset", "clamp", "push"} {
		mark := "--" + strings.ToUpper(part) + "--\n"
		if strings.Contains(text, mark) {
			text = strings.ReplaceAll(text, mark, lua(luaParts[a]+"_"+part))
		}
	}
	return strings.NewReplacer(names...).Replace(text)
}

// luaCells returns what cells.lua does, for cells that are known.
func luaCells(a Algorithm, cells []cell) string {
	var place, weight, limit, span []string
	for i, c := range cells {
		if a == SlidingLog {
			i = 0 // one list for all
		}
		place, weight = append(place, strconv.Itoa(i+1)), append(weight, "1")
		limit, span = append(limit, luaNumber(c.limit)), append(span, luaNumber(c.span))
	}
	list := func(of []string) string { return strings.Join(of, ", ") }
	return fmt.Sprintf("local place, weight, limit, span = { %s }, { %s }, { %s }, { %s }\n",
		list(place), list(weight), list(limit), list(span))
}

func luaNumber(n int64) string { return strconv.FormatInt(n, 10) }

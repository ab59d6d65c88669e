package topn

import (
	"embed"
	"strings"

	"github.com/redis/go-redis/v9"
)

//go:embed lua/*.lua
var luaFiles embed.FS

// script puts parts together, of which head is the first. The files are part of
// the program, so that one is missing can only be a mistake in this file.
func script(parts ...string) *redis.Script {
	var text strings.Builder
	for _, part := range append([]string{"head"}, parts...) {
		lua, err := luaFiles.ReadFile("lua/" + part + ".lua")
		if err != nil {
			panic(err)
		}
		text.Write(lua)
	}
	return redis.NewScript(text.String())
}

var (
	incrScript    = script("bound", "incr")
	applyScript   = script("newer", "trim", "apply")
	markScript    = script("mark")
	beginScript   = script("begin")
	noteScript    = script("lease", "note")
	keepScript    = script("lease", "keep")
	releaseScript = script("release")

	rowsScripts = [...]*redis.Script{
		Absolute: script("newer", "lease", "rows_absolute"),
		Counter:  script("lease", "rows_counter"),
	}
	finishScripts = [...]*redis.Script{
		Absolute: script("trim", "finish_head", "finish_absolute"),
		Counter:  script("bound", "finish_head", "finish_counter"),
	}
)

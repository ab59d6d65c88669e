package cachex

import (
	"regexp"
	"strconv"
	"testing"
	"time"
)

// Every constant of every script is in place, whole: LIFE is no part of LIFE_MS.
func TestScriptsHaveTheirConstants(t *testing.T) {
	for name, body := range map[string]string{
		"load": luaLoad, "expiry": luaExpiry, "set": luaSet, "try": luaTry,
		"verify": luaVerify, "revoke": luaRevoke, "status": luaStatus,
	} {
		bare := regexp.MustCompile(`--.*|'[^']*'`).ReplaceAllString(body, "")
		names := regexp.MustCompile(`[A-Z][A-Z0-9_]*`).FindAllString(bare, -1)
		known := map[string]bool{"KEYS": true, "ARGV": true}
		for _, c := range constants(DefaultPolicy()) {
			known[c.name] = true
		}
		for _, n := range names {
			if !known[n] {
				t.Errorf("%s.lua has %s, which is no constant", name, n)
			}
		}
	}
	for _, want := range constants(DefaultPolicy()) {
		got := replacer(constants(DefaultPolicy())).Replace("x " + want.name + " y")
		if got != "x "+want.value+" y" {
			t.Errorf("%s becomes %q, want %q", want.name, got, want.value)
		}
	}
}

// BenchmarkNewCodeRedisCache is the start of a service with many purposes.
func BenchmarkNewCodeRedisCache(b *testing.B) {
	for _, n := range []int{1, 101} {
		b.Run("policies="+strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for i := range n {
					p := DefaultPolicy()
					p.TTL += time.Duration(i) * time.Millisecond
					_ = newPolicyScripts(p)
				}
			}
		})
	}
}

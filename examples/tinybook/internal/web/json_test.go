package web // In the package: nobody else reads bodies.

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// What is taken says the same to every reader: written anew it has the same
// members, and no character in it stands for half of one.
func FuzzParseObject(f *testing.F) {
	for _, text := range []string{
		`{}`, `{"a":1,"a":2}`, `{"a":[{"b":1,"b":2}]}`, `{"a":"\ud83d\udc69"}`, `{"a":"\udc69\ud83d"}`, `{"\ud800":1}`,
		`{"a":"\\ud800"}`, `{"a":"\\\ud800"}`, `{"a":1e999}`, `[]`, `null`, `{"a":{"":[],"b":{}},"b":[[{}]]}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		members, err := parseObject([]byte(text))
		if err != nil {
			return
		}
		again, err := json.Marshal(members)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		twice, err := parseObject(again)
		if err != nil || !slices.Equal(slices.Sorted(maps.Keys(twice)), slices.Sorted(maps.Keys(members))) {
			t.Errorf("%q became %q: %v", text, again, err)
		}
		// Only one that was sent as it is, or spelled out, may be there.
		sent := strings.ContainsRune(text, utf8.RuneError) || strings.Contains(strings.ToLower(text), `\ufffd`)
		for name, raw := range members {
			var value string
			if json.Unmarshal(raw, &value) != nil {
				value = ""
			}
			if strings.ContainsRune(name+value, utf8.RuneError) && !sent {
				t.Errorf("%q has U+FFFD in %q: %q", text, name, value)
			}
		}
	})
}

package web // In the package: the texts are nobody else's.

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// uses find the keys of messages in the source: group 1 is a key, group 2 the
// code of a field.
var uses = []*regexp.Regexp{
	regexp.MustCompile(`Key: "(\w+)"()`),
	regexp.MustCompile(`Handle\([\w.]+, "(\w+)"()`),
	regexp.MustCompile(`(?:wait|refused)\((?:[\w.]+, )?"(\w+)"()`),
	regexp.MustCompile(`\.Add\(\w+()(?:, )"(\w+)"`),
	regexp.MustCompile(`Code: ()"(\w+)"`),
	regexp.MustCompile(`(?m)^\t[A-Z]\w+ += ()"(\w+)"$`), // the constants in package fields
}

func TestEveryMessageHasTextsAndIsUsed(t *testing.T) {
	used := map[string]bool{}
	root := os.DirFS("..")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
			strings.HasPrefix(path, "ui/") || strings.HasPrefix(path, "config/") {
			return err
		}
		text, err := fs.ReadFile(root, path)
		for i, pattern := range uses {
			if i == len(uses)-1 && !strings.HasPrefix(path, "fields/") {
				continue
			}
			for _, m := range pattern.FindAllStringSubmatch(string(text), -1) {
				key := m[1]
				if m[2] != "" {
					key = "field." + m[2]
				}
				used[key] = true
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(used) < 30 {
		t.Fatalf("found only %d keys in the source: the patterns miss some", len(used))
	}
	for key := range used {
		if _, ok := messages[key]; !ok {
			t.Errorf("no text for %q", key)
		}
	}
	for key, text := range messages {
		if !used[key] {
			t.Errorf("nobody says %q", key)
		}
		if text.zh == "" || text.en == "" || verbs(text.zh) != verbs(text.en) {
			t.Errorf("%q: %q and %q: want two texts with the same verbs", key, text.zh, text.en)
		}
	}
}

// Clients switch on the codes of fields: the README lists all of them.
func TestREADMEListsTheFieldCodes(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "**Field codes**")
	list, _, _ := strings.Cut(rest, "\n")
	for key := range messages {
		if name, ok := strings.CutPrefix(key, "field."); ok && !strings.Contains(list, "`"+name+"`") {
			t.Errorf("the README doesn't list %q", name)
		}
	}
}

func verbs(text string) string {
	return strings.Join(regexp.MustCompile(`%\w`).FindAllString(text, -1), " ")
}

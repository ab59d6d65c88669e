package ui

import (
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// keyUses finds the keys in templates, t "key", and in scripts, text("key").
var keyUses = regexp.MustCompile(`\bt "([\w.]+)"|\btext\("(\w+)"`)

var placeholder = regexp.MustCompile(`\{\w+\}`)

func TestTexts(t *testing.T) {
	zh, en := slices.Sorted(maps.Keys(textsZH)), slices.Sorted(maps.Keys(textsEN))
	if !slices.Equal(zh, en) {
		t.Errorf("the languages have different keys:\n%q\n%q", zh, en)
	}
	for lang, table := range languages {
		for key, text := range table {
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s: %s is empty", lang, key)
			}
			if got, want := placeholders(text), placeholders(textsZH[key]); !slices.Equal(got, want) {
				t.Errorf("%s: %s has the placeholders %q, want %q", lang, key, got, want)
			}
		}
		for row := range strings.SplitSeq(table["sheet"], "|") {
			if n := utf8.RuneCountInString(row); n != 5 {
				t.Errorf("%s: a row of the sheet has %d cells, want 5: %q", lang, n, row)
			}
		}
	}
}

func placeholders(s string) []string {
	return slices.Sorted(slices.Values(placeholder.FindAllString(s, -1)))
}

// TestTextsUsed proves that pages and scripts use keys that exist, and that no
// text lies about unused.
func TestTextsUsed(t *testing.T) {
	used := map[string]bool{"sheet": true}
	read := func(fsys fs.FS) {
		err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			body, err := fs.ReadFile(fsys, path)
			for _, m := range keyUses.FindAllStringSubmatch(string(body), -1) {
				if m[1] != "" {
					used[m[1]] = true
				} else {
					used["js."+m[2]] = true
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	read(templateFiles)
	read(staticFiles)
	for _, page := range pageNames {
		used[page+".title"] = true
	}
	for key := range used {
		if _, ok := textsZH[key]; !ok {
			t.Errorf("%s is used and has no text", key)
		}
	}
	for key := range textsZH {
		if !used[key] {
			t.Errorf("%s is used nowhere", key)
		}
	}
}

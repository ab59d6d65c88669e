package smsfailover

import (
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// forms returns s as it is, and as it stands in quotes, in JSON with and without
// other characters than ASCII, in URLs and in HTML; all in lower case.
func forms(s string) []string {
	quoted := strconv.Quote(s)
	all := []string{
		s, quoted[1 : len(quoted)-1], url.QueryEscape(s), url.PathEscape(s), html.EscapeString(s),
	}
	if b, err := json.Marshal(s); err == nil {
		inJSON := string(b[1 : len(b)-1])
		all = append(all, inJSON, asciiJSON(inJSON))
	}
	for i := range all {
		all[i] = lower(all[i])
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// asciiJSON returns s, which is the inside of a JSON string, in ASCII.
func asciiJSON(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// lower returns s with small letters for those of ASCII, byte for byte.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

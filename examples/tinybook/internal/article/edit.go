package article

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ycvk/tinybook/examples/tinybook/internal/chars"
	"github.com/ycvk/tinybook/examples/tinybook/internal/fields"
)

// The names of the fields of a request.
const (
	fieldID      = "id"
	fieldTitle   = "title"
	fieldContent = "content"
	fieldVersion = "version"
	fieldOffset  = "offset"
	fieldLimit   = "limit"
	fieldAuthor  = "author"
	fieldKey     = "key"
	fieldCursor  = "cursor"
)

const (
	maxTitle    = 100    // characters
	maxContent  = 20_000 // characters
	maxAbstract = 128    // characters
	// maxBody is the bytes of a request: JSON may spell a character in 12, as two
	// halves such as \ud83d, and 4 KiB are left for what is around the texts.
	maxBody = 12*(maxTitle+maxContent) + 4<<10
)

// An Edit changes the text of an article. A nil field stays as it is.
type Edit struct {
	ID int64 // 0: a new article
	// Key is what a client chose for a new article, or empty. The same again is
	// the article that it made.
	Key     string
	Title   *string
	Content *string
	// Version is the one that the author has seen; nil changes any.
	Version *int64
}

// Texts that are pasted bring characters that nobody sees and nobody needs: marks
// of the byte order, places where words may or may not be broken. A text has one
// line end.
var (
	needless = strings.NewReplacer("\ufeff", "", "\u200b", "", "\u2060", "", "\u00ad", "")
	lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")
)

// normalize brings the fields into the form in which they are checked and stored:
// without what is needless and without space around a title, and with plain line
// ends.
func (e *Edit) normalize() {
	if e.Title != nil {
		*e.Title = strings.TrimSpace(needless.Replace(*e.Title))
	}
	if e.Content != nil {
		*e.Content = lineEnds.Replace(needless.Replace(*e.Content))
	}
}

// check finds everything that is wrong with the fields of a normalized edit that
// are there. A draft may be empty. A field that has a fault already isn't looked
// at.
func (e *Edit) check(f *fields.Errors) {
	if !f.Has(fieldKey) && !keyPattern.MatchString(e.Key) {
		f.Add(fieldKey, fields.Format)
	}
	if e.Title != nil && !f.Has(fieldTitle) {
		checkText(f, fieldTitle, *e.Title, maxTitle)
	}
	if e.Content != nil && !f.Has(fieldContent) {
		checkText(f, fieldContent, *e.Content, maxContent, chars.Breaks)
	}
}

func checkText(f *fields.Errors, field, text string, most int, allowed ...*unicode.RangeTable) {
	hidden, found := chars.Hidden(text, append(allowed, chars.Joiners, chars.Marks, chars.Selectors)...)
	switch {
	case utf8.RuneCountInString(text) > most:
		f.Add(field, fields.TooLong, most)
	case found:
		f.Add(field, fields.Character, hidden.Args()...)
	}
}

// checkComplete finds what an article lacks to be published.
func checkComplete(f *fields.Errors, a *Article) {
	for _, field := range []struct{ name, text string }{{fieldTitle, a.Title}, {fieldContent, a.Content}} {
		if !f.Has(field.name) && !strings.ContainsFunc(field.text, chars.IsSeen) {
			f.Add(field.name, fields.Required)
		}
	}
}

// apply puts the texts of e into a, and reports whether that changes a.
func (e *Edit) apply(a *Article) bool {
	before := *a
	if e.Title != nil {
		a.Title = *e.Title
	}
	if e.Content != nil {
		a.Content = *e.Content
	}
	return a.Title != before.Title || a.Content != before.Content
}

// abstract returns how content begins, for lists: on one line, cut after so many
// characters.
func abstract(content string) string {
	var b strings.Builder
	n := 0
	for word := range strings.FieldsSeq(content) {
		if b.Len() > 0 {
			b.WriteByte(' ')
			n++
		}
		for _, r := range word {
			if n >= maxAbstract {
				return strings.TrimSpace(b.String()) + "…"
			}
			b.WriteRune(r)
			n++
		}
	}
	return b.String()
}

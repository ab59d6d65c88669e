// Package chars tells characters that readers can see from those that they
// can't, for every text that one user writes and others read.
package chars

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// What can't be seen and is part of writing.
var (
	// Joiners are the two that Persian and the scripts of India are written with.
	// The second glues emoji together.
	Joiners = table('\u200c', joiner)
	// Breaks are what a text of several lines has between its words.
	Breaks = table('\t', '\n')
	// Marks put punctuation on the right side of words in Arabic and Hebrew.
	Marks = table('\u061c', '\u200e', '\u200f')
	// Selectors choose between shapes of the character before them, as in Japanese
	// names and Mongolian.
	Selectors = unicode.Variation_Selector
)

// table returns a table of characters that are in order.
func table(chars ...rune) *unicode.RangeTable {
	t := &unicode.RangeTable{}
	for _, r := range chars {
		t.R32 = append(t.R32, unicode.Range32{Lo: uint32(r), Hi: uint32(r), Stride: 1}) //nolint:gosec // no character is negative
	}
	return t
}

const (
	joiner        = '\u200d'
	emojiSelector = '\ufe0f' // asks for the picture of what stands before it
	keyCap        = '\u20e3'
	blankBraille  = '\u2800'
)

// pictographs are the characters that emoji sequences are made of, after
// Extended_Pictographic of the Unicode standard, which the library hasn't got.
var pictographs = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x00a9, 0x00a9, 1},
		{0x00ae, 0x00ae, 1},
		{0x203c, 0x203c, 1},
		{0x2049, 0x2049, 1},
		{0x2122, 0x2122, 1},
		{0x2139, 0x2139, 1},
		{0x2194, 0x2199, 1},
		{0x21a9, 0x21aa, 1},
		{0x231a, 0x231b, 1},
		{0x2328, 0x2328, 1},
		{0x23cf, 0x23cf, 1},
		{0x23e9, 0x23fa, 1},
		{0x24c2, 0x24c2, 1},
		{0x25aa, 0x25ab, 1},
		{0x25b6, 0x25b6, 1},
		{0x25c0, 0x25c0, 1},
		{0x25fb, 0x25fe, 1},
		{0x2600, 0x27bf, 1},
		{0x2934, 0x2935, 1},
		{0x2b05, 0x2b07, 1},
		{0x2b1b, 0x2b1c, 1},
		{0x2b50, 0x2b50, 1},
		{0x2b55, 0x2b55, 1},
		{0x3030, 0x3030, 1},
		{0x303d, 0x303d, 1},
		{0x3297, 0x3297, 1},
		{0x3299, 0x3299, 1},
	},
	R32: []unicode.Range32{
		{0x1f000, 0x1f1e5, 1},
		{0x1f200, 0x1f3fa, 1},
		{0x1f400, 0x1faff, 1},
	},
	LatinOffset: 2,
}

// skins colour the pictograph before them.
var skins = &unicode.RangeTable{R32: []unicode.Range32{{0x1f3fb, 0x1f3ff, 1}}}

// isHidden reports whether r can't be seen and can make text look like other
// text: control characters, marks that turn the direction of writing, line and
// paragraph separators, what Unicode says to leave out where it can't be shown,
// blanks that count as letters or symbols, and what stands for a broken byte.
func isHidden(r rune) bool {
	return r == utf8.RuneError || r == blankBraille || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// A Place is a character of a text, and where it is: nobody finds by looking what
// can't be seen. Lines and columns count from 1, columns in characters.
type Place struct {
	Char         rune
	Line, Column int
}

// Args returns p for the message of a fault.
func (p Place) Args() []any { return []any{p.Char, p.Line, p.Column} }

// Hidden returns the first hidden character of s that isn't in allowed and isn't
// at its place in an emoji, and reports whether there is one.
func Hidden(s string, allowed ...*unicode.RangeTable) (first Place, found bool) {
	runes := []rune(s)
	line, begins := 1, 0
	for i, r := range runes {
		if isHidden(r) && !unicode.In(r, allowed...) && !inEmoji(runes, i) {
			return Place{Char: r, Line: line, Column: i - begins + 1}, true
		}
		if r == '\n' {
			line, begins = line+1, i+1
		}
	}
	return Place{}, false
}

// inEmoji reports whether the character at i belongs where it is: a joiner
// between two pictographs, or a selector right after one or within a key cap.
func inEmoji(s []rune, i int) bool {
	at := func(i int) rune {
		if i < 0 || i >= len(s) {
			return 0
		}
		return s[i]
	}
	switch s[i] {
	case joiner:
		before := i - 1
		if at(before) == emojiSelector || unicode.Is(skins, at(before)) {
			before--
		}
		return unicode.Is(pictographs, at(before)) && unicode.Is(pictographs, at(i+1))
	case emojiSelector:
		return unicode.Is(pictographs, at(i-1)) || at(i+1) == keyCap && slices.Contains([]rune("#*0123456789"), at(i-1))
	default:
		return false
	}
}

// IsSeen reports whether r leaves a mark of its own.
func IsSeen(r rune) bool {
	return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.Is(unicode.M, r) && !isHidden(r)
}

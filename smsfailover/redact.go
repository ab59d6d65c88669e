package smsfailover

import (
	"errors"
	"strings"
	"unicode/utf8"
)

const (
	maxCause  = 256     // bytes of a cause that are kept
	maxText   = 4 << 10 // bytes of an error's text that are looked at
	mask      = "***"
	tellsWhom = 7 // so many digits of a number in a row are taken for it
	aCode     = 4 // so many digits are looked for however they are grouped
)

// A redacted error reads as text, and is err to errors.Is and errors.As. The
// text of err itself may hold the number or a code, so there is no Unwrap: who
// prints a chain of errors link by link must not come upon it.
type redacted struct {
	text string
	err  error
}

func (e *redacted) Error() string { return e.text }

// Is reports whether the error is target.
func (e *redacted) Is(target error) bool { return errors.Is(e.err, target) }

// As finds the error's type.
func (e *redacted) As(target any) bool { return errors.As(e.err, target) }

// redactError returns err with a text that tells neither the number nor the args
// of any of ms.
func redactError(err error, ms ...*Message) error {
	if err == nil {
		return nil
	}
	return &redacted{text: redact(err.Error(), ms...), err: err}
}

// redact returns text, which somebody else wrote about ms, without their numbers
// and args, in valid UTF-8 and at most maxCause bytes.
func redact(text string, ms ...*Message) string {
	whole := len(text) <= maxText
	text = text[:min(len(text), maxText)]
	secret, low := make([]bool, len(text)), lower(text)
	for _, m := range ms {
		markMessage(secret, low, m)
	}
	if !whole { // the last bytes may be the first of an arg
		for i := len(text); i > 0 && !secret[i-1]; i-- {
			secret[i-1] = true
		}
	}
	return cut(masked(text, secret), maxCause)
}

// withoutNumbers returns err with a text that has no digits that could be a
// number, for errors of the store: it is not known whom they are about.
func withoutNumbers(err error) error {
	text := err.Error()
	text = text[:min(len(text), maxText)]
	secret := make([]bool, len(text))
	markDigits(secret, text, func(got string) bool { return len(got) >= tellsWhom })
	return &redacted{text: cut(masked(text, secret), maxCause), err: err}
}

// markMessage marks m's number and args in text, which is in lower case.
func markMessage(secret []bool, text string, m *Message) {
	markNumber(secret, text, m.To)
	for _, arg := range m.Args {
		for _, form := range forms(arg) {
			markAll(secret, text, form)
		}
		if len(arg) >= aCode && digits(arg) == arg {
			markDigits(secret, text, func(got string) bool { return strings.Contains(got, arg) })
		}
	}
}

// markAll marks each s in text.
func markAll(secret []bool, text, s string) {
	if s == "" {
		return
	}
	for from := 0; ; {
		i := strings.Index(text[from:], s)
		if i < 0 {
			return
		}
		mark(secret[from+i : from+i+len(s)])
		from += i + 1
	}
}

func mark(part []bool) {
	for i := range part {
		part[i] = true
	}
}

// markNumber marks number in text, however it is grouped and with or without the
// code of its country.
func markNumber(secret []bool, text, number string) {
	for _, form := range forms(number) {
		markAll(secret, text, form)
	}
	want := digits(number)
	markDigits(secret, text, func(got string) bool { return tells(got, want) })
}

// markDigits marks the numbers in text that is says.
func markDigits(secret []bool, text string, is func(digits string) bool) {
	for i := 0; i < len(text); i++ {
		if !isDigit(text[i]) {
			continue
		}
		end := endOfNumber(text, i)
		if is(digits(text[i:end])) {
			mark(secret[i:end])
		}
		i = end
	}
}

// endOfNumber returns where the digits that start at i end, which may be grouped
// by up to two separators each time.
func endOfNumber(text string, i int) int {
	for end := i + 1; end < len(text) && end-i <= 3; end++ {
		switch {
		case isDigit(text[end]):
			i = end
		case strings.IndexByte(" -.()/", text[end]) < 0:
			return i + 1
		}
	}
	return i + 1
}

// tells reports whether got and want share digits enough to be one number.
func tells(got, want string) bool {
	for i := 0; i+tellsWhom <= len(want); i++ {
		if strings.Contains(got, want[i:i+tellsWhom]) {
			return true
		}
	}
	return false
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && isDigit(byte(r)) {
			return r
		}
		return -1
	}, s)
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// masked returns text with one mask for each run of what is secret.
func masked(text string, secret []bool) string {
	var b strings.Builder
	for i := range len(text) {
		switch {
		case !secret[i]:
			b.WriteByte(text[i])
		case i == 0 || !secret[i-1]:
			b.WriteString(mask)
		}
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD")
}

// cut returns the first n bytes of s, which is valid UTF-8, or a little less.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

package smsfailover

import (
	"cmp"
	"slices"
	"strings"
)

const (
	leastSecret = 3   // bytes; shorter args would mask half of any text
	leastRun    = 7   // digits in a row that may be a phone
	maxReason   = 200 // bytes of a provider's text
	maskMark    = "***"
)

// maskText returns the text of err without the number and args of the message:
// providers like to repeat what they were given.
func maskText(err error, args []string, number string) string {
	if err == nil {
		return ""
	}
	secrets := append([]string{number, strings.TrimPrefix(number, "+")}, args...)
	// Longest first: what is left of a long one must not be what follows a short.
	slices.SortFunc(secrets, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	text := err.Error()
	for _, s := range secrets {
		if len(s) >= leastSecret {
			text = strings.ReplaceAll(text, s, maskMark)
		}
	}
	return shorten(maskRuns(text))
}

// maskRuns masks long numbers: phones written in another way.
func maskRuns(text string) string {
	var b strings.Builder
	for text != "" {
		n := 0
		for n < len(text) && '0' <= text[n] && text[n] <= '9' {
			n++
		}
		switch {
		case n >= leastRun:
			b.WriteString(maskMark)
		case n == 0:
			n = 1
			fallthrough
		default:
			b.WriteString(text[:n])
		}
		text = text[n:]
	}
	return b.String()
}

func shorten(text string) string {
	if len(text) <= maxReason {
		return text
	}
	return strings.ToValidUTF8(text[:maxReason], "") + "..."
}

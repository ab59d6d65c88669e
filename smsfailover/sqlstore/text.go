package sqlstore

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Columns of bytes hold every string. PostgreSQL's are of text, which a person
// can read: what it can't hold, is stored as this and hexadecimal digits.
const hexPrefix = `\x`

// bytes returns s as a column holds it, one to one.
func (s *Store) bytes(v string) any {
	if !s.f.unsafeText {
		return []byte(v)
	}
	return safeText(v)
}

func safeText(v string) string {
	if utf8.ValidString(v) && !strings.Contains(v, "\x00") && !strings.HasPrefix(v, hexPrefix) {
		return v
	}
	return hexPrefix + hex.EncodeToString([]byte(v))
}

// string undoes bytes.
func (s *Store) string(v string) (string, error) {
	if !s.f.unsafeText || !strings.HasPrefix(v, hexPrefix) {
		return v, nil
	}
	raw, err := hex.DecodeString(v[len(hexPrefix):])
	if err != nil {
		return "", fmt.Errorf("a text of %d bytes: %w", len(v), err)
	}
	return string(raw), nil
}

// An arg is a string of JSON, or if it isn't valid UTF-8, which JSON can't hold,
// an object with its base64.
type arg string

type binaryArg struct {
	Base64 string `json:"base64"`
}

// MarshalJSON is part of json.Marshaler.
func (a arg) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(a)) {
		return json.Marshal(string(a))
	}
	return json.Marshal(binaryArg{base64.StdEncoding.EncodeToString([]byte(a))})
}

// UnmarshalJSON is part of json.Unmarshaler.
func (a *arg) UnmarshalJSON(text []byte) error {
	if text[0] == '"' {
		return json.Unmarshal(text, (*string)(a))
	}
	var b binaryArg
	if err := json.Unmarshal(text, &b); err != nil {
		return err
	}
	raw, err := base64.StdEncoding.DecodeString(b.Base64)
	*a = arg(raw)
	return err
}

// encodeArgs returns args in JSON, the same for nil and empty.
func encodeArgs(args []string) (string, error) {
	all := make([]arg, len(args))
	for i, a := range args {
		all[i] = arg(a)
	}
	text, err := json.Marshal(all)
	return string(text), err
}

// decodeArgs undoes encodeArgs. Its error tells nothing of the text.
func decodeArgs(text string) ([]string, error) {
	var plain []string
	if err := json.Unmarshal([]byte(text), &plain); err == nil { // as good as always
		if len(plain) == 0 {
			return nil, nil
		}
		return plain, nil
	}
	var all []arg
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, fmt.Errorf("args of %d bytes that are no JSON of ours: %T", len(text), err)
	}
	args := make([]string, len(all))
	for i, a := range all {
		args[i] = string(a)
	}
	return args, nil
}

// cut returns the first n bytes of s, or a few less where a rune would break.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := n; i >= 0 && i > n-utf8.UTFMax; i-- {
		if utf8.RuneStart(s[i]) {
			return s[:i]
		}
	}
	return s[:n]
}

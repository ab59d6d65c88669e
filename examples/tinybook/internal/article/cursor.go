package article

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
)

// A Cursor is a place in the feed: after the article of that time and id. The
// zero Cursor is before all of them. Articles that are published meanwhile don't
// move it.
type Cursor struct {
	At int64 // milliseconds of Unix time
	ID int64
}

var errCursor = errors.New("article: not a cursor")

const cursorVersion = 1

// String returns the cursor as text that is good in a query, and empty text for
// the zero Cursor.
func (c Cursor) String() string {
	if c == (Cursor{}) {
		return ""
	}
	b := []byte{cursorVersion}
	b = binary.AppendVarint(b, c.At)
	b = binary.AppendVarint(b, c.ID)
	return base64.RawURLEncoding.EncodeToString(b)
}

// ParseCursor returns what [Cursor.String] made text of, and an error for any other
// text.
func ParseCursor(text string) (Cursor, error) {
	if text == "" {
		return Cursor{}, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) == 0 || b[0] != cursorVersion {
		return Cursor{}, errCursor
	}
	b = b[1:]
	at, n := binary.Varint(b)
	if n <= 0 {
		return Cursor{}, errCursor
	}
	id, m := binary.Varint(b[n:])
	c := Cursor{At: at, ID: id}
	// One place has one text.
	if m <= 0 || at < 0 || id < 1 || c.String() != text {
		return Cursor{}, errCursor
	}
	return c, nil
}

package article // In the package: clients see a cursor as text only.

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCursorGoesThroughText(t *testing.T) {
	for _, c := range []Cursor{{}, {At: 0, ID: 1}, {At: 1_700_000_000_000, ID: 42}, {At: math.MaxInt64, ID: math.MaxInt64}} {
		got, err := ParseCursor(c.String())
		require.NoError(t, err)
		require.Equal(t, c, got)
	}
	for _, text := range []string{"x", "AA", "AQ", "AQA", "AgIC", "AQIB", "AQEC", "AQICAA", "AQIC=", "AQIC\n", "AYIAAg"} {
		_, err := ParseCursor(text)
		require.ErrorIs(t, err, errCursor, text)
	}
}

// Whatever a client sends is a cursor that says the same again, or none.
func FuzzParseCursor(f *testing.F) {
	f.Add("")
	f.Add(Cursor{At: 1, ID: 1}.String())
	f.Add("AQIC")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCursor(text)
		if err == nil && (c.String() != text || c.At < 0 || c.ID < 0) {
			t.Errorf("ParseCursor(%q) = %+v, which is %q", text, c, c.String())
		}
	})
}

func FuzzAbstract(f *testing.F) {
	f.Add("a b\nc")
	f.Fuzz(func(t *testing.T, content string) {
		if n := len([]rune(abstract(content))); n > maxAbstract+1 {
			t.Errorf("abstract(%q) has %d characters", content, n)
		}
	})
}

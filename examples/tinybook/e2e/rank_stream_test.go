package e2e_test

import (
	"bufio"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A stream is a client's side of server-sent events.
type stream struct{ lines *bufio.Scanner }

func newStream(body io.Reader) *stream { return &stream{bufio.NewScanner(body)} }

// event returns the next event, past comments.
func (s *stream) event(t *testing.T) (name, data string) {
	t.Helper()
	for s.lines.Scan() {
		field, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch field {
		case "event":
			name = value
		case "data":
			data = value
		case "":
			if data != "" {
				return name, data
			}
		}
	}
	require.NoError(t, s.lines.Err())
	t.Fatal("the stream has ended")
	return "", ""
}

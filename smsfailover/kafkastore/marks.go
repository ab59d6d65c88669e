package kafkastore

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
)

// A mark is what is known of one offset at or after the committed one. It travels
// in the metadata of the commit, so that a process that takes the partition over
// knows what was finished out of order, and how often each message was handed out
// before its workers died.
type mark uint8

const (
	untouched mark = 0
	mostClaim mark = 254 // marks up to it are numbers of claims
	finished  mark = 255
)

const (
	// maxWindow is how many marks surely fit: at worst each is a run of its own,
	// two bytes, which base64 makes 8/3, and brokers take 4096 by default.
	maxWindow     = 1500
	marksVersion1 = "1"
)

// encodeMarks returns marks, without the untouched ones at their end, as runs of
// the same mark: that, then the length as a uvarint.
func encodeMarks(marks []mark) string {
	for len(marks) > 0 && marks[len(marks)-1] == untouched {
		marks = marks[:len(marks)-1]
	}
	if len(marks) == 0 {
		return ""
	}
	var b []byte
	for at := 0; at < len(marks); {
		end := at + 1
		for end < len(marks) && marks[end] == marks[at] {
			end++
		}
		b = append(b, byte(marks[at]))
		b = binary.AppendUvarint(b, uint64(end-at))
		at = end
	}
	return marksVersion1 + base64.RawStdEncoding.EncodeToString(b)
}

// decodeMarks undoes encodeMarks.
func decodeMarks(s string) ([]mark, error) {
	if s == "" {
		return nil, nil
	}
	text, ok := strings.CutPrefix(s, marksVersion1)
	if !ok {
		return nil, fmt.Errorf("%w: marks of an unknown version", ErrRecord)
	}
	b, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: marks: %w", ErrRecord, err)
	}
	var marks []mark
	for len(b) > 0 {
		run, size := binary.Uvarint(b[1:])
		if size <= 0 || run == 0 || run > uint64(maxWindow-len(marks)) {
			return nil, fmt.Errorf("%w: marks: a run of %d", ErrRecord, run)
		}
		for range run {
			marks = append(marks, mark(b[0]))
		}
		b = b[1+size:]
	}
	return marks, nil
}

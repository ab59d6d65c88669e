package kafkax

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"

	"github.com/segmentio/kafka-go"
)

// Reasons are the values of the label reason, beside the names of Kafka's own
// error codes. They are few, whatever the texts of errors.
const (
	reasonTimeout      = "timeout"
	reasonNetwork      = "network"
	reasonCanceled     = "canceled"
	reasonClosed       = "closed"
	reasonTooLarge     = "too_large"
	reasonInvalidTopic = "invalid_topic"
	reasonOther        = "other"
	codeNone           = "none" // Kafka's own name of code 0
)

// A classifier turns errors into values of the label reason. A nil one is
// reasonOf; one that returns "" for an error leaves it to reasonOf.
type classifier func(error) string

func (c classifier) reason(err error) string {
	if c != nil {
		if s := c(err); s != "" {
			return s
		}
	}
	return reasonOf(err)
}

// reasonOf returns why a call failed, as a label. Of an error that is several at
// once, what Kafka answered counts before what the network or a context did, for
// kafka-go wraps the one in the other.
func reasonOf(err error) string {
	if _, ok := errors.AsType[kafka.MessageTooLargeError](err); ok {
		return reasonTooLarge
	}
	if code, ok := errors.AsType[kafka.Error](err); ok {
		return codeName(code)
	}
	switch {
	case errors.Is(err, context.Canceled):
		return reasonCanceled
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return reasonTimeout
	case errors.Is(err, io.ErrClosedPipe):
		return reasonClosed
	}
	return networkReason(err)
}

// networkReason tells the faults of a connection from the rest.
func networkReason(err error) string {
	nerr, ok := errors.AsType[net.Error](err)
	switch {
	case ok && nerr.Timeout():
		return reasonTimeout
	case ok, errors.Is(err, net.ErrClosed), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return reasonNetwork
	}
	if _, ok := errors.AsType[syscall.Errno](err); ok {
		return reasonNetwork
	}
	return reasonOther
}

// names holds what codeName has made: a code becomes a name once.
var names sync.Map // kafka.Error to string

// codeName returns Kafka's name of a code in snake case, such as
// "not_leader_for_partition", "none" for 0, and "other" for one that kafka-go
// doesn't know, so that no broker can invent labels.
func codeName(code kafka.Error) string {
	if code == 0 {
		return codeNone
	}
	if s, ok := names.Load(code); ok {
		return s.(string)
	}
	s := snake(code.Title())
	if s == "" {
		return reasonOther
	}
	names.Store(code, s)
	return s
}

// snake returns the words of a title in lower case, joined by "_": anything that
// is no letter or digit parts words.
func snake(title string) string {
	words := strings.FieldsFunc(strings.ToLower(title), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	return strings.Join(words, "_")
}

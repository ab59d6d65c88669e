package kafkax

import (
	"runtime"
	"strings"

	"github.com/segmentio/kafka-go"
)

// ErrorLogger returns a kafka.Logger for the ErrorLogger of a kafka.ReaderConfig:
// it counts errors that kafka-go tells nobody else, such as commits that fail at a
// CommitInterval, and passes everything on to next, which may be nil. Name and
// group are those of the reader.
//
// It sorts them by source: commit, group, fetch, or log for the rest. It knows the
// lines of the kafka-go that this module requires; a line of another one, whatever
// it says, counts as log, and only if it has an error. What an idle reader logs, a
// wait that ended without a message, isn't counted. It is safe for concurrent use.
//
// Its series go with the last reader of that name and group that is removed. It
// passes on what it gets after that and counts no more, and so does one that was
// made for the next reader already: make that after the Remove. Series of a name and
// group that no reader has stay. A name that is empty or not UTF-8 is taken as a
// label can show it.
func (m *Metrics) ErrorLogger(name, group string, next kafka.Logger) kafka.Logger {
	return &errorLog{scope: m.beside(clientKey{labelReader, name, group}), name: name, group: group, classify: m.config.classify, next: next}
}

type errorLog struct {
	scope       *scope
	name, group string
	classify    classifier
	next        kafka.Logger
}

// Printf implements kafka.Logger.
func (l *errorLog) Printf(format string, args ...any) {
	if err := firstError(args); err != nil {
		if source := sourceOf(format, err); source != "" {
			l.scope.counter(readerErrors, l.name, l.group, source, l.classify.reason(err)).inc()
		}
	}
	if l.next != nil {
		l.next.Printf(format, args...)
	}
}

func firstError(args []any) error {
	for _, a := range args {
		if err, ok := a.(error); ok {
			return err
		}
	}
	return nil
}

// sourceOf returns where an error comes from that was logged with format, or ""
// for what is no error or was counted already.
func sourceOf(format string, err error) string {
	switch {
	case format == "%v":
		return bareSource()
	case strings.Contains(format, "group"):
		return sourceGroup
	case strings.HasPrefix(format, "the kafka reader got an unknown error") && reasonOf(err) == reasonTimeout:
		return "" // the broker answers an empty wait about when kafka-go ends it
	case strings.Contains(format, "partition"):
		return sourceFetch
	}
	return sourceLog
}

// bareSource tells two errors apart that kafka-go logs as they are, by who calls: a
// commit at an interval that failed, and what the group has logged before.
func bareSource() string {
	var pcs [12]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		f, more := frames.Next()
		switch {
		case strings.Contains(f.Function, "commitLoopInterval"):
			return sourceCommit
		case strings.Contains(f.Function, "(*Reader).run"):
			return ""
		case !more:
			return sourceLog
		}
	}
}

package kafkax

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/segmentio/kafka-go"
)

// Logger returns a kafka.Logger for the Logger of a kafka.ReaderConfig, for one
// reader: from it a [Reader] learns what kafka-go says nowhere else, which
// partitions it has after a rebalance and what was committed at a CommitInterval.
// It passes everything on to next, which may be nil. Set [Metrics.ErrorLogger]
// too, for kafka-go logs errors here if it has no other place.
//
// It knows the lines of the kafka-go that this module requires; without them the
// Reader knows as little as without a logger.
func (m *Metrics) Logger(next kafka.Logger) kafka.Logger { return &readerLog{next: next} }

// The lines that count.
const (
	lineSubscribed = "subscribed to topics and partitions: %+v"
	lineCommitted  = "committed offsets for group %s: \n%s"
)

// A readerLog is what the log of a reader has told.
type readerLog struct {
	next       kafka.Logger
	generation atomic.Uint64 // grows when partitions are handed out

	mu        sync.Mutex
	owned     map[place]int64 // and where reading began
	committed map[place]int64
}

// Printf implements kafka.Logger.
func (l *readerLog) Printf(format string, args ...any) {
	switch {
	case format == lineSubscribed && len(args) == 1:
		l.subscribe(args[0])
	case format == lineCommitted && len(args) == 2:
		l.commit(fmt.Sprint(args[1]))
	}
	if l.next != nil {
		l.next.Printf(format, args...)
	}
}

// subscribe takes a map of kafka-go's own, of topic and partition to offset.
func (l *readerLog) subscribe(assignment any) {
	owned, ok := readAssignment(reflect.ValueOf(assignment))
	if !ok {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.owned, l.committed = owned, make(map[place]int64)
	l.generation.Add(1)
}

func readAssignment(m reflect.Value) (map[place]int64, bool) {
	if m.Kind() != reflect.Map || !m.Type().Elem().ConvertibleTo(reflect.TypeFor[int64]()) {
		return nil, false
	}
	owned := make(map[place]int64, m.Len())
	for it := m.MapRange(); it.Next(); {
		k := it.Key()
		if k.Kind() != reflect.Struct || k.NumField() != 2 || k.Field(0).Kind() != reflect.String || !k.Field(1).CanInt() {
			return nil, false
		}
		owned[place{k.Field(0).String(), int(k.Field(1).Int())}] = it.Value().Int()
	}
	return owned, true
}

// commit takes the list of what a commit has committed: a line for each topic,
// followed by one for each of its partitions.
func (l *readerLog) commit(report string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.committed == nil {
		l.committed = make(map[place]int64)
	}
	topic := ""
	for line := range strings.Lines(report) {
		line = strings.TrimRight(line, "\n")
		if name, ok := strings.CutPrefix(line, "\ttopic: "); ok {
			topic = name
			continue
		}
		var at place
		var offset int64
		if n, _ := fmt.Sscanf(line, "\t\tpartition %d: %d", &at.partition, &offset); n == 2 {
			at.topic = topic
			l.committed[at] = offset
		}
	}
}

// start returns where reading of a partition began, and whether the reader has it.
func (l *readerLog) start(at place) (offset int64, owned bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	offset, owned = l.owned[at]
	return offset, owned
}

// lastCommit returns what is committed of a partition in this generation.
func (l *readerLog) lastCommit(at place) (offset int64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	offset, ok = l.committed[at]
	return offset, ok
}

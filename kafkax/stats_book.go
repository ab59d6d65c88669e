package kafkax

import (
	"runtime"
	"sync"
	"weak"

	"github.com/segmentio/kafka-go"
)

// The accumulators of the process.
var (
	writers = newBook[kafka.Writer](foldWriter)
	readers = newBook[kafka.Reader](foldReader)
)

// A book finds the accumulator of a client. It doesn't keep the client alive,
// and forgets it when it is gone.
type book[C, S any] struct {
	fold func(into, delta *S)

	mu   sync.Mutex
	accs map[weak.Pointer[C]]*accumulator[S]
}

func newBook[C, S any](fold func(into, delta *S)) *book[C, S] {
	return &book[C, S]{fold: fold, accs: map[weak.Pointer[C]]*accumulator[S]{}}
}

func (b *book[C, S]) of(client *C) *accumulator[S] {
	key := weak.Make(client)
	b.mu.Lock()
	defer b.mu.Unlock()
	acc := b.accs[key]
	if acc == nil {
		acc = &accumulator[S]{fold: b.fold}
		b.accs[key] = acc
		runtime.AddCleanup(client, b.forget, key)
	}
	return acc
}

func (b *book[C, S]) forget(key weak.Pointer[C]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.accs, key)
}

func writerFeed(w *kafka.Writer) *feed[kafka.WriterStats] { return newFeed(w, writers.of(w)) }

func readerFeed(r *kafka.Reader) *feed[kafka.ReaderStats] { return newFeed(r, readers.of(r)) }

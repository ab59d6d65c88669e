package kafkax

import (
	"unicode/utf8"

	"github.com/segmentio/kafka-go"
)

// ObserveWriter shows what w counts, its attempts, retries and times, under
// writer=name, until remove is called; calling it again does nothing. A writer
// with a name that another one has adds to the same series, and the same writer
// under the same name is counted once. Metrics holds w until then. The last remove
// of a name takes the series of its [Metrics.DialFunc] and [Metrics.RoundTripper]
// too.
//
// Use [Metrics.Writer] for the outcome and latency of every message. A name that
// is empty or not UTF-8, or a nil w, is [ErrInput].
func (m *Metrics) ObserveWriter(name string, w *kafka.Writer) (remove func(), err error) {
	if err := checkClient("ObserveWriter", name, w == nil); err != nil {
		return nil, err
	}
	return m.watchWriter(name, w), nil
}

// ObserveReader shows what r counts, its fetches, rebalances and queue, under
// reader=name, until remove is called; calling it again does nothing. A reader
// with the name and group of another one adds to the same series, and the same
// reader under the same name is counted once. Metrics holds r until then, and the
// last remove of a name and group takes the series of its [Metrics.ErrorLogger] too.
// For a reader of one partition it shows the lag.
//
// Use [Metrics.Reader] for latencies, offsets and results. A name that is empty
// or not UTF-8, or an r that is nil or not made by kafka.NewReader, is [ErrInput].
func (m *Metrics) ObserveReader(name string, r *kafka.Reader) (remove func(), err error) {
	if err := checkReader("ObserveReader", name, r); err != nil {
		return nil, err
	}
	return m.watchReader(name, r, true), nil
}

func (m *Metrics) watchWriter(name string, w *kafka.Writer) (remove func()) {
	stats := m.watches.add(watchKey{name, w}, func() *watch {
		return watchWriter(m.reg.scope(), name, w)
	})
	leave := m.besides.join(clientKey{labelWriter, name, ""})
	return func() { stats(); leave() }
}

func (m *Metrics) watchReader(name string, r *kafka.Reader, lag bool) (remove func()) {
	stats := m.watches.add(watchKey{name, r}, func() *watch {
		return watchReader(m.reg.scope(), name, r, lag)
	})
	leave := m.besides.join(clientKey{labelReader, name, r.Config().GroupID})
	return func() { stats(); leave() }
}

// checkReader is checkClient for a reader, which must come from kafka.NewReader: the
// zero one has no Stats to ask.
func checkReader(call, name string, r *kafka.Reader) error {
	err := checkClient(call, name, r == nil)
	if err == nil && len(r.Config().Brokers) == 0 {
		err = invalid("%s: the client %q isn't made by kafka.NewReader", call, name)
	}
	return err
}

func checkClient(call, name string, isNil bool) error {
	switch {
	case name == "":
		return invalid("%s: the name is empty", call)
	case !utf8.ValidString(name):
		return invalid("%s: the name %q is not UTF-8", call, name)
	case isNil:
		return invalid("%s: the client %q is nil", call, name)
	}
	return nil
}

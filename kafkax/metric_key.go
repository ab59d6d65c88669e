package kafkax

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// keySeparator is not UTF-8, so no label value contains it.
const keySeparator = '\xff'

// key appends the name of a series in its family: the values that its labels
// will have, each followed by a separator.
func (r *registry) key(to []byte, id metricID, values []string) []byte {
	f := r.families[id]
	checkCount(f.def, len(values))
	for i := range f.names {
		to = append(to, r.value(f.names[i], values[i])...)
		to = append(to, keySeparator)
	}
	return to
}

// value returns what a label shows: valid UTF-8, without which a whole scrape
// fails, and no more topics than the limit.
func (r *registry) value(name, value string) string {
	if !utf8.ValidString(value) {
		value = strings.ToValidUTF8(value, "\uFFFD")
	}
	if name == labelTopic {
		return r.topics.label(value)
	}
	return value
}

// checkCount panics where code and table disagree on the number of labels.
func checkCount(d *def, got int) {
	want := len(d.labels)
	if d.partition {
		want++
	}
	if got != want {
		panic(fmt.Sprintf("kafkax: %s takes %d label values, not %d", d.name, want, got))
	}
}

func splitKey(key string) []string {
	return strings.Split(strings.TrimSuffix(key, string([]byte{keySeparator})), string([]byte{keySeparator}))
}

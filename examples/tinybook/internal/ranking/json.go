package ranking

import (
	"encoding/json"
	"strconv"
	"time"
)

// encoded are items in JSON with commas between them, made once for all who ask.
// ends are where each of them ends.
type encoded struct {
	text []byte
	ends []int
}

func encode(items []Item) (encoded, error) {
	var e encoded
	for i := range items {
		if i > 0 {
			e.text = append(e.text, ',')
		}
		one, err := json.Marshal(&items[i])
		if err != nil {
			return encoded{}, err
		}
		e.text = append(e.text, one...)
		e.ends = append(e.ends, len(e.text))
	}
	return e, nil
}

// first returns the first n items.
func (e encoded) first(n int) []byte {
	if n == 0 {
		return nil
	}
	end := e.ends[n-1]
	return e.text[:end:end]
}

// AppendJSON implements web.Appender: it appends what encoding/json makes of p, but
// only copies the items.
func (p Places) AppendJSON(b []byte) []byte {
	b = append(b, `{"items":[`...)
	b = append(b, p.text...)
	b = append(b, `],"asOf":"`...)
	b = p.AsOf.AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","stale":`...)
	b = strconv.AppendBool(b, p.Stale)
	return append(b, '}')
}

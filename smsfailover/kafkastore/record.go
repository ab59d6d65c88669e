package kafkastore

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// A record is what a job is in a topic. Each time it moves on it is written anew,
// with a higher seq.
type record struct {
	job smsfailover.Job // Token and LeaseUntil are of a claim that Enqueue was given
	// lineage names the message through all its copies; it is random. Of two
	// copies the one with the higher seq counts.
	lineage string
	seq     uint64
	over    bool      // the message is finished: this only says so
	hold    string    // the token under which the index holds the job, if there is one
	written time.Time // when this copy was written
}

const (
	recordVersion = 1
	lineageSize   = 16
)

// Bits of a record's flags.
const (
	flagSealed = 1 << iota
	flagOver
	flagNotAfter
	flagLeased
	flagsKnown = flagSealed | flagOver | flagNotAfter | flagLeased
)

func newLineage() string {
	var b [lineageSize]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return string(b[:])
}

// newToken returns a token that nobody else has.
func newToken() string { return hex.EncodeToString([]byte(newLineage())) }

// A key is what two messages share of which only the newer one goes out. It names
// the partition, and is the Kafka key: the number isn't in it in clear.
type key [8]byte

func keyOf(tplID, to string) key {
	h := sha256.New()
	var n [4]byte
	binary.BigEndian.PutUint32(n[:], uint32(len(tplID)))
	h.Write(n[:])
	h.Write([]byte(tplID))
	h.Write([]byte(to))
	return key(h.Sum(nil))
}

func (k key) text() []byte { return hex.AppendEncode(nil, k[:]) }

func (k key) partition(of int) int { return int(binary.BigEndian.Uint64(k[:]) % uint64(of)) }

// maxLastErr bounds what a provider wrote, which every copy carries.
const maxLastErr = 4 << 10

// encode returns r in the version of this package: that, the flags, and the
// fields one after the other. Times are nanoseconds of the brokers' clock.
func (r *record) encode(c *clock) []byte {
	j := &r.job
	b := make([]byte, 0, 160+len(j.ID)+len(j.LastErr))
	b = append(b, recordVersion, r.flags())
	b = append(b, r.lineage...)
	b = binary.AppendUvarint(b, r.seq)
	b = appendTime(b, c, r.written)
	for _, s := range []string{r.hold, j.ID, j.TplID, j.To, j.IdemKey, j.LastErr[:min(len(j.LastErr), maxLastErr)], j.Token} {
		b = appendString(b, s)
	}
	b = binary.AppendUvarint(b, uint64(len(j.Args)))
	for _, a := range j.Args {
		b = appendString(b, a)
	}
	b = binary.AppendVarint(b, int64(j.Priority))
	b = binary.AppendVarint(b, int64(j.Attempt))
	b = binary.AppendVarint(b, int64(j.Claims))
	b = binary.AppendVarint(b, int64(j.Prev))
	b = appendTime(b, c, j.Due)
	b = appendTime(b, c, j.Enqueued)
	if !j.NotAfter.IsZero() {
		b = appendTime(b, c, j.NotAfter)
	}
	if !j.LeaseUntil.IsZero() {
		b = appendTime(b, c, j.LeaseUntil)
	}
	return b
}

func (r *record) flags() (f byte) {
	if r.job.Sealed {
		f |= flagSealed
	}
	if r.over {
		f |= flagOver
	}
	if !r.job.NotAfter.IsZero() {
		f |= flagNotAfter
	}
	if !r.job.LeaseUntil.IsZero() {
		f |= flagLeased
	}
	return f
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendTime(b []byte, c *clock, t time.Time) []byte {
	return binary.AppendVarint(b, c.toBroker(t))
}

// isNewer reports whether b is of a later version of this package, which a process
// that is older than others may meet. It is left for them.
func isNewer(b []byte) bool { return len(b) > 0 && b[0] > recordVersion }

// decodeRecord undoes encode. What it returns shares no memory with b.
func decodeRecord(c *clock, b []byte) (*record, error) {
	d := decoder{rest: b}
	if v := d.byte(); v != recordVersion && !d.bad {
		return nil, fmt.Errorf("%w: version %d", ErrRecord, v)
	}
	flags := d.byte()
	r := &record{over: flags&flagOver != 0}
	j := &r.job
	j.Sealed = flags&flagSealed != 0
	r.lineage = string(d.take(lineageSize))
	r.seq = d.uvarint()
	r.written = d.time(c)
	for _, s := range []*string{&r.hold, &j.ID, &j.TplID, &j.To, &j.IdemKey, &j.LastErr, &j.Token} {
		*s = d.string()
	}
	j.Args = d.strings()
	j.Priority, j.Attempt, j.Claims = d.int(), d.int(), d.int()
	j.Prev = time.Duration(d.varint())
	j.Due, j.Enqueued = d.time(c), d.time(c)
	if flags&flagNotAfter != 0 {
		j.NotAfter = d.time(c)
	}
	if flags&flagLeased != 0 {
		j.LeaseUntil = d.time(c)
	}
	if d.bad || len(d.rest) > 0 || flags&^flagsKnown != 0 {
		return nil, fmt.Errorf("%w: %d bytes", ErrRecord, len(b))
	}
	return r, nil
}

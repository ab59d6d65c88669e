package sqlstore

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

const (
	maxToken   = 128
	maxOwner   = 128
	maxLastErr = 1024
)

// An item is a job on its way into the store.
type item struct {
	smsfailover.Job
	at     int    // its place in the call
	args   string // as the column holds them
	dedupe string // the bytes of a hash
	idem   string // the bytes of a hash; "" without an IdemKey
}

func newItem(at int, j smsfailover.Job) (*item, error) {
	if j.ID == "" {
		return nil, fmt.Errorf("%w: Message.ID is empty", smsfailover.ErrInput)
	}
	if err := j.Validate(); err != nil {
		return nil, err
	}
	if n := len(j.Token); n > maxToken {
		return nil, fmt.Errorf("%w: Job.Token has %d bytes, want %d at most", smsfailover.ErrInput, n, maxToken)
	}
	args, err := encodeArgs(j.Args)
	if err != nil {
		return nil, err
	}
	it := &item{Job: j, at: at, args: args, dedupe: hash(j.TplID, j.To)}
	if j.IdemKey != "" {
		it.idem = hash(j.IdemKey)
	}
	return it, nil
}

// hash returns the bytes of a SHA-256. Hashes are what unique indexes hold, since
// a server quotes them in its errors.
func hash(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(p)))
		h.Write(size[:])
		h.Write([]byte(p))
	}
	return string(h.Sum(nil))
}

func (it *item) band() int { return min(max(it.Priority, -1), 1) }

// A turn is when a job may be claimed, and who has it until then.
type turn struct {
	claims     int
	notBefore  int64 // when the job itself may go
	due        int64 // when it is its turn: then, or when the lease ends
	leaseUntil any   // the rest is nil for a job that nobody holds
	token      any
	holder     any // the ID of the older job that is claimed; nil: this one is
	owner      any
}

// turn returns the item's own.
func (s *Store) turn(it *item, now int64, k skew) turn {
	t := turn{claims: it.Claims, notBefore: now}
	if !it.Due.IsZero() {
		t.notBefore = max(now, k.server(it.Due))
	}
	t.due = t.notBefore
	if until := k.server(it.LeaseUntil); it.Token != "" && !it.LeaseUntil.IsZero() && until > now {
		t.due, t.leaseUntil, t.token = until, until, s.bytes(it.Token)
	}
	return t
}

// itemColumns are those that values fills, in its order.
var itemColumns = []string{
	"id", "tpl", "recipient", "idem_key", "args", "sealed", "priority", "not_after",
	"attempt", "claims", "prev", "last_err", "enqueued", "state", "band", "dedupe",
	"not_before", "due", "lease_until", "token", "holder", "owner",
}

func (s *Store) values(it *item, t turn, now int64, k skew) []any {
	return []any{
		s.bytes(it.ID), s.bytes(it.TplID), s.bytes(it.To), s.bytes(it.IdemKey), s.bytes(it.args),
		flag(it.Sealed), int64(it.Priority), timeOrNull(it.NotAfter, k),
		int64(it.Attempt), int64(t.claims), int64(it.Prev), s.bytes(cut(it.LastErr, maxLastErr)),
		now, live, it.band(), []byte(it.dedupe),
		t.notBefore, t.due, t.leaseUntil, t.token, t.holder, t.owner,
	}
}

// The states of a job.
const (
	live = 0
	dead = 1
)

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func timeOrNull(t time.Time, k skew) any {
	if t.IsZero() {
		return nil
	}
	return k.server(t)
}

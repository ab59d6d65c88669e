package sqlstore

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// rowColumns are those that a row scans, in its order.
const rowColumns = "id, tpl, recipient, idem_key, args, sealed, priority, not_after, " +
	"attempt, claims, prev, last_err, enqueued, not_before"

// A row is a job as the columns hold it.
type row struct {
	id, tpl, to, idemKey, args string
	sealed                     bool
	priority, attempt, claims  int
	prev                       int64
	lastErr                    string
	notAfter                   sql.NullInt64
	enqueued, notBefore        int64
}

// fields returns where rowColumns are scanned to.
func (r *row) fields() []any {
	return []any{
		&r.id, &r.tpl, &r.to, &r.idemKey, &r.args, &r.sealed, &r.priority, &r.notAfter,
		&r.attempt, &r.claims, &r.prev, &r.lastErr, &r.enqueued, &r.notBefore,
	}
}

// job returns what r holds, with the caller's times. With an error it returns
// what can be read.
func (s *Store) job(r *row, k skew) (smsfailover.Job, error) {
	var errs []error
	text := func(v string) string {
		out, err := s.string(v)
		if err != nil {
			errs = append(errs, err)
		}
		return out
	}
	j := smsfailover.Job{
		Message: smsfailover.Message{
			ID: text(r.id), TplID: text(r.tpl), To: text(r.to), IdemKey: text(r.idemKey),
			Priority: r.priority,
		},
		Sealed:   r.sealed,
		Attempt:  r.attempt,
		Claims:   r.claims,
		Prev:     time.Duration(r.prev),
		LastErr:  text(r.lastErr),
		Due:      k.local(r.notBefore),
		Enqueued: k.local(r.enqueued),
	}
	if r.notAfter.Valid {
		j.NotAfter = k.local(r.notAfter.Int64)
	}
	args, err := decodeArgs(text(r.args))
	if err != nil || errs != nil {
		return j, fmt.Errorf("a row that isn't ours: %w", errors.Join(append(errs, err)...))
	}
	j.Args = args
	return j, nil
}

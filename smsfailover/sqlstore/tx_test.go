package sqlstore_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/sqlstore"
)

// A fakeLite is a connection of SQLite as far as transactions go. cancel is called
// while the statement that starts with at runs.
type fakeLite struct {
	at     string
	cancel func()

	began     bool
	committed bool
}

var errNoTx = errors.New("cannot rollback: no transaction is active")

func (l *fakeLite) answer(text string) ([]int64, error) {
	word, _, _ := strings.Cut(text, " ")
	switch word {
	case "BEGIN":
		if l.began {
			return nil, errors.New("cannot start a transaction within a transaction")
		}
		l.began = true
	case "ROLLBACK":
		if !l.began {
			return nil, errNoTx
		}
		l.began = false
	case "COMMIT":
		l.began, l.committed = false, true
	case "INSERT":
		l.began = l.began && (l.at != word || l.cancel == nil) // one that is interrupted ends the transaction
	}
	if l.at != "" && strings.HasPrefix(text, l.at) && l.cancel != nil {
		l.cancel()
		l.cancel = nil
	}
	return nil, nil
}

// A context that ends in the middle of a transaction ends the transaction, and
// costs no connection: in memory that would be the database. Only at COMMIT it
// comes too late, and the call says so by its nil.
func TestContextEndsInATransaction(t *testing.T) {
	job := smsfailover.Job{Message: smsfailover.Message{ID: "id", TplID: "login", To: "1"}}
	for _, at := range []string{"BEGIN IMMEDIATE", "SELECT", "INSERT", "COMMIT"} {
		t.Run(at, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			l := &fakeLite{at: at, cancel: cancel}
			f := &fake{answer: l.answer}
			s, err := sqlstore.New(f.open(t), sqlstore.SQLite)
			require.NoError(t, err)
			_, err = s.Enqueue(ctx, job)
			if at == "COMMIT" {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, context.Canceled)
			}
			require.Equal(t, at == "COMMIT", l.committed)
			require.False(t, l.began, "the connection is still in its transaction: %q", f.seen)
			_, err = s.Enqueue(t.Context(), job)
			require.NoError(t, err, "the next call")
			require.Equal(t, 1, f.conns, "%q", f.seen)
		})
	}
}

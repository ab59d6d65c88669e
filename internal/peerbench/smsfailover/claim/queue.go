// Package claim puts the claims of smsfailover/sqlstore beside those of
// riverqueue/river, on one PostgreSQL server.
//
// A claim of ours is one statement through database/sql and pgx: it locks up to n
// ready jobs by three searches of one index, one per band of priority, passing by
// those that others hold; writes due, lease_until, token, holder, owner and claims;
// and returns the messages. Two indexes hold what it writes.
//
// River's JobGetAvailable is one statement through pgx itself: it locks up to n
// jobs by one search of an index on state, queue, priority, time and id; writes
// state, attempt, attempted_at and attempted_by; and returns the jobs. A job that
// a dead worker holds is found by another part of river, an hour later by default,
// and one that is delayed is made available by a third; ours are claimed when
// they are due.
package claim

import (
	"context"
	"fmt"
)

// A Queue is one to compare.
type Queue interface {
	// Fill puts n jobs that are ready into the queue, numbered from first.
	Fill(ctx context.Context, first, n int) error
	// Claim claims up to n jobs and returns their numbers.
	Claim(ctx context.Context, n int) ([]int, error)
	// Clear empties the queue, and lets the server look at its tables.
	Clear(ctx context.Context) error
	// Backends returns the server's processes that work for the queue.
	Backends(ctx context.Context) ([]int, error)
	Close()
}

// An Impl opens a queue with so many connections on an empty database.
type Impl struct {
	Name string
	Open func(ctx context.Context, dsn string, conns int) (Queue, error)
}

// Impls returns the queues. The first is ours.
func Impls() []Impl { return []Impl{{"sqlstore", openOurs}, {"river", openRiver}} }

// Backends of a database are told by its name.
const backendsText = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"

const country = "+86138"

// args are what both keep of a message.
type args struct {
	N         int      `json:"n"`
	TplID, To string   `json:",omitempty"`
	Args      []string `json:"args"`
}

func newArgs(n int) args {
	return args{N: n, TplID: "login", To: fmt.Sprintf("%s%08d", country, n), Args: []string{fmt.Sprintf("%06d", n%1e6), "10"}}
}

// Kind is part of river.JobArgs.
func (args) Kind() string { return "sms" }

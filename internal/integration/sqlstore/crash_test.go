package sqlstore_test

import (
	"testing"
	"time"

	"github.com/ycvk/tinybook/internal/integration/sqldb"
	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/storetest"
)

// Trap smsfailover/2: a process that is killed anywhere between Enqueue and Done
// loses nothing, on every database. The next process opens the same one.
func TestKilledProcesses(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e sqldb.Engine) {
		storetest.Crash(t, storetest.CrashConfig{
			Setup: func(t *testing.T) string {
				d := sqldb.Start(t, e)
				open(t, d) // migrates
				t.Log(d.Version(t))
				return d.DSN
			},
			Open: func(t *testing.T, dsn string) smsfailover.Store {
				d := sqldb.DB{Engine: e, Driver: driverOf[e], DSN: dsn}
				s, _ := open(t, &d)
				return s
			},
			Lease: 500 * time.Millisecond,
			Poll:  50 * time.Millisecond,
		})
	})
}

var driverOf = map[sqldb.Engine]string{
	sqldb.SQLite: "sqlite", sqldb.MySQL: "mysql", sqldb.MariaDB: "mysql", sqldb.Postgres: "pgx",
}

// A database that is killed and comes back, twice, while workers and senders are
// at it: what was accepted is claimed and done, and only what was claimed when the
// database went comes more than once.
func TestKilledServer(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e sqldb.Engine) {
		if e == sqldb.SQLite {
			return // it has no server; see TestKilledProcesses
		}
		d := sqldb.Start(t, e)
		s, _ := open(t, d)
		r := newRun(s)
		stop := r.start(t, 3, 2)
		for range 2 {
			r.waitFor(t, "work between kills", r.accepted()+300)
			d.Server.Kill()
			d.Server.Restart()
		}
		r.waitFor(t, "work after the last kill", r.accepted()+300)
		stop()
		r.requireAllDone(t)
	})
}

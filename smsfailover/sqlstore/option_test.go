package sqlstore_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/sqlstore"
)

func TestBadOptions(t *testing.T) {
	long := strings.Repeat("a", 41)
	bad := map[string]sqlstore.Option{
		"option 0 is nil":                            nil,
		`WithPrefix(""): want 1 to 40 letters`:       sqlstore.WithPrefix(""),
		`WithPrefix("9a"): want`:                     sqlstore.WithPrefix("9a"),
		`WithPrefix("a-b"): want`:                    sqlstore.WithPrefix("a-b"),
		`WithPrefix("a;DROP TABLE x"): want`:         sqlstore.WithPrefix("a;DROP TABLE x"),
		`WithPrefix("ä"): want`:                      sqlstore.WithPrefix("ä"),
		`WithPrefix("a{jobs}"): want`:                sqlstore.WithPrefix("a{jobs}"),
		`WithPrefix("` + long + `"): want`:           sqlstore.WithPrefix(long),
		"WithIdemRetention(23h59m59s): want 24h0m0s": sqlstore.WithIdemRetention(24*time.Hour - time.Second),
		"WithIdemRetention(87841h0m0s): want":        sqlstore.WithIdemRetention(10*366*24*time.Hour + time.Hour),
		"WithPatience(-1ns): want 0":                 sqlstore.WithPatience(-1),
	}
	db := (&fake{}).open(t)
	var all []sqlstore.Option
	for want, opt := range bad {
		_, err := sqlstore.New(db, sqlstore.MySQL, opt)
		require.ErrorIs(t, err, smsfailover.ErrInput)
		require.ErrorContains(t, err, want)
		_, err = sqlstore.Schema(sqlstore.MySQL, opt)
		require.ErrorContains(t, err, want)
		if opt != nil {
			all = append(all, opt)
		}
	}
	_, err := sqlstore.New(nil, sqlstore.Dialect(9), all...)
	for want, opt := range bad {
		if opt != nil {
			require.ErrorContains(t, err, want, "all faults in one error")
		}
	}
	require.ErrorContains(t, err, "the *sql.DB is nil")
	require.ErrorContains(t, err, "Dialect(9): want MySQL, MariaDB")
}

func TestGoodOptions(t *testing.T) {
	db := (&fake{}).open(t)
	for _, prefix := range []string{"a", "_", "Sms_2_", strings.Repeat("z", 40)} {
		_, err := sqlstore.New(db, sqlstore.SQLite, sqlstore.WithPrefix(prefix),
			sqlstore.WithIdemRetention(smsfailover.IdemRetention), sqlstore.WithPatience(0))
		require.NoError(t, err)
	}
}

func TestDialectNames(t *testing.T) {
	require.Equal(t, "MySQL MariaDB PostgreSQL SQLite Dialect(0)", strings.Join([]string{
		sqlstore.MySQL.String(), sqlstore.MariaDB.String(), sqlstore.PostgreSQL.String(), sqlstore.SQLite.String(),
		sqlstore.Dialect(0).String(),
	}, " "))
}

// Every statement may be run again, and no word is left that stands for another.
func TestSchema(t *testing.T) {
	for _, d := range []sqlstore.Dialect{sqlstore.MySQL, sqlstore.MariaDB, sqlstore.PostgreSQL, sqlstore.SQLite} {
		statements, err := sqlstore.Schema(d, sqlstore.WithPrefix("notify_"))
		require.NoError(t, err)
		all := strings.Join(statements, "\n")
		for _, s := range statements {
			require.Regexp(t, `^CREATE (TABLE|INDEX|UNIQUE INDEX) IF NOT EXISTS notify_\w+`, s)
		}
		require.NotRegexp(t, `[{}]|--|sms_`, all)
		for _, name := range []string{"jobs", "idem", "claim", "dedupe", "holder", "expires"} {
			require.Regexp(t, regexp.MustCompile(`\bnotify_`+name+`\b`), all)
		}
	}
}

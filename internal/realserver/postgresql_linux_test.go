package realserver_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
)

// A system keeps only some thousands of these segments, and the processes of a
// killed server hold on to its data.
func TestKilledPostgreSQLLeavesNothingInTheSystem(t *testing.T) {
	pg := databases[2]
	s := pg.start(t)
	lock, err := os.ReadFile(filepath.Join(s.Dir, "data", "postmaster.pid"))
	require.NoError(t, err)
	segment := strings.Fields(strings.Split(string(lock), "\n")[6])[1]
	inList := regexp.MustCompile(`(?m)^\s*-?\d+\s+` + segment + `\s`)
	segments := func() string {
		text, err := os.ReadFile("/proc/sysvipc/shm")
		require.NoError(t, err)
		return string(text)
	}
	require.Regexp(t, inList, segments())
	pids := strings.Fields(pg.mustAsk(t, s, "SELECT pid FROM pg_stat_activity WHERE backend_type <> 'client backend'"))
	require.Greater(t, len(pids), 3)

	s.Kill()
	require.NotRegexp(t, inList, segments())
	for _, pid := range pids {
		require.False(t, runs(pid), "process %s still runs", pid)
	}
}

// runs reports whether a process is there and not merely waiting to be buried.
func runs(pid string) bool {
	status, err := os.ReadFile("/proc/" + pid + "/status")
	return err == nil && !regexp.MustCompile(`(?m)^State:\s+[ZX]`).Match(status)
}

func TestPostgreSQLTakesArgs(t *testing.T) {
	pg := databases[2]
	s := realserver.PostgreSQL(t, "-c", "max_connections=42")
	require.Equal(t, "42", pg.mustAsk(t, s, "SHOW max_connections"))
	require.Equal(t, "on", pg.mustAsk(t, s, "SHOW fsync"))
}

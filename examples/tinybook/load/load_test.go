package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
)

// needed are the programs that the command starts.
func needed(t *testing.T) {
	t.Helper()
	for name, find := range map[string]func() (string, error){
		"wrk": findWrk, "kafka": realserver.FindKafka, "mysql": realserver.MySQLSpec().Find,
		"redis-server": realserver.InPath("redis-server"),
	} {
		if _, err := find(); err != nil {
			realserver.Missing(t, name, err)
		}
	}
}

// The whole command, with the application in a process of its own: all targets
// answer alike, none fails, and what they cost is where it belongs.
func TestCommandMeasuresEveryTarget(t *testing.T) {
	needed(t)
	state := filepath.Join(t.TempDir(), "load.jsonl")
	var out strings.Builder
	args := []string{"-articles", "300", "-c", "4", "-rounds", "1", "-d", "1s", "-quiet", "1", "-state", state}
	require.NoError(t, command(t.Context(), args, &out), out.String())
	require.NoFileExists(t, state)

	cpuOf := map[string][]string{} // application, redis-server, mysqld
	for line := range strings.Lines(out.String()) {
		cells := strings.Split(strings.Trim(line, "|\n "), " | ")
		if len(cells) == 10 && cells[0] == "300" {
			require.Equal(t, "0", cells[6], "errors of %s", cells[2])
			cpuOf[cells[2]] = cells[7:]
		}
	}
	require.Len(t, cpuOf, len(targets), out.String())
	for target, used := range cpuOf {
		require.NotEqual(t, "0.0", used[0], "the application's time for %s", target)
	}
	require.NotEqual(t, "0.0", cpuOf["redis"][1], "redis-server's time")
	require.NotEqual(t, "0.0", cpuOf["db"][2], "mysqld's time")
	require.Contains(t, out.String(), "MySQL 8")
}

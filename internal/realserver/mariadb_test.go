package realserver_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
)

// mariadb runs a statement with the server's own client.
func mariadb(t *testing.T, s *realserver.Server, statement string) (string, error) {
	t.Helper()
	path, err := realserver.InPath("mariadb")()
	require.NoError(t, err)
	host, port, _ := strings.Cut(s.Addr(), ":")
	out, err := exec.CommandContext(t.Context(), path, "--no-defaults", "--host="+host, "--port="+port,
		"--protocol=tcp", "--user=root", "--skip-column-names", "--batch", "--execute="+statement).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func TestMariaDBSurvivesAKill(t *testing.T) {
	s := realserver.MariaDB(t)
	out, err := mariadb(t, s, "CREATE DATABASE d; CREATE TABLE d.t (n INT); INSERT INTO d.t VALUES (42)")
	require.NoError(t, err, out)
	s.Kill()
	_, err = mariadb(t, s, "SELECT 1")
	require.Error(t, err, "a killed server answered")
	s.Restart()
	out, err = mariadb(t, s, "SELECT n FROM d.t")
	require.NoError(t, err, out)
	require.Equal(t, "42", out)
	s.Wipe()
	s.Restart()
	out, err = mariadb(t, s, "SELECT n FROM d.t")
	require.Error(t, err, "a wiped server kept %q", out)
	s.Stop()
}

package realserver_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
)

func TestKilledSkewedServerLeavesNothingInTheSystem(t *testing.T) {
	s := realserver.Start(t, realserver.Skewed(t, realserver.MariaDBSpec(), time.Hour))
	pid, err := os.ReadFile(filepath.Join(s.Dir, "data", "s.pid"))
	require.NoError(t, err)
	left := func() []string {
		paths, err := filepath.Glob("/dev/shm/*faketime_*_" + strings.TrimSpace(string(pid)))
		require.NoError(t, err)
		return paths
	}
	require.Len(t, left(), 2)
	s.Kill()
	require.Empty(t, left())
}

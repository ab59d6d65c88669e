package realserver_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
)

// A directory that is removed while its server still writes there comes back.
func TestServerIsGoneBeforeItsDirectory(t *testing.T) {
	killed := false
	t.Run("serves", func(t *testing.T) {
		realserver.Start(t, realserver.Spec{
			Name:        "sleep",
			Find:        realserver.InPath("sleep"),
			Args:        func(*realserver.Server) []string { return []string{"1000"} },
			Ready:       func(context.Context, *realserver.Server) error { return nil },
			ReadyWithin: time.Minute,
			Tidy: func(s *realserver.Server) error {
				killed = true
				require.DirExists(t, s.Dir)
				return nil
			},
		})
	})
	require.True(t, killed)
}

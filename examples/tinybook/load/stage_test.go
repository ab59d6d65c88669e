package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAStageCleansUpWhateverHappened(t *testing.T) {
	broken := errors.New("broken")
	for _, tc := range []struct {
		name string
		do   func(t testing.TB) error
		want string
	}{
		{"well", func(testing.TB) error { return nil }, ""},
		{"an error", func(testing.TB) error { return broken }, "broken"},
		{"a server fails", func(t testing.TB) error { t.Fatalf("redis: %d", 7); return broken }, "redis: 7"},
		{"a program is missing", func(t testing.TB) error { t.Skip("mysql is missing"); return nil }, "mysql is missing"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var order []string
			var dir string
			err := onStage(t.Context(), func(s testing.TB) error {
				s.Cleanup(func() { order = append(order, "first") })
				dir = s.TempDir()
				s.Cleanup(func() {
					order = append(order, "second")
					require.Equal(t, tc.want != "", s.Failed())
				})
				require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
				return tc.do(s)
			})
			if tc.want == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, tc.want)
			}
			require.Equal(t, []string{"second", "first"}, order)
			require.NoDirExists(t, dir)
		})
	}
}

func TestAStageTellsWhatWentWrongInCleanups(t *testing.T) {
	broken := errors.New("broken")
	reached := false
	err := onStage(t.Context(), func(s testing.TB) error {
		s.Cleanup(func() { reached = true })
		s.Cleanup(func() { s.Fatalf("still runs") })
		return broken
	})
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, "still runs")
	require.True(t, reached)
}

func TestWhoInterruptsIsSparedWhatServersPrinted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	err := onStage(ctx, func(s testing.TB) error {
		s.Cleanup(func() { require.False(t, s.Failed()) })
		cancel()
		return ctx.Err()
	})
	require.ErrorIs(t, err, context.Canceled)
}

package realserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// Skewed returns spec with the server's wall clock ahead of the system's, or
// behind it where ahead is negative. Timeouts and sleeps in the server last as
// long as ever. It ends the test where the library that does it is missing; see
// [Missing].
func Skewed(t testing.TB, spec Spec, ahead time.Duration) Spec {
	t.Helper()
	library, err := FindFaketime()
	if err != nil {
		Missing(t, "faketime", err)
	}
	skewed := spec
	skewed.Prepare = func(ctx context.Context, s *Server) error {
		if err := copyFaketime(library, faketimeOf(s)); err != nil || spec.Prepare == nil {
			return err
		}
		return spec.Prepare(ctx, s)
	}
	skewed.Env = func(s *Server) []string {
		var env []string
		if spec.Env != nil {
			env = spec.Env(s)
		}
		return append(slices.Clip(env), faketimeEnv(s, ahead)...)
	}
	skewed.Tidy = func(s *Server) error {
		if spec.Tidy == nil {
			return tidyFaketime(s.pid)
		}
		return errors.Join(spec.Tidy(s), tidyFaketime(s.pid))
	}
	return skewed
}

func faketimeOf(s *Server) string { return filepath.Join(s.Dir, "faketime.so") }

func faketimeEnv(s *Server, ahead time.Duration) []string {
	return []string{
		"LD_PRELOAD=" + faketimeOf(s),
		fmt.Sprintf("FAKETIME=%+f", ahead.Seconds()),
		"FAKETIME_DONT_FAKE_MONOTONIC=1",
		// The fix is for an old C library. With it a wait for a moment of the
		// monotonic clock ends late: MySQL starts in 6 s, not in 0.5.
		"FAKETIME_FORCE_MONOTONIC_FIX=0",
	}
}

// FindFaketime finds the library that lies to a program about the time.
func FindFaketime() (string, error) {
	paths, err := filepath.Glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
	if err != nil {
		return "", err
	}
	if len(paths) == 0 {
		return "", fmt.Errorf("libfaketimeMT.so.1: %w", os.ErrNotExist)
	}
	return paths[0], nil
}

// tidyFaketime removes what the library shares between a program's processes:
// it does so by itself only where the program ends in good order.
func tidyFaketime(pid int) error {
	var errs []error
	for _, name := range []string{"faketime_shm_", "sem.faketime_sem_"} {
		if err := os.Remove(fmt.Sprint("/dev/shm/", name, pid)); !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

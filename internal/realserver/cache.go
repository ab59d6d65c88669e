package realserver

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// AxeVersion is the release of axe-core that the browser tests run.
const AxeVersion = "4.14.1"

// CachePath returns where the install command keeps something of its own
// making: the user's cache directory, folder tinybook, then elem.
func CachePath(elem ...string) (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("realserver: %w", err)
	}
	return filepath.Join(append([]string{dir, "tinybook"}, elem...)...), nil
}

// InCache finds a file that the install command has put into its cache.
func InCache(elem ...string) func() (string, error) {
	return func() (string, error) {
		path, err := CachePath(elem...)
		if err != nil {
			return "", err
		}
		if _, err := os.Stat(path); err != nil {
			return "", err
		}
		return path, nil
	}
}

// AxePath is where axe-core's script lies in the cache, as CachePath wants it.
func AxePath() []string { return []string{"axe-core-" + AxeVersion, "axe.min.js"} }

// Axe returns the path of axe-core's script, or ends the test; see [Missing].
func Axe(t testing.TB) string {
	t.Helper()
	return program(t, Spec{Name: "axe-core", Find: InCache(AxePath()...)})
}

// Chromium returns the path of the browser, or ends the test; see [Missing].
func Chromium(t testing.TB) string {
	t.Helper()
	return program(t, Spec{Name: "chromium", Find: FindChromium})
}

// FindChromium finds Chromium, or what is the same browser to a test.
func FindChromium() (string, error) {
	var errs []error
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		path, err := exec.LookPath(name)
		if err == nil {
			return path, nil
		}
		errs = append(errs, err)
	}
	return "", errors.Join(errs...)
}

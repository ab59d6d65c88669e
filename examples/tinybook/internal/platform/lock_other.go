//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd)

package platform

import (
	"errors"
	"os"
)

// lockFile makes a file that nobody else may have. A process that is killed
// leaves it behind, so the error says how to go on.
func lockFile(path string) (unlock func() error, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, errLocked
	}
	if err != nil {
		return nil, err
	}
	return func() error { return errors.Join(f.Close(), os.Remove(path)) }, nil
}

func lockHint(path string) string {
	return "; if none runs, one was killed: delete " + path
}

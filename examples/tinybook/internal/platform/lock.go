package platform

import (
	"errors"
	"fmt"
	"path/filepath"
)

// errLocked is what lockFile returns for a file that somebody else has locked.
var errLocked = errors.New("locked")

// LockDir makes dir this process's own until unlock is called. Two processes
// on one directory would overwrite each other's sessions and sign-outs, so the
// second one gets an error that names the directory.
func LockDir(dir string) (unlock func() error, err error) {
	path := filepath.Join(dir, "tinybook.lock")
	unlock, err = lockFile(path)
	if errors.Is(err, errLocked) {
		return nil, fmt.Errorf("platform: %s is in use by another tinybook%s", dir, lockHint(path))
	}
	if err != nil {
		return nil, fmt.Errorf("platform: lock %s: %w", dir, err)
	}
	return unlock, nil
}

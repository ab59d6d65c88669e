package realserver

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// An account is a user of the system.
type account struct{ uid, gid uint32 }

// lookUp returns the account that a server must run as, or nil where it runs as
// the tests do: because any user will do, or because they are not root's.
func lookUp(name string) (*account, error) {
	if name == "" || os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", name, err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", name, err)
	}
	return &account{uid: uint32(uid), gid: uint32(gid)}, nil
}

// give makes dir the account's own, and lets it pass through the directories
// above that the testing package has made for root alone.
func (a *account) give(dir string) error {
	if err := os.Chown(dir, int(a.uid), int(a.gid)); err != nil {
		return err
	}
	tmp := filepath.Clean(os.TempDir())
	if !strings.HasPrefix(dir, tmp+string(filepath.Separator)) {
		return nil // somewhere else: not ours to open
	}
	for up := filepath.Dir(dir); up != tmp; up = filepath.Dir(up) {
		info, err := os.Stat(up)
		if err != nil {
			return err
		}
		if err := os.Chmod(up, info.Mode().Perm()|0o011); err != nil {
			return err
		}
	}
	return nil
}

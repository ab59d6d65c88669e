//go:build linux && (amd64 || arm64 || 386)

package realserver

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
)

// removeSharedMemory removes the segment whose key and number stand in the
// seventh line of a lock file, if the server had written that line.
func removeSharedMemory(lock string) error {
	lines := strings.Split(lock, "\n")
	if len(lines) < 7 {
		return nil
	}
	fields := strings.Fields(lines[6])
	if len(fields) != 2 {
		return nil
	}
	id, err := strconv.Atoi(fields[1])
	if err != nil {
		return fmt.Errorf("postmaster.pid: shared memory: %w", err)
	}
	const remove = 0 // IPC_RMID
	_, _, errno := syscall.Syscall(sysShmctl, uintptr(id), remove, 0)
	if errno != 0 && errno != syscall.EINVAL && errno != syscall.EIDRM { // it may be gone
		return fmt.Errorf("shared memory %d: %w", id, errno)
	}
	return nil
}

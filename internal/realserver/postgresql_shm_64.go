//go:build linux && (amd64 || arm64)

package realserver

import "syscall"

const sysShmctl = syscall.SYS_SHMCTL

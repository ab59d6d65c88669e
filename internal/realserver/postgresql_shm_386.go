//go:build linux

package realserver

const sysShmctl = 396 // from Linux 5.1 on; package syscall doesn't know it

//go:build !linux

package realserver

import (
	"os/exec"
	"syscall"
)

func dieWithParent(*exec.Cmd) {}

// runAs does nothing here: a program that refuses to run as root says so.
func runAs(*exec.Cmd, account) {}

// A child is a process that a server has forked. They are not looked for on
// this system: a server's children notice by themselves that it has gone.
type child struct{}

func (child) signal(syscall.Signal) {}
func (child) alive() bool           { return false }

func childrenOf(int) []child { return nil }

func isStopped(int) bool { return true }

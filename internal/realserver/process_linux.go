package realserver

import (
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

func dieWithParent(cmd *exec.Cmd) {
	attr := attributes(cmd)
	attr.Pdeathsig = syscall.SIGKILL
	attr.Setpgid = true
}

// runAs makes cmd run as another user; only root may.
func runAs(cmd *exec.Cmd, u account) {
	attributes(cmd).Credential = &syscall.Credential{Uid: u.uid, Gid: u.gid}
}

func attributes(cmd *exec.Cmd) *syscall.SysProcAttr {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	return cmd.SysProcAttr
}

// A child is a process that a server has forked. The time it was started tells
// it from a later process with its number.
type child struct {
	pid   int
	start string
}

func (c child) signal(sig syscall.Signal) {
	if c.alive() {
		_ = syscall.Kill(c.pid, sig) // it may end in between
	}
}

func (c child) alive() bool {
	st, ok := stat(c.pid)
	return ok && st.start == c.start && st.state != 'Z' && st.state != 'X'
}

// childrenOf returns the processes that pid has forked.
func childrenOf(pid int) []child {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var kids []child
	for _, e := range entries {
		id, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if st, ok := stat(id); ok && st.parent == pid {
			kids = append(kids, child{pid: id, start: st.start})
		}
	}
	return kids
}

func isStopped(pid int) bool {
	st, ok := stat(pid)
	return !ok || st.state == 'T' || st.state == 'Z' || st.state == 'X'
}

type procStat struct {
	state  byte
	parent int
	start  string
}

// stat reads what proc(5) calls fields 3, 4 and 22. The second field, the
// program's name in parentheses, may hold anything, so they count from its end.
func stat(pid int) (procStat, bool) {
	line, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return procStat{}, false
	}
	fields := bytes.Fields(line[bytes.LastIndexByte(line, ')')+1:])
	if len(fields) < 20 {
		return procStat{}, false
	}
	parent, err := strconv.Atoi(string(fields[1]))
	return procStat{state: fields[0][0], parent: parent, start: string(fields[19])}, err == nil
}

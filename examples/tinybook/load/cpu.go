package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of CPU time in proc(5): USER_HZ is 100 wherever Go runs
// on Linux.
const clockTick = 10 * time.Millisecond

// cpu is CPU time of processes, user and system.
type cpu struct{ App, Redis, MySQL time.Duration }

func (c cpu) minus(d cpu) cpu { return cpu{c.App - d.App, c.Redis - d.Redis, c.MySQL - d.MySQL} }

func (c cpu) plus(d cpu) cpu { return cpu{c.App + d.App, c.Redis + d.Redis, c.MySQL + d.MySQL} }

func (c cpu) total() time.Duration { return c.App + c.Redis + c.MySQL }

// machine is CPU time of all cores.
type machine struct{ busy, all time.Duration }

func (m machine) minus(n machine) machine { return machine{m.busy - n.busy, m.all - n.all} }

// others returns the share of the machine that went to others than who used own.
func (m machine) others(own time.Duration) float64 {
	if m.all <= 0 {
		return 0
	}
	return max(0, float64(m.busy-own)/float64(m.all))
}

// processCPU returns the CPU time of a process with all its threads.
func processCPU(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("CPU time: %w", err)
	}
	used, err := parseProcessCPU(text)
	if err != nil {
		return 0, fmt.Errorf("CPU time of process %d: %w", pid, err)
	}
	return used, nil
}

// parseProcessCPU reads fields 14 and 15 of proc(5). The second field, the
// program's name in parentheses, may hold anything, so they count from its end.
func parseProcessCPU(text []byte) (time.Duration, error) {
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("%d fields", len(fields))
	}
	user, err := strconv.ParseInt(string(fields[11]), 10, 64)
	system, err2 := strconv.ParseInt(string(fields[12]), 10, 64)
	return time.Duration(user+system) * clockTick, errors.Join(err, err2)
}

// machineCPU returns the CPU time of the machine since it was started.
func machineCPU() (machine, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return machine{}, fmt.Errorf("CPU time of the machine, which needs Linux: %w", err)
	}
	return parseMachine(string(text))
}

// parseMachine reads the first line of /proc/stat: user, nice, system, idle,
// iowait, irq, softirq, steal. What comes after is part of user and nice.
func parseMachine(text string) (machine, error) {
	line, _, _ := strings.Cut(text, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return machine{}, fmt.Errorf("/proc/stat begins with %q", line)
	}
	var m machine
	for i, field := range fields[1:9] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return machine{}, fmt.Errorf("/proc/stat: %w", err)
		}
		m.all += time.Duration(n) * clockTick
		if i != 3 && i != 4 {
			m.busy += time.Duration(n) * clockTick
		}
	}
	return m, nil
}

// pidOf returns the process that runs the program at path, which nobody else
// runs.
func pidOf(path string) (int, error) {
	links, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		return 0, err
	}
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && to == path { // those of others can't be read, or have ended
			return strconv.Atoi(filepath.Base(filepath.Dir(link)))
		}
	}
	return 0, fmt.Errorf("no process runs %s", path)
}

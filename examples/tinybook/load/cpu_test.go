package main

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestProcessCPUReadsPastAnyName(t *testing.T) {
	used, err := parseProcessCPU([]byte("7 (a) b (c)) R 1 1 1 0 -1 4194304 103 0 0 0 250 50 9 9 20 0 1 0 3865512"))
	require.NoError(t, err)
	require.Equal(t, 3*time.Second, used)
	for _, bad := range []string{"", "7 (a) R 1 1", "7 (a) R 1 1 1 0 -1 4 103 0 0 0 x 50 0"} {
		_, err := parseProcessCPU([]byte(bad))
		require.Error(t, err, bad)
	}
}

func TestMachineCPUCountsWaitingAsIdle(t *testing.T) {
	m, err := parseMachine("cpu  100 20 30 400 50 6 7 8 90 9\ncpu0 1 2 3\n")
	require.NoError(t, err)
	require.Equal(t, machine{busy: 1710 * time.Millisecond, all: 6210 * time.Millisecond}, m)
	for _, bad := range []string{"", "cpu 1 2 3", "cpu0 1 2 3 4 5 6 7 8", "cpu 1 2 3 4 x 6 7 8"} {
		_, err := parseMachine(bad)
		require.Error(t, err, bad)
	}
}

func TestOthersHaveWhatIsLeft(t *testing.T) {
	m := machine{busy: 6 * time.Second, all: 10 * time.Second}
	require.InDelta(t, 0.2, m.others(4*time.Second), 1e-9)
	require.Zero(t, m.others(7*time.Second), "two clocks with ticks of 10 ms")
	require.Zero(t, machine{}.others(0))
}

// What this process burns is found under its number.
func TestProcessCPUOfThisProcess(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc but on Linux")
	}
	before, err := processCPU(os.Getpid())
	require.NoError(t, err)
	whole, err := machineCPU()
	require.NoError(t, err)
	deadline := time.Now().Add(30 * time.Second)
	for used := before; used < before+5*clockTick; { // burns
		require.True(t, time.Now().Before(deadline), "50 ms of CPU time in 30 s")
		used, err = processCPU(os.Getpid())
		require.NoError(t, err)
	}
	now, err := machineCPU()
	require.NoError(t, err)
	require.GreaterOrEqual(t, now.minus(whole).busy, 3*clockTick, "the machine was as busy, but for ticks")

	path, err := os.Readlink("/proc/self/exe")
	require.NoError(t, err)
	pid, err := pidOf(path)
	require.NoError(t, err)
	require.Equal(t, os.Getpid(), pid)
	_, err = pidOf(path + "-of-nobody")
	require.ErrorContains(t, err, "of-nobody")
}

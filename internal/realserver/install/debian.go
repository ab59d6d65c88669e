package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
)

// debian installs packages with the system's package manager. Its lists are
// brought up to date once per run.
func debian(packages ...string) func(context.Context) error {
	return func(ctx context.Context) error {
		command := "apt-get install -y --no-install-recommends " + strings.Join(packages, " ")
		if _, err := exec.LookPath("apt-get"); err != nil {
			return fmt.Errorf("no apt-get here; install what Debian calls %s", strings.Join(packages, " "))
		}
		if os.Geteuid() != 0 {
			return errors.New("not root; run: sudo " + command)
		}
		if err := updateOnce(ctx); err != nil {
			return err
		}
		return quietly(ctx, strings.Fields(command)...)
	}
}

var updated sync.Once

func updateOnce(ctx context.Context) (err error) {
	updated.Do(func() { err = quietly(ctx, "apt-get", "update") })
	return err
}

// quietly runs a command and shows what it printed only when it fails.
func quietly(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

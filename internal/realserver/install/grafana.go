package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/ycvk/tinybook/internal/realserver"
)

// grafanaSchema brings exactly what the lock file names: npm ci checks the sums.
func grafanaSchema(ctx context.Context) error {
	if _, err := exec.LookPath("npm"); err != nil {
		if err := debian("npm")(ctx); err != nil { // node comes with it
			return err
		}
	}
	return publish(realserver.GrafanaSchemaPath(), func(_, dir string) error {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		for name, content := range map[string][]byte{
			"package.json":      realserver.GrafanaPackage,
			"package-lock.json": realserver.GrafanaLock,
		} {
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
				return err
			}
		}
		return quietly(ctx, "npm", "ci", "--prefix", dir, "--ignore-scripts")
	})
}

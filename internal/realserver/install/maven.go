package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/ycvk/tinybook/internal/realserver"
)

// maven runs a goal of Maven's dependency plugin on a project, in folder tmp, and
// has it write to out.
func maven(ctx context.Context, tmp string, pom []byte, goal, out string) error {
	for _, program := range []string{"mvn", "java"} {
		if _, err := exec.LookPath(program); err == nil {
			continue
		}
		if err := debian("maven", "default-jre-headless")(ctx); err != nil {
			return err
		}
	}
	path := filepath.Join(tmp, "pom.xml")
	if err := os.WriteFile(path, pom, 0o644); err != nil {
		return err
	}
	return quietly(ctx, "mvn", "-q", "-B", "-f", path, "dependency:"+goal, "-DoutputDirectory="+out)
}

// publish has fill make a folder, and gives it its place in the cache at once: it
// is there whole, or not at all.
func publish(place []string, fill func(tmp, dir string) error) error {
	path, err := realserver.CachePath(place...)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	// Beside its place, so that the last step is a rename.
	tmp, err := os.MkdirTemp(filepath.Dir(path), filepath.Base(path)+"-new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	dir := filepath.Join(tmp, "made")
	if err := fill(tmp, dir); err != nil {
		return err
	}
	err = os.Rename(dir, path)
	if _, there := os.Stat(path); there == nil {
		return nil // another install was faster
	}
	return err
}

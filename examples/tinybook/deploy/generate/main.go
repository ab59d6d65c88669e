// Command generate writes the files of package deploy into the current folder.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/ycvk/tinybook/examples/tinybook/deploy"
)

func main() {
	if err := generate("."); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func generate(dir string) error {
	files, err := deploy.Files()
	if err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

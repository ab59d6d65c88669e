package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/ycvk/tinybook/internal/realserver"
)

// axeSum is the SHA-256 of axe.min.js in release realserver.AxeVersion.
const axeSum = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"

// axe fetches axe-core's script, which is too large to keep in the repository.
func axe(ctx context.Context) error {
	if _, err := exec.LookPath("npm"); err != nil {
		if err := debian("npm")(ctx); err != nil {
			return err
		}
	}
	tmp, err := os.MkdirTemp("", "tinybook-axe-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := quietly(ctx, "npm", "pack", "--silent", "--pack-destination", tmp, "axe-core@"+realserver.AxeVersion); err != nil {
		return err
	}
	script, err := fromTarball(filepath.Join(tmp, "axe-core-"+realserver.AxeVersion+".tgz"), "package/axe.min.js")
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(script); hex.EncodeToString(sum[:]) != axeSum {
		return fmt.Errorf("axe.min.js has SHA-256 %x, want %s", sum, axeSum)
	}
	path, err := realserver.CachePath(realserver.AxePath()...)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, script, 0o644)
}

func fromTarball(tarball, name string) ([]byte, error) {
	f, err := os.Open(tarball)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	gz, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	for r := tar.NewReader(gz); ; {
		h, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("%s holds no %s", filepath.Base(tarball), name)
		case err != nil:
			return nil, err
		case h.Name == name:
			return io.ReadAll(r)
		}
	}
}

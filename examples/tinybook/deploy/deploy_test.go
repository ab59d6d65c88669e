package deploy_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/ycvk/tinybook/examples/tinybook/deploy"
	"github.com/ycvk/tinybook/internal/realserver"
)

// What is in the folders is what go generate makes, and nothing else.
func TestFilesAreCurrent(t *testing.T) {
	want, err := deploy.Files()
	require.NoError(t, err)
	var found []string
	for _, dir := range []string{"prometheus", "grafana"} {
		require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				found = append(found, filepath.ToSlash(path))
			}
			return err
		}))
	}
	for name, content := range want {
		have, err := os.ReadFile(filepath.FromSlash(name))
		require.NoError(t, err, "run go generate")
		require.Equal(t, string(content), string(have), "%s: run go generate", name)
	}
	for _, name := range found {
		require.Contains(t, want, name, "nobody makes it")
	}
}

// Every file can be read as what its name says.
func TestFilesAreWellFormed(t *testing.T) {
	files, err := deploy.Files()
	require.NoError(t, err)
	for name, content := range files {
		var into any
		if strings.HasSuffix(name, ".json") {
			err = json.Unmarshal(content, &into)
		} else {
			err = yaml.Unmarshal(content, &into)
		}
		require.NoError(t, err, name)
		require.NotEmpty(t, into, name)
	}
}

// Prometheus' own checker has nothing to say against its files. It finds what is
// wrong with others.
func TestPrometheusTakesItsFiles(t *testing.T) {
	promtool := realserver.Promtool(t)
	check := func(args ...string) (string, error) {
		out, err := exec.CommandContext(t.Context(), promtool, append([]string{"check"}, args...)...).CombinedOutput()
		return string(out), err
	}
	out, err := check("config", filepath.Join("prometheus", "prometheus.yml"))
	require.NoError(t, err, out)
	require.Contains(t, out, "rules found")
	out, err = check("rules", filepath.Join("prometheus", "rules.yml"))
	require.NoError(t, err, out)

	rules, err := os.ReadFile(filepath.Join("prometheus", "rules.yml"))
	require.NoError(t, err)
	broken := filepath.Join(t.TempDir(), "rules.yml")
	require.NoError(t, os.WriteFile(broken, slices.Concat(rules, []byte("\n- nonsense\n")), 0o600))
	_, err = check("rules", broken)
	require.Error(t, err)
}

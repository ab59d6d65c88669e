package prometheus_test

import (
	"bytes"
	"embed"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/kafkax"
)

// schemaFiles say what a dashboard's file is, in Grafana's own types.
//
//go:embed testdata/schema
var schemaFiles embed.FS

// compile checks TypeScript against Grafana's types, and returns what the compiler
// complains of, by file.
func compile(t *testing.T, sources map[string]string) map[string][]string {
	t.Helper()
	modules := realserver.GrafanaSchema(t)
	dir := t.TempDir()
	require.NoError(t, os.Symlink(modules, filepath.Join(dir, "node_modules")))
	fixed, err := fs.Sub(schemaFiles, "testdata/schema")
	require.NoError(t, err)
	require.NoError(t, os.CopyFS(dir, fixed))
	for name, source := range sources {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(source), 0o600))
	}
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join(modules, "typescript", "lib", "tsc.js"), "-p", ".", "--pretty", "false")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	faults := map[string][]string{}
	for _, line := range complaint.FindAllStringSubmatch(string(out), -1) {
		faults[line[1]] = append(faults[line[1]], line[0])
	}
	require.Equal(t, err != nil, len(faults) > 0, "the compiler: %v\n%s", err, out)
	return faults
}

var complaint = regexp.MustCompile(`(?m)^([\w.]+)\(\d+,\d+\): error .*$`)

func dashboardSource(t *testing.T, opts ...kafkax.Option) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, kafkax.WriteDashboard(&b, opts...))
	return "import type { Dashboard } from './dashboard_type';\nexport const dashboard: Dashboard = " + b.String() + ";\n"
}

// The compiler must like our dashboards, and none of those with one fault.
func TestDashboardHasGrafanasTypes(t *testing.T) {
	good := dashboardSource(t)
	sources := map[string]string{
		"as_it_comes.ts":     good,
		"other_namespace.ts": dashboardSource(t, kafkax.WithNamespace("shop")),
	}
	faults := map[string][2]string{
		"enum.ts":          {`"graphTooltip": 1`, `"graphTooltip": 7`},
		"option_enum.ts":   {`"displayMode": "list"`, `"displayMode": "lst"`},
		"stat_enum.ts":     {`"colorMode": "value"`, `"colorMode": "valu"`},
		"variable_enum.ts": {`"refresh": 2`, `"refresh": 9`},
		"variable_type.ts": {`"type": "query"`, `"type": "querry"`},
		"panel_type.ts":    {`"type": "timeseries"`, `"type": "timeserie"`},
		"unit.ts":          {`"unit": "mps"`, `"unit": 5`},
		"grid.ts":          {`"h": 8`, `"h": "8"`},
		"target.ts":        {`"expr":`, `"exprs":`},
		"field.ts":         {`"fillOpacity"`, `"fillOpacityy"`},
		"name.ts":          {`"editable"`, `"editabel"`},
		"missing.ts":       {`"schemaVersion": 39,`, ``},
	}
	for name, f := range faults {
		require.Contains(t, good, f[0])
		sources[name] = strings.Replace(good, f[0], f[1], 1)
	}
	complaints := compile(t, sources)
	for name := range sources {
		if _, broken := faults[name]; broken {
			require.NotEmpty(t, complaints[name], "the compiler likes %s", name)
		} else {
			require.Empty(t, complaints[name], "the compiler dislikes %s", name)
		}
	}
	require.Len(t, complaints, len(faults), "%v", complaints)
}

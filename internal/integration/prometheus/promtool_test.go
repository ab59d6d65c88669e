package prometheus_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/kafkax"
)

// promtool runs Prometheus' own checker and returns what it printed.
func promtool(t *testing.T, stdin []byte, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), realserver.Promtool(t), args...)
	cmd.Stdin = bytes.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func writeFile(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return path
}

func alertRules(t *testing.T, th kafkax.Thresholds, opts ...kafkax.Option) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, kafkax.WriteAlertRules(&b, th, opts...))
	return b.Bytes()
}

// testRules runs cases against a rule file: promtool test rules.
func testRules(t *testing.T, rules []byte, cases ...ruleCase) (string, error) {
	t.Helper()
	file := ruleTests{RuleFiles: []string{writeFile(t, "rules.yml", rules)}, Interval: "1m"}
	for _, c := range cases {
		file.Tests = append(file.Tests, c.test(t))
	}
	content, err := json.Marshal(file) // YAML is a superset of JSON
	require.NoError(t, err)
	return promtool(t, nil, "test", "rules", writeFile(t, "tests.yml", content))
}

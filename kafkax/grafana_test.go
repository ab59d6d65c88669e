package kafkax_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

var (
	dollar  = regexp.MustCompile(`\$\w+`)
	goodUID = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,40}$`)
)

// grafanaFile is Grafana's file format 1 for alerts, as far as we write it; a name
// that isn't in it fails.
type grafanaFile struct {
	APIVersion int `json:"apiVersion"`
	Groups     []struct {
		OrgID    int    `json:"orgId"`
		Name     string `json:"name"`
		Folder   string `json:"folder"`
		Interval string `json:"interval"`
		Rules    []struct {
			UID          string            `json:"uid"`
			Title        string            `json:"title"`
			Condition    string            `json:"condition"`
			NoDataState  string            `json:"noDataState"`
			ExecErrState string            `json:"execErrState"`
			For          string            `json:"for"`
			Annotations  map[string]string `json:"annotations"`
			Labels       map[string]string `json:"labels"`
			Data         []grafanaQuery    `json:"data"`
		} `json:"rules"`
	} `json:"groups"`
}

type grafanaQuery struct {
	RefID             string                 `json:"refId"`
	RelativeTimeRange struct{ From, To int } `json:"relativeTimeRange"`
	DatasourceUID     string                 `json:"datasourceUid"`
	Model             struct {
		RefID      string `json:"refId"`
		Expr       string `json:"expr"`
		Instant    bool   `json:"instant"`
		Range      bool   `json:"range"`
		EditorMode string `json:"editorMode"`
		Type       string `json:"type"`
		Expression string `json:"expression"`
	} `json:"model"`
}

func grafanaAlerts(t *testing.T, th kafkax.Thresholds, opts ...kafkax.Option) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, kafkax.WriteGrafanaAlerts(&b, th, opts...))
	return b.Bytes()
}

func TestGrafanaAlertsAreTheGoldenFile(t *testing.T) {
	requireGolden(t, "testdata/grafana_alerts.json", grafanaAlerts(t, kafkax.DefaultThresholds()))
}

// Both files warn of the same, so that nobody has to compare them.
func TestGrafanaAlertsAreThoseOfPrometheus(t *testing.T) {
	for _, namespace := range []string{"kafka", "shop"} {
		opt := kafkax.WithNamespace(namespace)
		want := exprs(t, alertRules(t, kafkax.DefaultThresholds(), opt))
		dec := json.NewDecoder(bytes.NewReader(grafanaAlerts(t, kafkax.DefaultThresholds(), opt)))
		dec.DisallowUnknownFields()
		var file grafanaFile
		require.NoError(t, dec.Decode(&file))
		require.Equal(t, 1, file.APIVersion)
		got := map[string]string{}
		for _, g := range file.Groups {
			require.NotEmpty(t, g.Folder)
			for _, r := range g.Rules {
				require.Len(t, r.Data, 2)
				query, condition := r.Data[0], r.Data[1]
				require.True(t, query.Model.Instant)
				require.Equal(t, kafkax.GrafanaDatasource, query.DatasourceUID)
				require.Equal(t, r.Condition, condition.RefID)
				require.Contains(t, condition.Model.Expression, "$"+query.RefID)
				got[r.Title] = query.Model.Expr
			}
		}
		require.Equal(t, want, got)
	}
}

// Two files may be provisioned together.
func TestGrafanaAlertsOfNamespacesDontCollide(t *testing.T) {
	uids, groups := map[string]bool{}, map[string]bool{}
	long := strings.Repeat("n", 60)
	for _, namespace := range []string{"kafka", "shop", long, long + "x"} {
		var file grafanaFile
		require.NoError(t, json.Unmarshal(grafanaAlerts(t, kafkax.DefaultThresholds(), kafkax.WithNamespace(namespace)), &file))
		for _, g := range file.Groups {
			require.False(t, groups[g.Folder+"/"+g.Name], "%s/%s twice", g.Folder, g.Name)
			groups[g.Folder+"/"+g.Name] = true
			for _, r := range g.Rules {
				require.Regexp(t, goodUID, r.UID)
				require.False(t, uids[r.UID], "uid %s twice", r.UID)
				uids[r.UID] = true
			}
		}
	}
	require.Len(t, uids, 4*17)
}

// Grafana's templates know other variables than those of Prometheus, and a file's
// braces would be taken for the names of environment variables.
func TestGrafanaTextsUseGrafanasVariables(t *testing.T) {
	var file grafanaFile
	require.NoError(t, json.Unmarshal(grafanaAlerts(t, kafkax.DefaultThresholds()), &file))
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			for _, text := range r.Annotations {
				require.NotContains(t, text, "${")
				require.NotRegexp(t, `<\w+>`, text, "a value was not filled in")
				for _, name := range dollar.FindAllString(text, -1) {
					require.Contains(t, []string{"$labels", "$values"}, name, text)
				}
			}
		}
	}
	for _, name := range dollar.FindAllString(alertRules(t, kafkax.DefaultThresholds()), -1) {
		require.Contains(t, []string{"$labels", "$value"}, name)
	}
}

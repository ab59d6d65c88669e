package kafkax_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

// dashboard is what the tests look at of Grafana's model.
type dashboard struct {
	UID        string
	Templating struct{ List []variable }
	Panels     []panel
}

type variable struct{ Name, Type, Query string }

type panel struct {
	ID      int
	Type    string
	Title   string
	GridPos struct{ H, W, X, Y int }
	Targets []struct{ RefID, Expr, LegendFormat string }
}

func dashboardJSON(t *testing.T, opts ...kafkax.Option) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, kafkax.WriteDashboard(&b, opts...))
	return b.Bytes()
}

func newDashboard(t *testing.T, opts ...kafkax.Option) dashboard {
	t.Helper()
	var d dashboard
	require.NoError(t, json.Unmarshal(dashboardJSON(t, opts...), &d))
	return d
}

func TestDashboardIsTheGoldenFile(t *testing.T) {
	requireGolden(t, "testdata/dashboard.json", dashboardJSON(t))
}

func TestDashboardShowsEveryMetricAndNoOther(t *testing.T) {
	labels := prometheus.Labels{"env": "test"}
	for _, tc := range []struct {
		name   string
		common []string
		opts   []kafkax.Option
	}{
		{"as it comes", nil, nil},
		{"namespace", nil, []kafkax.Option{kafkax.WithNamespace("shop")}},
		{"constant labels", []string{"env"}, []kafkax.Option{kafkax.WithConstLabels(labels)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := newVocabulary(tc.common, tc.opts...)
			shown := map[string]bool{}
			for _, p := range newDashboard(t, tc.opts...).Panels {
				for _, target := range p.Targets {
					named, err := v.check(target.Expr)
					require.NoError(t, err, "%s: %s", p.Title, target.Expr)
					for _, name := range named {
						shown[name] = true
					}
				}
			}
			for name := range v.metrics {
				require.True(t, shown[name] || shown[name+"_bucket"] || shown[name+"_sum"], "no panel shows %s", name)
			}
		})
	}
}

// A legend with a label that its query drops would show nothing there.
func TestLegendsNameLabelsThatTheirQueriesKeep(t *testing.T) {
	for _, p := range newDashboard(t).Panels {
		for _, target := range p.Targets {
			for part := range strings.SplitSeq(target.LegendFormat, "{{") {
				label, _, inBraces := strings.Cut(part, "}}")
				if inBraces {
					require.Contains(t, groupingOf(target.Expr), label, "%s: %s", p.Title, target.Expr)
				}
			}
		}
	}
}

// groupingOf returns the labels that the outermost aggregation keeps.
func groupingOf(expr string) []string {
	_, rest, _ := strings.Cut(expr, " by (")
	labels, _, _ := strings.Cut(rest, ")")
	return strings.Split(labels, ", ")
}

func TestDashboardVariablesOfferLabelsOfTheirMetrics(t *testing.T) {
	v := newVocabulary(nil)
	var names []string
	for _, variable := range newDashboard(t).Templating.List {
		names = append(names, variable.Name)
		if variable.Type != "query" {
			continue
		}
		inner, ok := strings.CutPrefix(variable.Query, "label_values(")
		require.True(t, ok, variable.Query)
		i := strings.LastIndex(inner, ", ")
		selector, label := inner[:i], strings.TrimSuffix(inner[i+2:], ")")
		require.Equal(t, variable.Name, label)
		named, err := v.check(selector)
		require.NoError(t, err)
		offers := func(name string) bool { return v.has(v.metrics[name], label) }
		require.True(t, slices.ContainsFunc(named, offers), "nothing in %s has %s", selector, label)
	}
	require.Equal(t, []string{"datasource", "job", "writer", "reader", "group", "topic"}, names)
	for _, p := range newDashboard(t).Panels {
		for _, target := range p.Targets {
			for _, match := range dollar.FindAllString(target.Expr, -1) {
				require.Contains(t, append(names, "__rate_interval"), match[1:], "%s: %s", p.Title, target.Expr)
			}
		}
	}
}

func TestPanelsDontOverlapAndFit(t *testing.T) {
	const width = 24
	taken := map[[2]int]string{}
	ids := map[int]bool{}
	for _, p := range newDashboard(t).Panels {
		require.False(t, ids[p.ID], "id %d twice", p.ID)
		ids[p.ID] = true
		require.LessOrEqual(t, p.GridPos.X+p.GridPos.W, width, p.Title)
		require.Equal(t, p.Type != "row", len(p.Targets) > 0, p.Title)
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				cell := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				require.Empty(t, taken[cell], "%s lies on %s", p.Title, taken[cell])
				taken[cell] = p.Title
			}
		}
	}
}

func TestDashboardUIDFitsGrafana(t *testing.T) {
	require.Equal(t, "kafkax-kafka", newDashboard(t).UID)
	long := strings.Repeat("n", 60)
	a, b := newDashboard(t, kafkax.WithNamespace(long)).UID, newDashboard(t, kafkax.WithNamespace(long+"x")).UID
	require.Regexp(t, goodUID, a)
	require.NotEqual(t, a, b)
}

func TestDashboardRefusesBadOptions(t *testing.T) {
	var b bytes.Buffer
	err := kafkax.WriteDashboard(&b, kafkax.WithNamespace("9"), kafkax.WithTopicLimit(-1))
	require.ErrorIs(t, err, kafkax.ErrInput)
	require.ErrorContains(t, err, `WithNamespace("9")`)
	require.ErrorContains(t, err, "WithTopicLimit(-1)")
	require.Zero(t, b.Len())
}

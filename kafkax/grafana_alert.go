package kafkax

import (
	"errors"
	"io"
	"strings"
	"time"
)

// GrafanaDatasource is the uid of the data source that the alerts of
// [WriteGrafanaAlerts] ask. Provision a Prometheus data source with it, or replace
// it in the file.
const GrafanaDatasource = "prometheus"

// WriteGrafanaAlerts writes the alerts of [WriteAlertRules], with the same
// expressions, as Grafana-managed alert rules: a JSON file for the folder
// provisioning/alerting. They are in the folder "Kafka", or "Kafka shop" for the
// namespace shop, are evaluated every minute, and ask the data source
// [GrafanaDatasource]. Use the one or the other, or people are told twice.
//
// A query without a result is no alert, as in Prometheus; one that can't be
// carried out is an error of the rule.
//
// Errors are those of WriteAlertRules.
func WriteGrafanaAlerts(w io.Writer, t Thresholds, opts ...Option) error {
	groups, err := alertGroups(t, opts)
	if err := errors.Join(checkOutput("WriteGrafanaAlerts", w), err); err != nil {
		return err
	}
	namespace := applyOptions(opts).namespace
	folder := "Kafka"
	if namespace != defaultNamespace { // titles and groups are unique within a folder
		folder += " " + namespace
	}
	file := grafanaAlertFile{Version: 1}
	for _, g := range groups {
		out := grafanaAlertGroup{Org: 1, Name: g.name, Folder: folder, Interval: "1m"}
		for _, a := range g.alerts {
			out.Rules = append(out.Rules, a.grafana(namespace, t.Window))
		}
		file.Groups = append(file.Groups, out)
	}
	return writeJSON(w, file)
}

// The parts of Grafana's alert provisioning file that we write: the names are
// Grafana's.

type grafanaAlertFile struct {
	Version int                 `json:"apiVersion"`
	Groups  []grafanaAlertGroup `json:"groups"`
}

type grafanaAlertGroup struct {
	Org      int                `json:"orgId"`
	Name     string             `json:"name"`
	Folder   string             `json:"folder"`
	Interval string             `json:"interval"`
	Rules    []grafanaAlertRule `json:"rules"`
}

type grafanaAlertRule struct {
	UID         string            `json:"uid"`
	Title       string            `json:"title"`
	Condition   string            `json:"condition"`
	Data        []grafanaQuery    `json:"data"`
	NoData      string            `json:"noDataState"`
	Failed      string            `json:"execErrState"`
	For         string            `json:"for"`
	Annotations map[string]string `json:"annotations"`
	Labels      map[string]string `json:"labels"`
}

type grafanaQuery struct {
	RefID      string         `json:"refId"`
	Range      grafanaRange   `json:"relativeTimeRange"`
	Datasource string         `json:"datasourceUid"`
	Model      map[string]any `json:"model"`
}

// A grafanaRange is in seconds before now.
type grafanaRange struct {
	From int `json:"from"`
	To   int `json:"to"`
}

const (
	grafanaExpr     = "A"
	grafanaIsFiring = "B"
	expressions     = "__expr__" // the data source that computes on others' answers
)

var grafanaValue = valueWriter("$values." + grafanaExpr + ".Value")

func (a alert) grafana(namespace string, window time.Duration) grafanaAlertRule {
	return grafanaAlertRule{
		UID:       grafanaUID(namespace, strings.TrimPrefix(a.name, "Kafka")),
		Title:     a.name,
		Condition: grafanaIsFiring,
		Data:      a.grafanaQueries(window),
		NoData:    "OK",
		Failed:    "Error",
		For:       promDuration(a.hold),
		Labels:    map[string]string{"severity": a.severity},
		Annotations: map[string]string{
			"summary":     grafanaValue.Replace(a.summary),
			"description": grafanaValue.Replace(a.description),
		},
	}
}

// grafanaQueries asks for the alert's expression, whose every result is an alert.
// Grafana takes a zero for "no", so the condition is that there is a number.
func (a alert) grafanaQueries(window time.Duration) []grafanaQuery {
	return []grafanaQuery{
		{
			RefID: grafanaExpr, Datasource: GrafanaDatasource,
			Range: grafanaRange{From: int(max(window, time.Minute).Seconds())},
			Model: map[string]any{
				"refId": grafanaExpr, "expr": a.expr, "instant": true, "range": false, "editorMode": "code",
			},
		},
		{
			RefID: grafanaIsFiring, Datasource: expressions,
			Model: map[string]any{
				"refId": grafanaIsFiring, "type": "math",
				"expression": "is_nan($" + grafanaExpr + ") == 0",
			},
		},
	}
}

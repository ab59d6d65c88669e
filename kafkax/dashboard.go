package kafkax

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// WriteDashboard writes a Grafana dashboard with every metric of [Catalog], for
// metrics that were set up with the same opts: only [WithNamespace] and
// [WithConstLabels] change it. It asks for a Prometheus data source when it is
// looked at, and has variables for job, writer, reader, group and topic. Quantiles
// hold for classic and for native histograms. The dashboard's uid is made from the
// namespace: "kafkax-kafka".
//
// Every option that makes no sense is named in one error that wraps [ErrInput], as
// is a nil w, and nothing is written. An error of w is returned as it is.
func WriteDashboard(w io.Writer, opts ...Option) error {
	q, err := newQuery(opts, "$__rate_interval", labelJob, labelWriter, labelReader, labelGroup, labelTopic)
	if err := errors.Join(checkOutput("WriteDashboard", w), err); err != nil {
		return err
	}
	return writeJSON(w, newDashboard(q))
}

func newDashboard(q query) dashboardJSON {
	return dashboardJSON{
		UID:         grafanaUID("kafkax", q.cfg.namespace),
		Title:       "Kafka clients",
		Description: "Writers, readers and consumer groups of kafka-go, as kafkax sees them.",
		Tags:        []string{"kafka", "kafkax"},
		Schema:      grafanaSchema,
		Editable:    true,
		Tooltip:     sharedCrosshair,
		Refresh:     "30s",
		Time:        timeRangeJSON{From: "now-1h", To: "now"},
		Templating:  templatingJSON{List: dashboardVariables(q)},
		Panels:      layOut(dashboardRows(q)),
	}
}

func dashboardRows(q query) []dashboardRow {
	return []dashboardRow{
		{"Overview", overviewPanels(q)},
		{"Consumer groups", groupPanels(q)},
		{"Writers", writerPanels(q)},
		{"Writers: produce requests and connections", writerWirePanels(q)},
		{"Writers: attempts, from Stats", writerStatsPanels(q)},
		{"Readers", readerPanels(q)},
		{"Readers: partitions", readerPartitionPanels(q)},
		{"Readers: fetches, from Stats", readerStatsPanels(q)},
	}
}

// dashboardVariables choose what is shown; each but the first offers what exists
// in the chosen jobs.
func dashboardVariables(q query) []variableJSON {
	all := []metricID{writerMessages, writerAttempts, readerMessages, readerFetches, groupLagMessages, groupPolls}
	return []variableJSON{
		datasourceVariable(),
		queryVariable(labelJob, "label_values("+q.anyOf(all)+", job)"),
		q.variable(labelWriter, writerMessages, writerAttempts),
		q.variable(labelReader, readerMessages, readerFetches),
		q.variable(labelGroup, readerMessages, readerFetches, groupLagMessages),
		q.variable(labelTopic, writerMessages, readerMessages, groupLagMessages),
	}
}

func (q query) variable(label string, ids ...metricID) variableJSON {
	return queryVariable(label, "label_values("+q.anyOf(ids, labelJob+`=~"$`+labelJob+`"`)+", "+label+")")
}

// anyOf selects the series of all the metrics.
func (q query) anyOf(ids []metricID, matchers ...string) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = table[id].fullName(&q.cfg)
	}
	return "{" + strings.Join(append([]string{isOneOf("__name__", names...)}, matchers...), ", ") + "}"
}

// writeJSON writes v for people too.
func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // PromQL has < and > in it
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	return writeAll(w, b.Bytes())
}

package kafkax

// A dashboardRow is a heading and the panels under it.
type dashboardRow struct {
	title  string
	panels []panel
}

// A panel is one graph, before it has a place.
type panel struct {
	kind    panelKind
	title   string
	unit    string // Grafana's id of it
	help    string
	targets []target
}

// A target is one query of a panel; labels in its legend stand in braces.
type target struct{ expr, legend string }

type panelKind string

const (
	kindGraph    panelKind = "timeseries"
	kindStat     panelKind = "stat"
	kindTable    panelKind = "table"
	kindTimeline panelKind = "state-timeline"
)

// Units as Grafana names them.
const (
	perSecond         = "ops"
	messagesPerSecond = "mps"
	bytesPerSecond    = "Bps"
	inSeconds         = "s"
	inBytes           = "bytes"
	inShare           = "percentunit"
	inNumber          = "short"
	exactly           = "none"
)

func graph(title, unit, help string, targets ...target) panel {
	return panel{kind: kindGraph, title: title, unit: unit, help: help, targets: targets}
}

// quantiles shows the middle and the slow end of a histogram.
func (q query) quantiles(legend string, labels []string, id metricID) []target {
	return []target{
		{q.quantile(.5, labels, id), legend + " p50"},
		{q.quantile(.99, labels, id), legend + " p99"},
	}
}

const (
	gridWidth   = 24
	graphWidth  = 8
	graphHeight = 8
	statWidth   = 4
	statHeight  = 4
)

func (p panel) size() (w, h int) {
	switch p.kind {
	case kindStat:
		return statWidth, statHeight
	case kindTable, kindTimeline:
		return gridWidth, graphHeight
	default:
		return graphWidth, graphHeight
	}
}

// layOut gives every panel its place: rows from the top down, panels from left to
// right.
func layOut(rows []dashboardRow) []panelJSON {
	var out []panelJSON
	y := 0
	for _, row := range rows {
		closed := false
		out = append(out, panelJSON{
			ID: len(out) + 1, Type: "row", Title: row.title, Grid: gridJSON{H: 1, W: gridWidth, Y: y},
			Collapsed: &closed, Panels: &[]panelJSON{},
		})
		y++
		x, tallest := 0, 0
		for _, p := range row.panels {
			w, h := p.size()
			if x+w > gridWidth {
				x, y, tallest = 0, y+tallest, 0
			}
			out = append(out, p.place(len(out)+1, gridJSON{H: h, W: w, X: x, Y: y}))
			x, tallest = x+w, max(tallest, h)
		}
		y += tallest
	}
	return out
}

func (p panel) place(id int, at gridJSON) panelJSON {
	ref := chosenDatasource()
	zero := 0.0
	out := panelJSON{
		ID: id, Type: string(p.kind), Title: p.title, Description: p.help, Datasource: &ref, Grid: at,
		Fields:  &fieldsJSON{Defaults: fieldJSON{Unit: p.unit, Min: &zero}, Overrides: []any{}},
		Options: p.options(),
	}
	if p.kind == kindGraph {
		out.Fields.Defaults.Custom = map[string]any{"fillOpacity": 10, "showPoints": "never"}
	}
	for i, t := range p.targets {
		out.Targets = append(out.Targets, p.target(i, t))
	}
	return out
}

// target writes a query: of a series over time, or of what there is now.
func (p panel) target(i int, t target) targetJSON {
	now := p.kind == kindTable
	out := targetJSON{
		Datasource: chosenDatasource(), RefID: string(rune('A' + i)), Expr: t.expr, Legend: t.legend,
		Editor: "code", Range: !now, Instant: now,
	}
	if now {
		out.Format = "table"
	}
	return out
}

func (p panel) options() map[string]any {
	switch p.kind {
	case kindStat:
		return map[string]any{
			"colorMode": "value", "graphMode": "area", "justifyMode": "auto", "textMode": "auto",
			"wideLayout": true, "showPercentChange": false, "percentChangeColorMode": "standard",
			"orientation":   "auto",
			"reduceOptions": map[string]any{"calcs": []string{"lastNotNull"}, "fields": "", "values": false},
		}
	case kindTable:
		return map[string]any{"frameIndex": 0, "showHeader": true}
	case kindTimeline:
		return map[string]any{
			"showValue": "never", "rowHeight": 0.9, "mergeValues": true,
			"legend": legendOptions(), "tooltip": tooltipOptions(),
		}
	default:
		return map[string]any{"legend": legendOptions(), "tooltip": tooltipOptions()}
	}
}

func legendOptions() map[string]any {
	return map[string]any{"displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": []string{}}
}

func tooltipOptions() map[string]any {
	return map[string]any{"mode": "multi", "sort": "desc"}
}

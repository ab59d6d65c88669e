package kafkax

import (
	"fmt"
	"hash/fnv"
	"strings"
)

// The parts of Grafana's dashboard model that we write: the names are Grafana's.

type dashboardJSON struct {
	UID         string         `json:"uid"`
	Title       string         `json:"title"`
	Description string         `json:"description"`
	Tags        []string       `json:"tags"`
	Schema      int            `json:"schemaVersion"`
	Editable    bool           `json:"editable"`
	Tooltip     int            `json:"graphTooltip"`
	Refresh     string         `json:"refresh"`
	Time        timeRangeJSON  `json:"time"`
	Templating  templatingJSON `json:"templating"`
	Panels      []panelJSON    `json:"panels"`
}

const (
	grafanaSchema   = 39 // Grafana 10.4; later ones take it and move it on
	sharedCrosshair = 1
	onTimeRange     = 2 // when a variable asks for its values again
	naturalOrder    = 7
	maxUID          = 40
	prometheusType  = "prometheus"
	datasourceName  = "datasource"
)

type timeRangeJSON struct {
	From string `json:"from"`
	To   string `json:"to"`
}

type templatingJSON struct {
	List []variableJSON `json:"list"`
}

type variableJSON struct {
	Name       string         `json:"name"`
	Label      string         `json:"label,omitempty"`
	Type       string         `json:"type"`
	Query      string         `json:"query"`
	Datasource *datasourceRef `json:"datasource,omitempty"`
	Refresh    int            `json:"refresh,omitempty"`
	Sort       int            `json:"sort,omitempty"`
	Multi      bool           `json:"multi,omitempty"`
	IncludeAll bool           `json:"includeAll,omitempty"`
	AllValue   string         `json:"allValue,omitempty"`
	Current    *optionJSON    `json:"current,omitempty"`
}

type optionJSON struct {
	Selected bool     `json:"selected"`
	Text     []string `json:"text"`
	Value    []string `json:"value"`
}

type datasourceRef struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

type panelJSON struct {
	ID          int            `json:"id"`
	Type        string         `json:"type"`
	Title       string         `json:"title"`
	Description string         `json:"description,omitempty"`
	Datasource  *datasourceRef `json:"datasource,omitempty"`
	Grid        gridJSON       `json:"gridPos"`
	Fields      *fieldsJSON    `json:"fieldConfig,omitempty"`
	Options     map[string]any `json:"options,omitempty"`
	Targets     []targetJSON   `json:"targets,omitempty"`
	Collapsed   *bool          `json:"collapsed,omitempty"` // of a row
	Panels      *[]panelJSON   `json:"panels,omitempty"`    // of a row
}

type gridJSON struct {
	H int `json:"h"`
	W int `json:"w"`
	X int `json:"x"`
	Y int `json:"y"`
}

type fieldsJSON struct {
	Defaults  fieldJSON `json:"defaults"`
	Overrides []any     `json:"overrides"`
}

type fieldJSON struct {
	Unit   string         `json:"unit,omitempty"`
	Min    *float64       `json:"min,omitempty"`
	Custom map[string]any `json:"custom,omitempty"`
}

type targetJSON struct {
	Datasource datasourceRef `json:"datasource"`
	RefID      string        `json:"refId"`
	Expr       string        `json:"expr"`
	Legend     string        `json:"legendFormat,omitempty"`
	Editor     string        `json:"editorMode"`
	Format     string        `json:"format,omitempty"`
	Range      bool          `json:"range"`
	Instant    bool          `json:"instant"`
}

// chosenDatasource is the one that the dashboard's first variable chooses.
func chosenDatasource() datasourceRef {
	return datasourceRef{Type: prometheusType, UID: "${" + datasourceName + "}"}
}

func datasourceVariable() variableJSON {
	return variableJSON{Name: datasourceName, Label: "Data source", Type: "datasource", Query: prometheusType}
}

func queryVariable(name, expr string) variableJSON {
	ref := chosenDatasource()
	return variableJSON{
		Name: name, Type: "query", Query: expr, Datasource: &ref,
		Refresh: onTimeRange, Sort: naturalOrder,
		Multi: true, IncludeAll: true,
		AllValue: ".*", // also what has no such label value yet
		Current:  &optionJSON{Selected: true, Text: []string{"All"}, Value: []string{"$__all"}},
	}
}

// grafanaUID joins the parts to a uid that Grafana takes: one that is too long ends
// in a hash of the whole, so that different parts have different uids.
func grafanaUID(parts ...string) string {
	uid := strings.ToLower(strings.Join(parts, "-"))
	if len(uid) <= maxUID {
		return uid
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(uid)) // a hash takes everything
	hash := fmt.Sprintf("-%08x", h.Sum32())
	return uid[:maxUID-len(hash)] + hash
}

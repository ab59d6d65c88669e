package realserver

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// A PrometheusSample is one series of an instant query's answer.
type PrometheusSample struct {
	Labels    map[string]string
	Value     float64 // zero where Histogram
	Histogram bool    // it is a native histogram
}

// Query evaluates expr now. A scalar comes as one sample without labels.
func (p *PrometheusServer) Query(ctx context.Context, expr string) ([]PrometheusSample, error) {
	var data struct {
		ResultType string          `json:"resultType"`
		Result     json.RawMessage `json:"result"`
	}
	if err := p.get(ctx, "/api/v1/query?query="+url.QueryEscape(expr), &data); err != nil {
		return nil, fmt.Errorf("%w\nquery: %s", err, expr)
	}
	switch data.ResultType {
	case "vector":
		return vectorSamples(data.Result)
	case "scalar":
		var point prometheusPoint
		if err := json.Unmarshal(data.Result, &point); err != nil {
			return nil, err
		}
		return []PrometheusSample{{Value: float64(point)}}, nil
	default:
		return nil, fmt.Errorf("prometheus: query answers a %s, want a vector or a scalar: %s", data.ResultType, expr)
	}
}

func vectorSamples(result json.RawMessage) ([]PrometheusSample, error) {
	var series []struct {
		Metric    map[string]string `json:"metric"`
		Value     prometheusPoint   `json:"value"`
		Histogram json.RawMessage   `json:"histogram"`
	}
	if err := json.Unmarshal(result, &series); err != nil {
		return nil, err
	}
	samples := make([]PrometheusSample, len(series))
	for i, s := range series {
		samples[i] = PrometheusSample{Labels: s.Metric, Value: float64(s.Value), Histogram: s.Histogram != nil}
	}
	return samples, nil
}

// A prometheusPoint is the value of a [time, "value"] pair.
type prometheusPoint float64

func (p *prometheusPoint) UnmarshalJSON(b []byte) error {
	var pair [2]any
	if err := json.Unmarshal(b, &pair); err != nil {
		return err
	}
	text, ok := pair[1].(string) // so that NaN and Inf can be told
	if !ok {
		return fmt.Errorf("prometheus: %s is no sample", b)
	}
	v, err := strconv.ParseFloat(text, 64)
	*p = prometheusPoint(v)
	return err
}

// A PrometheusAlert is one instance of an alerting rule that has begun to hold.
type PrometheusAlert struct {
	Labels      map[string]string `json:"labels"` // alertname among them
	Annotations map[string]string `json:"annotations"`
	State       string            `json:"state"` // pending or firing
	Value       string            `json:"value"`
}

// Name returns the name of the alert's rule.
func (a PrometheusAlert) Name() string { return a.Labels["alertname"] }

// Firing reports whether the alert has held for as long as its rule asks.
func (a PrometheusAlert) Firing() bool { return a.State == "firing" }

// Alerts returns the alerts that are pending or firing now.
func (p *PrometheusServer) Alerts(ctx context.Context) ([]PrometheusAlert, error) {
	var data struct {
		Alerts []PrometheusAlert `json:"alerts"`
	}
	err := p.get(ctx, "/api/v1/alerts", &data)
	return data.Alerts, err
}

// A PrometheusRule is a rule as the server has loaded it and last evaluated it.
type PrometheusRule struct {
	Name      string `json:"name"`
	Query     string `json:"query"`
	Health    string `json:"health"` // ok, err, or unknown before the first evaluation
	LastError string `json:"lastError"`
	Type      string `json:"type"` // alerting or recording
}

// Rules returns all rules, in the order of their files.
func (p *PrometheusServer) Rules(ctx context.Context) ([]PrometheusRule, error) {
	var data struct {
		Groups []struct {
			Rules []PrometheusRule `json:"rules"`
		} `json:"groups"`
	}
	err := p.get(ctx, "/api/v1/rules", &data)
	var rules []PrometheusRule
	for _, g := range data.Groups {
		rules = append(rules, g.Rules...)
	}
	return rules, err
}

// get decodes the data of the API's answer.
func (p *PrometheusServer) get(ctx context.Context, path string, data any) error {
	answer := struct {
		Data any `json:"data"`
	}{data}
	return prometheusCall(ctx, p.Server, http.MethodGet, path, func(r io.Reader) error {
		return json.NewDecoder(r).Decode(&answer)
	})
}

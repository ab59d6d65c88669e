// Package deploy makes the files for those who watch over TinyBook: a Prometheus
// that scrapes it and knows when its Kafka clients are in trouble, and a Grafana
// that shows the same. They are in the folders beside this file, as they are made
// here:
//
//	go generate ./examples/tinybook/deploy
//	prometheus --config.file=examples/tinybook/deploy/prometheus/prometheus.yml
package deploy

//go:generate go run ./generate

import (
	"bytes"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
	"github.com/ycvk/tinybook/kafkax"
)

// Files returns the content of every file, by its path from this folder.
func Files() (map[string][]byte, error) {
	var rules, dashboard, alerts bytes.Buffer
	thresholds := kafkax.DefaultThresholds()
	if err := kafkax.WriteAlertRules(&rules, thresholds); err != nil {
		return nil, fmt.Errorf("deploy: rules: %w", err)
	}
	if err := kafkax.WriteDashboard(&dashboard); err != nil {
		return nil, fmt.Errorf("deploy: dashboard: %w", err)
	}
	if err := kafkax.WriteGrafanaAlerts(&alerts, thresholds); err != nil {
		return nil, fmt.Errorf("deploy: alerts: %w", err)
	}
	targets, err := targets(config.Default(config.Embedded))
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		"prometheus/prometheus.yml":                     []byte(made + fmt.Sprintf(scrape, strings.Join(targets, ", "))),
		"prometheus/rules.yml":                          rules.Bytes(),
		"grafana/dashboards/kafka.json":                 dashboard.Bytes(),
		"grafana/provisioning/dashboards/tinybook.yml":  []byte(made + dashboards),
		"grafana/provisioning/datasources/tinybook.yml": []byte(made + fmt.Sprintf(datasource, kafkax.GrafanaDatasource)),
		"grafana/provisioning/alerting/kafka.json":      alerts.Bytes(),
	}, nil
}

// targets returns where the nodes of a process show their metrics.
func targets(cfg config.Config) ([]string, error) {
	host, port, err := net.SplitHostPort(cfg.Admin.Addr)
	if err != nil {
		return nil, fmt.Errorf("deploy: admin address: %w", err)
	}
	first, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("deploy: admin address: %w", err)
	}
	var all []string
	for i := range cfg.Nodes {
		all = append(all, strconv.Quote(net.JoinHostPort(host, strconv.Itoa(first+i))))
	}
	return all, nil
}

const made = "# Made by go generate; see deploy.go.\n"

// scrape is the configuration of a Prometheus beside a TinyBook. It has no
// Alertmanager: it shows alerts, and Grafana tells people.
const scrape = `global:
  scrape_interval: 5s
  evaluation_interval: 5s
rule_files: [rules.yml]
scrape_configs:
  - job_name: tinybook
    static_configs:
      - targets: [%s]
`

const datasource = `apiVersion: 1
datasources:
  - name: Prometheus
    uid: %s
    type: prometheus
    url: http://127.0.0.1:9090
    access: proxy
    isDefault: true
`

// dashboards is where a Grafana finds dashboards: set DEPLOY_FOLDER to this
// folder for its process.
const dashboards = `apiVersion: 1
providers:
  - name: tinybook
    folder: TinyBook
    type: file
    options:
      path: $DEPLOY_FOLDER/grafana/dashboards
`

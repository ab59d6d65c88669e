package kafkax_test

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/ycvk/tinybook/kafkax"
)

func ExampleWriteAlertRules() {
	t := kafkax.DefaultThresholds()
	t.LagMessages = 5_000 // these topics are quiet
	t.LagAge = time.Minute
	t.InFlight = 0 // every writer waits for its messages here

	var rules strings.Builder // a file that Prometheus' rule_files names
	if err := kafkax.WriteAlertRules(&rules, t); err != nil {
		fmt.Println(err)
		return
	}
	for line := range strings.Lines(rules.String()) {
		if strings.Contains(line, "kafka_group_lag_seconds)") {
			fmt.Println(strings.TrimSpace(line))
		}
	}
	// Output: max by (job, group, topic) (kafka_group_lag_seconds) > 60
}

func ExampleWriteDashboard() {
	f, err := os.CreateTemp("", "kafka-*.json") // in production a folder that Grafana is provisioned from
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(f.Name())
	if err := kafkax.WriteDashboard(f, kafkax.WithNamespace("shop")); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Close())
	// Output: <nil>
}

func ExampleWriteGrafanaAlerts() {
	var file strings.Builder // a file in Grafana's folder provisioning/alerting
	err := kafkax.WriteGrafanaAlerts(&file, kafkax.Thresholds{FailureRatio: 2, Window: time.Minute})
	fmt.Println(err)

	err = kafkax.WriteGrafanaAlerts(&file, kafkax.DefaultThresholds())
	fmt.Println(err, strings.Contains(file.String(), `"title": "KafkaWriterFailureRatioHigh"`))
	// Output:
	// kafkax: invalid argument: Thresholds.FailureRatio is 2: want 0 for off, or a share below 1
	// <nil> true
}

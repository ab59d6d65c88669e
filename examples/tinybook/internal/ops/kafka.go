package ops

import (
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ycvk/tinybook/kafkax"
)

// Kafka is what the clients of Kafka in this process do, and how far the groups,
// in all processes, are behind.
type Kafka struct {
	Writers []KafkaWriter `json:"writers"`
	Readers []KafkaReader `json:"readers"`
	Groups  []KafkaGroup  `json:"groups"`
	// LagAt is when the lag was read, and empty before that.
	LagAt *time.Time `json:"lagAt"`
	// LagFailed is set while a part of the lag can't be read.
	LagFailed bool `json:"lagFailed"`
}

// KafkaWriter counts the messages of a writer since the process began. Each was
// delivered, failed or rejected, or is in flight.
type KafkaWriter struct {
	Name      string `json:"name"`
	Delivered int64  `json:"delivered"`
	Failed    int64  `json:"failed"`
	Rejected  int64  `json:"rejected"`
	InFlight  int64  `json:"inFlight"`
	Retries   int64  `json:"retries"`
}

// KafkaReader counts the messages of a reader since the process began.
type KafkaReader struct {
	Name        string `json:"name"`
	Group       string `json:"group"`
	Messages    int64  `json:"messages"`
	Processed   int64  `json:"processed"`
	Uncommitted int64  `json:"uncommitted"`
	Errors      int64  `json:"errors"`
	Rebalances  int64  `json:"rebalances"`
}

// KafkaGroup is how far a group is behind, over all partitions of its topics.
type KafkaGroup struct {
	Group    string  `json:"group"`
	State    string  `json:"state"` // Stable, Empty, Dead, ...; empty: not known
	Members  int     `json:"members"`
	Messages int64   `json:"messages"` // unread
	Seconds  float64 `json:"seconds"`  // since the oldest of them came
	Status   string  `json:"status"`   // of the worst partition: ok, warning, stalled, stopped, ...
}

// noKafka has lists that are empty, and not null.
func noKafka() Kafka {
	return Kafka{Writers: []KafkaWriter{}, Readers: []KafkaReader{}, Groups: []KafkaGroup{}}
}

// KafkaFigures reads the figures of clients from what gathers the metrics of
// their kafkax.Metrics, and those of the groups from lag.
func KafkaFigures(clients prometheus.Gatherer, lag kafkax.LagSnapshot) (Kafka, error) {
	series, err := gather(clients)
	if err != nil {
		return Kafka{}, err
	}
	k := noKafka()
	k.LagFailed = lag.Err != nil
	if !lag.At.IsZero() {
		at := lag.At.UTC()
		k.LagAt = &at
	}
	for _, name := range series.values("kafka_writer_in_flight_messages", "writer") {
		of := labels{"writer": name}
		result := func(result string) int64 {
			return series.sum("kafka_writer_messages_total", labels{"writer": name, "result": result})
		}
		k.Writers = append(k.Writers, KafkaWriter{
			Name: name, Delivered: result("delivered"), Failed: result("failed"), Rejected: result("rejected"),
			InFlight: series.sum("kafka_writer_in_flight_messages", of), Retries: series.sum("kafka_writer_retries_total", of),
		})
	}
	for _, name := range series.values("kafka_reader_rebalances_total", "reader") {
		of := labels{"reader": name}
		k.Readers = append(k.Readers, KafkaReader{
			Name: name, Group: strings.Join(series.groups(name), ","),
			Messages:    series.sum("kafka_reader_messages_total", of),
			Processed:   series.sum("kafka_reader_processed_messages_total", of),
			Uncommitted: series.sum("kafka_reader_uncommitted_messages", of),
			Errors:      series.sum("kafka_reader_errors_total", of),
			Rebalances:  series.sum("kafka_reader_rebalances_total", of),
		})
	}
	for _, g := range lag.Groups {
		k.Groups = append(k.Groups, group(g, lag.Partitions))
	}
	return k, nil
}

func group(g kafkax.GroupLag, all []kafkax.PartitionLag) KafkaGroup {
	made := KafkaGroup{Group: g.Group, State: g.State, Members: g.Members}
	worst := kafkax.StatusUnknown
	for _, p := range all {
		if p.Group != g.Group {
			continue
		}
		made.Messages += p.Messages
		made.Seconds = max(made.Seconds, p.Age.Seconds())
		worst = max(worst, p.Status)
	}
	made.Status = worst.String()
	return made
}

type labels map[string]string

// A point is one series with its value.
type point struct {
	labels labels
	value  float64
}

// points are series by the name of their metric: of counters and gauges.
type points map[string][]point

func gather(from prometheus.Gatherer) (points, error) {
	families, err := from.Gather()
	if err != nil {
		return nil, fmt.Errorf("ops: kafka: %w", err)
	}
	all := points{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			of := labels{}
			for _, l := range m.GetLabel() {
				of[l.GetName()] = l.GetValue()
			}
			value := m.GetCounter().GetValue() + m.GetGauge().GetValue() // it is one of them
			all[family.GetName()] = append(all[family.GetName()], point{of, value})
		}
	}
	return all, nil
}

// sum adds up the series of a metric that have these labels.
func (p points) sum(metric string, want labels) int64 {
	var total float64
next:
	for _, one := range p[metric] {
		for name, value := range want {
			if one.labels[name] != value {
				continue next
			}
		}
		total += one.value
	}
	return int64(total)
}

// values returns the values of a label, each once, in the order of the series.
func (p points) values(metric, label string) (all []string) {
	seen := map[string]bool{}
	for _, one := range p[metric] {
		if v := one.labels[label]; !seen[v] {
			seen[v] = true
			all = append(all, v)
		}
	}
	return all
}

// groups returns the groups of a reader.
func (p points) groups(reader string) []string {
	only := points{"": nil}
	for _, one := range p["kafka_reader_rebalances_total"] {
		if one.labels["reader"] == reader {
			only[""] = append(only[""], one)
		}
	}
	return only.values("", "group")
}

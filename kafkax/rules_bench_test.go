package kafkax_test

import (
	"io"
	"testing"

	"github.com/ycvk/tinybook/kafkax"
)

func BenchmarkWriteFiles(b *testing.B) {
	t := kafkax.DefaultThresholds()
	for _, file := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"rules", func(w io.Writer) error { return kafkax.WriteAlertRules(w, t) }},
		{"grafana", func(w io.Writer) error { return kafkax.WriteGrafanaAlerts(w, t) }},
		{"dashboard", func(w io.Writer) error { return kafkax.WriteDashboard(w) }},
	} {
		b.Run("file="+file.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := file.write(io.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

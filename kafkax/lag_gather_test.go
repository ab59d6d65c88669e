package kafkax_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

// gatherLag scrapes l with a registry that checks what it gets.
func gatherLag(t testing.TB, l *kafkax.LagCollector) map[string]*dto.MetricFamily {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	require.NoError(t, reg.Register(l))
	families, err := reg.Gather()
	require.NoError(t, err)
	byName := make(map[string]*dto.MetricFamily)
	for _, f := range families {
		byName[f.GetName()] = f
	}
	return byName
}

func expectPolls(ok, failed int) io.Reader {
	return strings.NewReader(fmt.Sprintf(`# HELP kafka_group_polls_total Polls, by result.
# TYPE kafka_group_polls_total counter
kafka_group_polls_total{result="failed"} %d
kafka_group_polls_total{result="ok"} %d
`, failed, ok))
}

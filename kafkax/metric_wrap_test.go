package kafkax_test

import (
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

// A wrapped registerer appends its labels to those that a metric gives it, which
// all scrapes share.
func TestRegistriesThatAddLabelsDontSpoilEachOther(t *testing.T) {
	m, err := kafkax.New()
	require.NoError(t, err)
	_, err = m.ObserveWriter("likes", statsWriter(t, newBroker(), "likes"))
	require.NoError(t, err)
	var scrapers sync.WaitGroup
	for _, zone := range []string{"a", "b", "c"} {
		reg := prometheus.NewPedanticRegistry()
		wrapped := prometheus.WrapRegistererWith(prometheus.Labels{"a_zone": zone, "z_zone": zone}, reg)
		require.NoError(t, wrapped.Register(m))
		scrapers.Go(func() {
			for range 100 {
				families, err := reg.Gather()
				if err != nil {
					t.Errorf("zone %s: %v", zone, err)
					return
				}
				for _, f := range families {
					if got := labelText(f.Metric[0].Label[:1]); got != `{a_zone="`+zone+`"}` {
						t.Errorf("zone %s shows %s", zone, got)
						return
					}
				}
			}
		})
	}
	scrapers.Wait()
}

package kafkax_test

import (
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

// The first message that fails must be an increase.
func TestTheResultsOfAReadersTopicsExistAtZero(t *testing.T) {
	for _, tc := range []struct {
		name   string
		config kafka.ReaderConfig
		topics []string
	}{
		{"alone", kafka.ReaderConfig{Topic: "t"}, []string{"t"}},
		{"one topic of a group", kafka.ReaderConfig{Topic: "t", GroupID: "g"}, []string{"t"}},
		{"many topics of a group", kafka.ReaderConfig{GroupTopics: []string{"t", "u"}, GroupID: "g"}, []string{"t", "u"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, err := kafkax.New()
			require.NoError(t, err)
			r, err := m.Reader("r", newReader(t, tc.config))
			require.NoError(t, err)
			f := figuresOf(t, m)
			for _, topic := range tc.topics {
				for _, result := range []string{"ok", "failed"} {
					labels := labelTextOf("group", tc.config.GroupID, "reader", "r", "result", result, "topic", topic)
					require.Contains(t, f, "kafka_reader_processed_messages_total"+labels)
					require.Contains(t, f, "kafka_reader_processing_duration_seconds_count"+labels)
					require.Zero(t, f["kafka_reader_processed_messages_total"+labels])
				}
			}
			r.Remove()
			require.Equal(t, []string{"kafka_client_folded_topics"}, names(figuresOf(t, m)))
		})
	}
}

// labelTextOf returns labels, given as names and values, as figures have them.
func labelTextOf(pairs ...string) string {
	labels := make([]*dto.LabelPair, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		labels = append(labels, &dto.LabelPair{Name: &pairs[i], Value: &pairs[i+1]})
	}
	return labelText(labels)
}

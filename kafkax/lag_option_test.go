package kafkax_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

func TestNewLagCollectorNamesEveryFault(t *testing.T) {
	client := &kafka.Client{Addr: kafka.TCP("127.0.0.1:1")}
	groups := []kafkax.Group{{ID: "g"}}
	for _, tc := range []struct {
		name   string
		client *kafka.Client
		groups []kafkax.Group
		opts   []kafkax.Option
		says   []string // none: it is fine
	}{
		{"all fine", client, groups, nil, nil},
		{"all options", client, []kafkax.Group{{ID: "a", Topics: []string{"t"}}, {ID: "b"}}, []kafkax.Option{
			kafkax.WithInterval(time.Second), kafkax.WithTimeout(time.Second), kafkax.WithHistory(time.Second),
			kafkax.WithExactAge(0), kafkax.WithExactAge(9), kafkax.WithStart(kafka.LastOffset), kafkax.WithStart(kafka.FirstOffset),
		}, nil},
		{"no client", nil, groups, nil, []string{"the client is nil"}},
		{"a client of nowhere", &kafka.Client{}, groups, nil, []string{"the client has no Addr"}},
		{"no groups", client, nil, nil, []string{"no group"}},
		{"bad groups", client, []kafkax.Group{{}, {ID: "g"}, {ID: "g"}, {ID: "h", Topics: []string{}}, {ID: "i", Topics: []string{"t", ""}}, {ID: "\xff"}}, nil, []string{
			"group 0 has no ID", `group "g" is there twice`, `group "h" has no topic`, `group "i" has a topic without a name`, `the ID of group 5, "\xff", is not UTF-8`,
		}},
		{"bad options", client, groups, []kafkax.Option{
			kafkax.WithInterval(0), kafkax.WithTimeout(-1), kafkax.WithHistory(0), kafkax.WithExactAge(-2), kafkax.WithStart(7), nil,
		}, []string{"WithInterval(0s)", "WithTimeout(-1ns)", "WithHistory(0s)", "WithExactAge(-2)", "WithStart(7)", "option 5 is nil"}},
		{
			"options that contradict each other", client, groups,
			[]kafkax.Option{kafkax.WithInterval(time.Hour), kafkax.WithTimeout(2 * time.Hour), kafkax.WithHistory(time.Minute)},
			[]string{"WithTimeout(2h0m0s): want at most the interval, 1h0m0s", "WithHistory(1m0s): want at least the interval, 1h0m0s"},
		},
		{"options and arguments", nil, groups, []kafkax.Option{kafkax.WithExactAge(-2)}, []string{"the client is nil", "WithExactAge(-2)"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l, err := kafkax.NewLagCollector(tc.client, tc.groups, tc.opts...)
			if len(tc.says) == 0 {
				require.NoError(t, err)
				require.NotNil(t, l)
				return
			}
			require.Nil(t, l)
			for _, text := range tc.says {
				require.ErrorContains(t, err, text)
			}
			require.Equal(t, len(tc.says), len(strings.Split(strings.ReplaceAll(err.Error(), "\n\n", "\n"), "\n")), "%v", err)
			require.ErrorIs(t, err, kafkax.ErrInput)
		})
	}
}

func TestNewLagCollectorCopiesItsGroups(t *testing.T) {
	k := newFakeLagKafka()
	k.end["t"], k.end["u"] = 5, 7
	topics := []string{"t"}
	groups := []kafkax.Group{{ID: "g", Topics: topics}}
	l, err := kafkax.NewLagCollector(&kafka.Client{Addr: &net.TCPAddr{}, Transport: k}, groups)
	require.NoError(t, err)
	topics[0], groups[0].ID = "u", "other"
	s, err := l.Poll(t.Context())
	require.NoError(t, err)
	require.Len(t, s.Partitions, 1)
	require.Equal(t, "t", s.Partitions[0].Topic)
	require.Equal(t, "g", s.Partitions[0].Group)
}

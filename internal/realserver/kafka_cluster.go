package realserver

import "testing"

// A KafkaCluster is three brokers, of which the first is the controller too and
// not to be killed for long: nobody but the controller appoints leaders.
type KafkaCluster struct {
	Nodes []*Server // the id of a broker is its index and 1
}

// Addrs returns the host:port of every broker.
func (c *KafkaCluster) Addrs() []string {
	addrs := make([]string, len(c.Nodes))
	for i, n := range c.Nodes {
		addrs[i] = n.Addr()
	}
	return addrs
}

// Node returns the broker with that id.
func (c *KafkaCluster) Node(id int) *Server { return c.Nodes[id-1] }

const kafkaBrokers = 3

// StartKafkaCluster starts three brokers that keep three copies of everything,
// and take a message with acks of all as long as two of them have it. Props are
// added to each, as [Kafka] does.
func StartKafkaCluster(t testing.TB, props ...string) *KafkaCluster {
	t.Helper()
	c := new(KafkaCluster)
	node := kafkaNode{cluster: kafkaID(), copies: kafkaBrokers, props: props}
	for node.id = 1; node.id <= kafkaBrokers; node.id++ {
		s := Start(t, node.spec())
		c.Nodes = append(c.Nodes, s)
		node.controller = c.Nodes[0]
	}
	return c
}

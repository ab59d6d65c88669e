package realserver

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	_ "embed" // kafka/*
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
)

// KafkaPOM names the build of Kafka that the tests run, as Maven wants it.
//
//go:embed kafka/pom.xml
var KafkaPOM []byte

// KafkaScript is the program that the tests start: it runs Java.
//
//go:embed kafka/kafka.sh
var KafkaScript []byte

// KafkaPath is where the install command puts Kafka in its cache, as
// [CachePath] wants it.
func KafkaPath(elem ...string) []string {
	sum := sha256.Sum256(slices.Concat(KafkaPOM, KafkaScript))
	return append([]string{fmt.Sprintf("kafka-%x", sum[:6])}, elem...)
}

// FindKafka finds the program in the cache, and a Java to run it.
func FindKafka() (string, error) {
	if _, err := exec.LookPath("java"); err != nil {
		return "", err
	}
	return InCache(KafkaPath("bin", "kafka")...)()
}

// Kafka starts Apache Kafka 4.1: one process that is broker and controller. It
// has no topics, and makes none that it isn't asked for. Each of props is a line
// of its server.properties, such as "log.retention.ms=1000". On an idle machine it
// is ready after two seconds and 2.7 of the processor's, and takes 150 MB, under
// load up to twice that.
func Kafka(t testing.TB, props ...string) *Server {
	t.Helper()
	return Start(t, KafkaSpec(props...))
}

// KafkaSpec is what [Kafka] starts.
func KafkaSpec(props ...string) Spec {
	return kafkaNode{id: 1, copies: 1, props: props}.spec()
}

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

// A kafkaNode is one process of a cluster.
type kafkaNode struct {
	id, copies int
	cluster    string  // its id; empty: another one each time that data are made
	controller *Server // nil: itself
	props      []string
}

func (n kafkaNode) spec() Spec {
	return Spec{
		Name:        "kafka",
		Find:        FindKafka,
		Ports:       2, // the second is for the controller
		Prepare:     n.prepare,
		Args:        func(s *Server) []string { return []string{"kafka.Kafka", kafkaConfig(s)} },
		Ready:       kafkaReady,
		ReadyWithin: time.Minute,
	}
}

func kafkaConfig(s *Server) string { return filepath.Join(s.Dir, "server.properties") }

// prepare writes the configuration and makes the data, of which a broker that
// finds none won't start.
func (n kafkaNode) prepare(ctx context.Context, s *Server) error {
	if err := os.WriteFile(kafkaConfig(s), []byte(strings.Join(n.config(s), "\n")+"\n"), 0o644); err != nil {
		return err
	}
	cluster := n.cluster
	if cluster == "" {
		cluster = kafkaID()
	}
	out, err := s.command(ctx, s.Program, "kafka.tools.StorageTool", "format",
		"--cluster-id", cluster, "--config", kafkaConfig(s)).CombinedOutput()
	if err != nil {
		return fmt.Errorf("format: %w\n%s", err, out)
	}
	return nil
}

// kafkaID returns a new cluster's id: sixteen bytes in the form that Kafka wants.
func kafkaID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	id[0] &= 0x7f           // Kafka's tools take a leading - for an option
	return base64.RawURLEncoding.EncodeToString(id[:])
}

func (n kafkaNode) config(s *Server) []string {
	controller, roles := s, "process.roles=broker,controller"
	listeners := "listeners=PLAINTEXT://" + s.Addr() + ",CONTROLLER://" + s.AddrOf(1)
	if n.controller != nil {
		controller, roles = n.controller, "process.roles=broker"
		listeners = "listeners=PLAINTEXT://" + s.Addr()
	}
	copies := strconv.Itoa(n.copies)
	return append([]string{
		roles, listeners,
		"node.id=" + strconv.Itoa(n.id),
		"controller.quorum.voters=1@" + controller.AddrOf(1),
		"advertised.listeners=PLAINTEXT://" + s.Addr(),
		"controller.listener.names=CONTROLLER",
		"listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
		"log.dirs=" + filepath.Join(s.Dir, "data"),
		"default.replication.factor=" + copies,
		"offsets.topic.replication.factor=" + copies,
		"transaction.state.log.replication.factor=" + copies,
		"min.insync.replicas=" + strconv.Itoa(n.copies/2+1),
		"transaction.state.log.min.isr=" + strconv.Itoa(n.copies/2+1),
		"auto.create.topics.enable=false", // a topic that is spelled wrong is an error
		// Small and quick, as tests are.
		"offsets.topic.num.partitions=1",
		"log.cleaner.dedupe.buffer.size=4194304",
		"group.initial.rebalance.delay.ms=0",
		"group.min.session.timeout.ms=100",
		"broker.session.timeout.ms=3000",
		"broker.heartbeat.interval.ms=500",
	}, n.props...)
}

// kafkaReady reports an error until the broker counts itself among those alive.
func kafkaReady(ctx context.Context, s *Server) error {
	conn, err := kafka.DialContext(ctx, "tcp", s.Addr())
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	brokers, err := conn.Brokers()
	if err != nil {
		return err
	}
	for _, b := range brokers {
		if net.JoinHostPort(b.Host, strconv.Itoa(b.Port)) == s.Addr() {
			return nil
		}
	}
	return errKafkaAlone
}

var errKafkaAlone = errors.New("the broker isn't among those alive yet")

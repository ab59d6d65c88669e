package realserver

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

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

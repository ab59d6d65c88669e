package realserver

import (
	"context"
	"crypto/sha256"
	_ "embed" // kafka/*
	"errors"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strconv"
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

package realserver

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// redisSpec is a single node; args are added to its command line.
func redisSpec(args ...string) Spec {
	return Spec{
		Name:  "redis-server",
		Find:  InPath("redis-server"),
		Ports: 2, // the second is for a cluster's bus
		Args: func(s *Server) []string {
			return append([]string{
				"--port", strconv.Itoa(s.Ports[0]), "--bind", "127.0.0.1",
				"--save", "", "--dir", s.Dir,
			}, args...)
		},
		Ready:       redisReady,
		ReadyWithin: 30 * time.Second,
	}
}

func redisReady(ctx context.Context, s *Server) error {
	c := adminClient(s)
	defer c.Close()
	return c.Ping(ctx).Err()
}

// adminClient never retries, so that what it says is what the server said.
func adminClient(s *Server) *redis.Client {
	return redis.NewClient(&redis.Options{Addr: s.Addr(), MaxRetries: -1})
}

// Redis starts a single redis-server, which forgets everything when it is
// killed unless args say otherwise, such as "--appendonly", "yes".
func Redis(t testing.TB, args ...string) *Server {
	t.Helper()
	return Start(t, redisSpec(args...))
}

// A Cluster is a Redis Cluster of masters without replicas.
type Cluster struct {
	Nodes []*Server
}

// Addrs returns the host:port of every node.
func (c *Cluster) Addrs() []string {
	addrs := make([]string, len(c.Nodes))
	for i, n := range c.Nodes {
		addrs[i] = n.Addr()
	}
	return addrs
}

const (
	clusterMasters = 3
	clusterSlots   = 16384
)

// RedisCluster starts a Redis Cluster of three masters that share the slots
// evenly, and returns when every node says that the cluster is whole.
func RedisCluster(t testing.TB) *Cluster {
	t.Helper()
	c := new(Cluster)
	for range clusterMasters {
		c.Nodes = append(c.Nodes, Start(t, clusterSpec()))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	if err := c.form(ctx); err != nil {
		t.Fatalf("redis cluster: %v", err)
	}
	return c
}

func clusterSpec() Spec {
	spec := redisSpec()
	base := spec.Args
	spec.Args = func(s *Server) []string {
		// The bus is 10000 above the port unless told, which is out of range
		// for a high port.
		return append(base(s), "--cluster-enabled", "yes",
			"--cluster-port", strconv.Itoa(s.Ports[1]),
			"--cluster-node-timeout", "5000")
	}
	return spec
}

func (c *Cluster) form(ctx context.Context) error {
	first := c.Nodes[0]
	for i, n := range c.Nodes {
		if err := c.joinNode(ctx, n, i, first); err != nil {
			return fmt.Errorf("node %d: %w", i, err)
		}
	}
	return c.awaitWhole(ctx)
}

// joinNode gives node i its slots and introduces it to the first.
func (c *Cluster) joinNode(ctx context.Context, n *Server, i int, first *Server) error {
	admin := adminClient(n)
	defer admin.Close()
	from := i * clusterSlots / len(c.Nodes)
	to := (i+1)*clusterSlots/len(c.Nodes) - 1
	if err := admin.ClusterAddSlotsRange(ctx, from, to).Err(); err != nil {
		return err
	}
	if err := admin.Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err(); err != nil {
		return err
	}
	if n == first {
		return nil
	}
	return admin.Do(ctx, "CLUSTER", "MEET", "127.0.0.1", first.Ports[0], first.Ports[1]).Err()
}

func (c *Cluster) awaitWhole(ctx context.Context) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := c.whole(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

var errNotWhole = errors.New("the cluster is not whole yet")

// whole reports an error unless every node knows all nodes and all slots.
func (c *Cluster) whole(ctx context.Context) error {
	for _, n := range c.Nodes {
		admin := adminClient(n)
		info, err := admin.ClusterInfo(ctx).Result()
		admin.Close()
		if err != nil {
			return err
		}
		if !strings.Contains(info, "cluster_state:ok") ||
			!strings.Contains(info, fmt.Sprintf("cluster_known_nodes:%d", len(c.Nodes))) {
			return errNotWhole
		}
	}
	return nil
}

package e2e_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
	"github.com/ycvk/tinybook/internal/realserver"
)

// A real Kafka is killed while users like and read, who notice nothing. When it is
// back it is told what it has missed, and all is counted.
func TestInteractionsWhileKafkaIsAway(t *testing.T) {
	t.Parallel() // it mostly waits
	const users, things, steps = 4, 3, 25
	server := realserver.Kafka(t)
	brokers := []string{server.Addr()}
	site := apptest.Start(t, func(cfg *config.Config) {
		cfg.Kafka.Brokers = brokers
		cfg.Kafka.SessionTimeout = config.Default(config.Embedded).Kafka.SessionTimeout // what it allows
	})
	author := newClient(t, site.URL())
	author.signUp()
	var ids []int64
	for n := range things {
		ids = append(ids, author.publish(fmt.Sprint(n)).ID)
	}
	fans := newFans(t, site.URL(), users)
	everybody := func() {
		var all sync.WaitGroup
		for _, f := range fans {
			all.Go(func() {
				for range steps {
					if err := f.step(site.URL(), ids); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
	}
	counts(t, author, fans, ids)
	everybody()
	server.Kill()
	everybody()
	server.Restart()
	everybody()
	agree(t, author, brokers, fans, ids)
	reads := things
	for _, f := range fans {
		reads += f.reads
	}
	// A write that was answered by a kill was repeated, and may be there twice.
	require.True(t, sooner(t, func() bool { return totalReads(t, author) >= int64(reads) }), "reads are lost")
}

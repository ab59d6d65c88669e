package kafkatest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kversion"
)

// An Option changes how [Start] and [Open] set a [Broker] up.
type Option func(*config)

const defaultMinSession = 10 * time.Millisecond

type config struct {
	brokers    int
	ports      []int
	topics     []topic
	dir        *string
	sync       bool
	version    *string
	autoCreate bool
	minSession time.Duration
	pipes      bool
	discard    bool
	synthetic  *int
	errs       []error // of the options themselves
}

type topic struct {
	name       string
	partitions int
}

// WithBrokers sets how many brokers there are, at least 1. The default is 1.
func WithBrokers(n int) Option { return func(c *config) { c.brokers = n } }

// WithPorts sets the brokers' ports, of which there must be as many as brokers. By
// default they are free ones. The slice is copied.
func WithPorts(ports ...int) Option {
	return func(c *config) { c.ports = append([]int{}, ports...) }
}

// WithTopic creates a topic of that many partitions, 1 to 10000, when the broker
// starts. It may be given for many topics, once for each. Names are as Kafka takes
// them: 1 to 249 letters, digits, dots, underscores and hyphens, but not "." or "..".
func WithTopic(name string, partitions int) Option {
	return func(c *config) { c.topics = append(c.topics, topic{name, partitions}) }
}

// WithAutoCreate lets a client that asks for it create the topic that it writes to,
// with 10 partitions. By default a topic that is missing is an error.
func WithAutoCreate() Option { return func(c *config) { c.autoCreate = true } }

// WithDataDir keeps everything in a directory, which is made where it is missing:
// topics, messages, groups and their offsets outlive a [Broker.Restart], and the
// process. By default nothing is kept.
func WithDataDir(dir string) Option { return func(c *config) { c.dir = &dir } }

// WithSync has every message that is acknowledged reach the disk first, so that
// even a machine that loses power keeps it. It needs [WithDataDir]. By default the
// system writes when it likes, as with Kafka.
func WithSync() Option { return func(c *config) { c.sync = true } }

// WithVersion has the broker pass for an older one, such as "2.8", which knows only
// what that knew. The oldest is "0.11.0": the embedded broker has never learned the
// messages of those before. By default it is about as new as Kafka 4.
func WithVersion(v string) Option { return func(c *config) { c.version = &v } }

// WithMinSession sets the shortest session timeout that a consumer group may ask
// for. The default is 10ms, against Kafka's 6s: tests of a consumer that vanishes
// needn't wait.
func WithMinSession(d time.Duration) Option { return func(c *config) { c.minSession = d } }

// WithPipes has the broker listen on pipes in memory, not on TCP, so that time can
// go by in a bubble of testing/synctest. Open it in the bubble, and have clients
// connect by [Broker.Dial]; nothing else reaches it. Close clients before the test's
// end. The MaxWait of kafka-go's Reader must not be exactly a second there: it takes
// a second off for the way, and asks again at once, for ever.
func WithPipes() Option { return func(c *config) { c.pipes = true } }

// WithDiscard takes messages, counts them and forgets them: there is nothing to
// read. It is for benchmarks of writers.
func WithDiscard() Option { return func(c *config) { c.discard = true } }

// WithSynthetic serves messages without end to every reader, each with a value of
// that many bytes, at least 1, whatever has been written. It is for benchmarks of
// readers.
func WithSynthetic(bytes int) Option {
	return func(c *config) { c.synthetic = &bytes; c.discard = true }
}

func (c *config) validate() error {
	errs := slices.Clone(c.errs)
	bad := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf("kafkatest: "+format, args...))
		}
	}
	bad(c.brokers < 1, "WithBrokers: %d: want at least 1", c.brokers)
	bad(c.ports != nil && len(c.ports) != c.brokers, "WithPorts: %d ports for %d brokers", len(c.ports), c.brokers)
	bad(c.ports != nil && c.pipes, "WithPorts: there are none with WithPipes")
	for _, port := range c.ports {
		bad(port < 1 || port > 65535, "WithPorts: %d: want 1 to 65535", port)
	}
	for i, t := range c.topics {
		bad(!validTopic(t.name), "WithTopic: %q: want %s", t.name, wantTopic)
		bad(slices.ContainsFunc(c.topics[:i], func(o topic) bool { return o.name == t.name }), "WithTopic: %q is there twice", t.name)
		bad(!validPartitions(t.partitions), "WithTopic: %q: %d partitions: want %s", t.name, t.partitions, wantPartitions)
	}
	bad(c.dir != nil && *c.dir == "", "WithDataDir: no name")
	bad(c.sync && c.dir == nil, "WithSync: it needs WithDataDir")
	if c.version != nil {
		bad(!validVersion(*c.version), "WithVersion: %q: want a version of Kafka, 0.11.0 or newer", *c.version)
	}
	bad(c.minSession < time.Millisecond, "WithMinSession: %v: want at least 1ms", c.minSession)
	if c.synthetic != nil {
		bad(*c.synthetic < 1, "WithSynthetic: %d: want at least 1", *c.synthetic)
	}
	return errors.Join(errs...)
}

// validVersion reports whether there is such a version, and it writes messages in
// the only format that the embedded broker has: that came with version 3 of Produce.
func validVersion(v string) bool {
	versions := kversion.FromString(v)
	if versions == nil {
		return false
	}
	produce, ok := versions.LookupMaxKeyVersion(int16(Produce))
	return ok && produce >= 3
}

// options are what a cluster is started with, but for its listeners.
func (c *config) options() []kfake.Opt {
	opts := []kfake.Opt{kfake.NumBrokers(c.brokers), kfake.GroupMinSessionTimeout(c.minSession)}
	for _, t := range c.topics {
		opts = append(opts, kfake.SeedTopics(int32(t.partitions), t.name))
	}
	if c.autoCreate {
		opts = append(opts, kfake.AllowAutoTopicCreation())
	}
	if c.dir != nil {
		opts = append(opts, kfake.DataDir(*c.dir))
	}
	if c.sync {
		opts = append(opts, kfake.SyncWrites())
	}
	if c.version != nil {
		opts = append(opts, kfake.MaxVersions(kversion.FromString(*c.version)))
	}
	if c.discard {
		opts = append(opts, kfake.BlackholeProduce())
	}
	if c.synthetic != nil {
		opts = append(opts, kfake.SyntheticFetch(kfake.SyntheticBatch{RecordBytes: *c.synthetic}))
	}
	return opts
}

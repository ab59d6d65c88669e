package kafkax

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
)

// A LagCollector knows how far consumer groups are behind, in messages and in
// seconds, per partition, whoever their members are. It asks the brokers every
// [WithInterval] while Run runs, and answers scrapes from what it has: a scrape
// never touches Kafka.
//
// What it says is the broker's truth: commits are read first and the ends of the
// logs after them, so that no lag is negative; a group whose commit was deleted from
// the log reads on at its start. The lag in seconds is the age of the oldest unread
// message, see [AgeMode]; the status is that of [Evaluate].
//
// A poll costs two ListOffsets requests per broker, and per group an OffsetFetch;
// per broker that coordinates any of the groups, one DescribeGroups. It uses one
// connection per broker and the one on which the client's transport refreshes its
// metadata.
//
// [NewLagCollector] makes it. It is a prometheus.Collector: register it; two in one
// registry need different [WithConstLabels]. It is safe for concurrent use.
type LagCollector struct {
	cfg     config
	wire    *lagWire
	turn    chan struct{} // has a token while nobody polls
	running atomic.Bool

	state  *lagState  // belongs to whoever has the token
	series *lagSeries // has a lock of its own

	mu   sync.Mutex // guards last
	last LagSnapshot
}

// A Group is a consumer group to watch, and the topics that count: those on which
// it has commits if Topics is nil. Topics that are named count also where the group
// has no commit yet; ones that don't exist are left out until they do. One that is
// named twice counts once.
type Group struct {
	ID     string
	Topics []string
}

// ErrRunning is returned by a Run or a [Reader.Process] that is called while another
// one runs.
var ErrRunning = errors.New("kafkax: already running")

// NewLagCollector returns a LagCollector that asks through client about groups. It
// starts nothing: call Run. The client needs an Addr and stays the caller's, as does
// its transport; one of its own, with MetadataTopics if the cluster has many others,
// serves best. Topics that are new and leaders that have moved are seen when it has
// refreshed its metadata: within MetadataTTL, 6 s by default, a poll may fail for a
// partition whose leader has moved. The groups are copied. There must be one at
// least, each with an ID of its own in UTF-8; an empty list of topics that isn't nil
// is an error, as is everything that is wrong with the options. All faults come in
// one error, which is [ErrInput].
func NewLagCollector(client *kafka.Client, groups []Group, opts ...Option) (*LagCollector, error) {
	cfg := applyOptions(opts)
	cfg.checkLag()
	if err := errors.Join(checkLagInput(client, groups), errors.Join(cfg.errs...)); err != nil {
		return nil, err
	}
	l := &LagCollector{
		cfg:    cfg,
		wire:   &lagWire{client: client, coordinators: make(map[string]int32)},
		turn:   make(chan struct{}, 1),
		state:  newLagState(&cfg.lag, copyGroups(groups)),
		series: newLagSeries(&cfg),
	}
	l.turn <- struct{}{}
	return l, nil
}

func copyGroups(groups []Group) []Group {
	own := slices.Clone(groups)
	for i := range own {
		own[i].Topics = slices.Clone(own[i].Topics)
	}
	return own
}

func checkLagInput(client *kafka.Client, groups []Group) error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, invalid("NewLagCollector: "+format, args...))
	}
	if client == nil {
		bad("the client is nil")
	} else if client.Addr == nil {
		bad("the client has no Addr")
	}
	if len(groups) == 0 {
		bad("no group")
	}
	seen := make(map[string]bool)
	for i, g := range groups {
		switch {
		case g.ID == "":
			bad("group %d has no ID", i)
		case !utf8.ValidString(g.ID): // its label could be another's, too
			bad("the ID of group %d, %q, is not UTF-8", i, g.ID)
		case seen[g.ID]:
			bad("group %q is there twice", g.ID)
		case g.Topics != nil && len(g.Topics) == 0:
			bad("group %q has no topic: nil means every topic with commits", g.ID)
		case slices.Contains(g.Topics, ""):
			bad("group %q has a topic without a name", g.ID)
		}
		seen[g.ID] = true
	}
	return errors.Join(errs...)
}

// Run polls now and every [WithInterval] until ctx ends, and then returns nil, after
// the poll in hand has given up. A poll that fails is counted and the next one comes
// in its turn; [LagCollector.Snapshot] has its error. It leaves no goroutine behind.
// Run returns [ErrRunning] if it is called while it runs.
func (l *LagCollector) Run(ctx context.Context) error {
	if !l.running.CompareAndSwap(false, true) {
		return ErrRunning
	}
	defer l.running.Store(false)
	tick := time.NewTicker(l.cfg.lag.interval)
	defer tick.Stop()
	for ctx.Err() == nil {
		_, _ = l.Poll(ctx) // its error is in the snapshot and in the metrics
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	return nil
}

// Poll reads from Kafka once, and returns what the collector knows then. Its error
// joins all that couldn't be read; what could is in the snapshot nevertheless, and
// what was known before stays for three intervals. If ctx ends first, Poll returns
// its cause and the poll doesn't count. Polls run one at a time. They needn't be
// Run's: call Poll instead of Run to set the pace yourself, about one interval apart.
func (l *LagCollector) Poll(ctx context.Context) (LagSnapshot, error) {
	select {
	case <-l.turn:
		defer func() { l.turn <- struct{}{} }()
	case <-ctx.Done():
		return l.Snapshot(), context.Cause(ctx)
	}
	begun := time.Now()
	bounded, cancel := context.WithTimeout(ctx, l.cfg.lag.pollTimeout())
	defer cancel()
	reading, errs := l.read(bounded)
	if ctx.Err() != nil {
		return l.Snapshot(), context.Cause(ctx)
	}
	gone := l.state.update(reading, time.Now())
	l.readBirths(bounded, reading.layout)
	l.publish(begun, gone, reading, errors.Join(errs...))
	snapshot := l.Snapshot()
	return snapshot, snapshot.Err
}

// read reads commits first and ends of logs last.
func (l *LagCollector) read(ctx context.Context) (*lagReading, []error) {
	groups := l.state.groups
	ids := make([]string, len(groups))
	for i, g := range groups {
		ids[i] = g.ID
	}
	r := &lagReading{groups: l.wire.readGroups(ctx, ids)}
	var errs []error
	for i, g := range r.groups {
		errs = append(errs, g.errs...)
		r.topics = append(r.topics, l.state.topicsOf(i, g)...)
	}
	slices.Sort(r.topics)
	r.topics = slices.Compact(r.topics)
	var more []error
	r.layout, more = l.wire.layout(ctx, r.topics)
	errs = append(errs, more...)
	if r.layout == nil {
		return r, errs
	}
	r.logs, more = l.wire.readLogs(ctx, r.layout, l.state.toRead(r))
	return r, append(errs, more...)
}

// publish makes what was read known to scrapes and to Snapshot.
func (l *LagCollector) publish(begun time.Time, gone []lagKey, r *lagReading, err error) {
	now := time.Now()
	l.series.show(l.state, r, gone)
	l.series.polled(now.Sub(begun), now, err)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = LagSnapshot{
		At:         now,
		Took:       now.Sub(begun),
		Err:        err,
		Groups:     slices.Clone(l.state.seen),
		Partitions: l.state.lags(),
	}
}

// Snapshot returns what the last poll knew, without partitions that were last read
// more than three intervals ago.
func (l *LagCollector) Snapshot() LagSnapshot {
	now := time.Now()
	l.mu.Lock()
	s := l.last
	l.mu.Unlock()
	s.Groups = slices.Clone(s.Groups)
	fresh := make([]PartitionLag, 0, len(s.Partitions))
	for _, p := range s.Partitions {
		if now.Sub(p.At) < l.cfg.lag.stale() {
			fresh = append(fresh, p)
		}
	}
	s.Partitions = fresh
	return s
}

// Describe sends the description of every metric that Collect may send.
func (l *LagCollector) Describe(ch chan<- *prometheus.Desc) { l.series.reg.describe(ch) }

// Collect sends the series of the moment: of partitions, what was read less than
// three intervals ago. It asks no broker.
func (l *LagCollector) Collect(ch chan<- prometheus.Metric) {
	l.series.expire(time.Now())
	l.series.reg.collect(ch)
}

package kafkax

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/describegroups"
	"github.com/segmentio/kafka-go/protocol/findcoordinator"
	"github.com/segmentio/kafka-go/protocol/offsetfetch"
)

// A lagGroupReading is what one poll read of a group.
type lagGroupReading struct {
	state   string // as Kafka names it; "": not known
	members int    // -1: not known
	commits map[lagPartitionID]int64
	bad     map[lagPartitionID]bool // the commit could not be read
	known   bool                    // commits is all there is
	errs    []error
}

// lagDead is Kafka's name of the state of a group that doesn't exist.
const lagDead = "Dead"

// readGroups reads the groups, in the order of ids. A coordinator that has moved
// since the last poll is looked up again.
func (w *lagWire) readGroups(ctx context.Context, ids []string) []*lagGroupReading {
	out := make([]*lagGroupReading, len(ids))
	todo := make([]int, len(ids))
	for i := range ids {
		todo[i] = i
	}
	for range 2 {
		todo = w.readGroupsOnce(ctx, ids, todo, out)
	}
	return out
}

// readGroupsOnce reads the groups at the places todo and returns those whose
// coordinator was another one.
func (w *lagWire) readGroupsOnce(ctx context.Context, ids []string, todo []int, out []*lagGroupReading) (moved []int) {
	byBroker := make(map[int32][]int)
	for _, i := range todo {
		out[i] = &lagGroupReading{members: -1}
		broker, err := w.coordinator(ctx, ids[i])
		if err != nil {
			out[i].fail(ids[i], "coordinator", err)
			continue
		}
		byBroker[broker] = append(byBroker[broker], i)
	}
	var wg sync.WaitGroup
	for broker, places := range byBroker {
		wg.Go(func() { w.askCoordinator(ctx, broker, ids, places, out) })
	}
	wg.Wait()
	for _, places := range byBroker {
		for _, i := range places {
			if out[i].moved() && ctx.Err() == nil {
				delete(w.coordinators, ids[i])
				moved = append(moved, i)
			}
		}
	}
	return moved
}

// fail notes an error of what was asked about the group.
func (r *lagGroupReading) fail(id, what string, err error) {
	r.errs = append(r.errs, fmt.Errorf("kafkax: %s of group %q: %w", what, id, err))
}

// moved reports whether asking another coordinator may help.
func (r *lagGroupReading) moved() bool {
	for _, err := range r.errs {
		if code, ok := errors.AsType[kafka.Error](err); ok {
			if code == kafka.NotCoordinatorForGroup || code == kafka.GroupCoordinatorNotAvailable || code == kafka.BrokerNotAvailable {
				return true
			}
		} else if _, dial := errors.AsType[net.Error](err); dial || lagLost(err) {
			return true
		}
	}
	return false
}

// coordinator returns the broker that coordinates the group.
func (w *lagWire) coordinator(ctx context.Context, id string) (int32, error) {
	if broker, ok := w.coordinators[id]; ok {
		return broker, nil
	}
	first := rand.IntN(1 << 16) // not always the same broker: it may be the one that hangs
	res, err := lagAsk[*findcoordinator.Response](ctx, w, func(try int) protocol.Message {
		return &lagCoordinator{Key: id, lagTo: lagToAnyone(protocol.FindCoordinator, first+try)}
	})
	switch {
	case errors.Is(err, errLagForeign):
		return 0, nil // kafka-go's requests find it themselves
	case err != nil:
		return 0, err
	case res.ErrorCode != 0:
		return 0, kafka.Error(res.ErrorCode)
	}
	w.coordinators[id] = res.NodeID
	return res.NodeID, nil
}

// askCoordinator reads the groups at the places, all of one broker: their members
// first, so that the commits are as new as can be when the ends of the logs follow.
func (w *lagWire) askCoordinator(ctx context.Context, broker int32, ids []string, places []int, out []*lagGroupReading) {
	names := make([]string, len(places))
	byName := make(map[string]*lagGroupReading, len(places))
	for n, i := range places {
		names[n], byName[ids[i]] = ids[i], out[i]
	}
	w.describe(ctx, broker, names, byName)
	for _, id := range names {
		w.readCommits(ctx, broker, id, byName[id])
	}
}

func (w *lagWire) describe(ctx context.Context, broker int32, ids []string, out map[string]*lagGroupReading) {
	ask := func(req protocol.Message) func() (*describegroups.Response, error) {
		return func() (*describegroups.Response, error) {
			return lagAsk[*describegroups.Response](ctx, w, func(int) protocol.Message { return req })
		}
	}
	res, err := lagTry(ask(&lagGroups{Groups: ids, lagTo: lagToBroker(protocol.DescribeGroups, broker)}), ask(&describegroups.Request{Groups: ids}))
	if err != nil {
		for _, id := range ids {
			out[id].fail(id, "state", err)
		}
		return
	}
	for i := range res.Groups {
		g := &res.Groups[i]
		r := out[g.GroupID]
		switch code := kafka.Error(g.ErrorCode); {
		case r == nil: // not asked for
		case code == kafka.GroupIdNotFound:
			r.state, r.members = lagDead, 0
		case code != 0:
			r.fail(g.GroupID, "state", code)
		default:
			r.state, r.members = g.GroupState, len(g.Members)
		}
	}
}

func (w *lagWire) readCommits(ctx context.Context, broker int32, id string, out *lagGroupReading) {
	ask := func(req protocol.Message) func() (*offsetfetch.Response, error) {
		return func() (*offsetfetch.Response, error) {
			return lagAsk[*offsetfetch.Response](ctx, w, func(int) protocol.Message { return req })
		}
	}
	res, err := lagTry(ask(&lagCommits{GroupID: id, lagTo: lagToBroker(protocol.OffsetFetch, broker)}), ask(&offsetfetch.Request{GroupID: id}))
	if err == nil && res.ErrorCode != 0 && kafka.Error(res.ErrorCode) != kafka.GroupIdNotFound {
		err = kafka.Error(res.ErrorCode)
	}
	if err != nil {
		out.fail(id, "commits", err)
		return
	}
	out.known = true
	out.commits = make(map[lagPartitionID]int64)
	for i := range res.Topics {
		out.addCommits(id, &res.Topics[i])
	}
	if out.state == lagDead && len(out.commits) > 0 {
		// A group that is gone has no commits. This one has members of the protocol of
		// KIP-848, which a broker doesn't describe to kafka-go.
		out.state, out.members = "", -1
	}
}

// addCommits notes the commits on one topic. Kafka answers -1 for none.
func (r *lagGroupReading) addCommits(id string, t *offsetfetch.ResponseTopic) {
	for _, p := range t.Partitions {
		at := lagPartitionID{t.Name, p.PartitionIndex}
		switch {
		case p.ErrorCode != 0:
			r.fail(id, fmt.Sprintf("commit on %s/%d", t.Name, p.PartitionIndex), kafka.Error(p.ErrorCode))
			if r.bad == nil {
				r.bad = make(map[lagPartitionID]bool)
			}
			r.bad[at] = true
		case p.CommittedOffset >= 0:
			r.commits[at] = p.CommittedOffset
		}
	}
}

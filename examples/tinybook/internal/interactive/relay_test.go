package interactive_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
)

// changes returns every change in the log, by thing and in order.
func (f *fakeLog) changes(t *testing.T) map[int64][]interactive.Change {
	t.Helper()
	all := map[int64][]interactive.Change{}
	for _, value := range f.values() {
		c, err := interactive.DecodeChange([]byte(value))
		require.NoError(t, err)
		all[c.ID] = append(all[c.ID], c)
	}
	return all
}

// Every change gets there within a second, as one where many came at once, and the
// last of a thing is what the database has.
func TestRelaySendsChanges(t *testing.T) {
	bubble(t, func(t *testing.T, db *platform.DB) {
		store, log := newStore(t, db, 2), newFakeLog(3)
		stop := running(t, interactive.NewRelay(store, log, new(lines).logger()).Run)
		time.Sleep(time.Second)
		listed := func(id, likes, version int64) interactive.Change {
			return interactive.Change{ID: id, Likes: likes, Listed: true, Version: version}
		}
		require.Equal(t, map[int64][]interactive.Change{1: {listed(1, 0, 1)}, 2: {listed(2, 0, 1)}}, log.changes(t))
		for uid := int64(1); uid <= 5; uid++ {
			_, err := store.Like(t.Context(), uid, 1, true)
			require.NoError(t, err)
		}
		time.Sleep(time.Second)
		sent := log.changes(t)[1]
		require.Equal(t, listed(1, 5, 6), sent[len(sent)-1])
		list(t, db, store, 1, false)
		time.Sleep(time.Second)
		sent = log.changes(t)[1]
		require.Equal(t, interactive.Change{ID: 1, Likes: 5, Version: 7}, sent[len(sent)-1])
		require.Len(t, log.changes(t)[2], 1, "nothing goes without a change")
		stop()
	})
}

// Neither a Kafka nor a database that fails between the two loses a change. One
// may go twice.
func TestRelayLosesNothing(t *testing.T) {
	bubble(t, func(t *testing.T, db *platform.DB) {
		store, log, out := newStore(t, db, 1), newFakeLog(1), &lines{}
		log.write = func([]kafka.Message) error { return errAway }
		relay := interactive.NewRelay(store, log, out.logger())
		stop := running(t, relay.Run)
		time.Sleep(time.Minute)
		require.Empty(t, log.values())
		require.Equal(t, 1, out.count("sending changes of likes fails; trying again"))
		log.mu.Lock()
		log.write = func(messages []kafka.Message) error {
			for _, m := range messages {
				log.append(0, m.Value)
			}
			return errAway // says it, and has them all the same
		}
		log.mu.Unlock()
		time.Sleep(1500 * time.Millisecond)
		log.mu.Lock()
		log.write = nil
		log.mu.Unlock()
		time.Sleep(2 * time.Second)
		sent := log.changes(t)[1]
		require.Greater(t, len(sent), 1)
		for _, c := range sent {
			require.Equal(t, sent[0], c, "twice the same says nothing new")
		}
		stop()
		before := len(log.values())
		running(t, relay.Run)()
		require.Len(t, log.values(), before, "it is sent")
	})
}

// No number of things that change all the time keeps others from being sent.
func TestRelaySendsEverything(t *testing.T) {
	const things = 1201
	bubble(t, func(t *testing.T, db *platform.DB) {
		require.NoError(t, db.Write.Exec("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"+
			" INSERT INTO interactives (biz, biz_id, listed, version, unsent) SELECT 'article', i, 1, 1, 1 FROM n", things).Error)
		store, log := interactive.NewStore(db, interactive.Article), newFakeLog(1)
		log.write = func([]kafka.Message) error {
			// The first of them changes whenever any is sent.
			return db.Write.Exec("UPDATE interactives SET version = version + 1, unsent = 1 WHERE biz_id <= 500").Error
		}
		stop := running(t, interactive.NewRelay(store, log, new(lines).logger()).Run)
		time.Sleep(time.Second)
		stop()
		require.Len(t, log.changes(t), things)
	})
}

// A stop is no failure, also while Kafka is away.
func TestRelayStops(t *testing.T) {
	bubble(t, func(t *testing.T, db *platform.DB) {
		store, log := newStore(t, db, 1), newFakeLog(1)
		log.write = func([]kafka.Message) error { return errAway }
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.NoError(t, interactive.NewRelay(store, log, new(lines).logger()).Run(ctx))
	})
}

// Whatever is in the topic is a change that makes sense, or none.
func FuzzDecodeChange(f *testing.F) {
	f.Add([]byte(`{"id":1,"likes":2,"listed":true,"version":3}`))
	f.Add([]byte(`{"id":1,"likes":-2,"version":3}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, value []byte) {
		c, err := interactive.DecodeChange(value)
		if err != nil {
			return
		}
		again, err := json.Marshal(c)
		require.NoError(t, err)
		back, err := interactive.DecodeChange(again)
		if err != nil || back != c || c.ID < 1 || c.Likes < 0 {
			t.Errorf("DecodeChange(%q) = %+v, and of that %+v, %v", value, c, back, err)
		}
	})
}

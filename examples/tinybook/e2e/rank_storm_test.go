package e2e_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
	"github.com/ycvk/tinybook/internal/realserver"
)

// A storm is users who like and unlike on two processes, of which one may be gone.
type storm struct {
	bases     [2]atomic.Pointer[string]
	http      http.Client
	asked     atomic.Int64 // requests
	answered  atomic.Int64
	repeated  atomic.Int64 // that weren't answered, and were asked again
	reachedAt []chan struct{}
	steps     []int64 // of which there is a channel each
}

// errRefused is an answer that isn't the expected one.
var errRefused = errors.New("refused")

// say likes or unlikes on one of the processes, and on the other one if that is
// gone, until one has answered. What was asked of a process that was killed in
// between is decided: whoever asks again waits for the row that it had locked.
func (s *storm) say(f *fan, id int64, like bool) error {
	text, err := json.Marshal(fields{"id": id, "like": like})
	if err != nil {
		return err
	}
	for node := f.random.IntN(2); ; node = 1 - node {
		req, err := http.NewRequest(http.MethodPost, *s.bases[node].Load()+"/articles/like", bytes.NewReader(text))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+f.token)
		s.asked.Add(1)
		resp, err := s.http.Do(req)
		if err != nil {
			s.repeated.Add(1)
			continue
		}
		if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%w: %s %w", errRefused, resp.Status, err)
		}
		f.likes[id] = like
		s.step()
		return nil
	}
}

// step counts an answer, and tells who waits for so many.
func (s *storm) step() {
	n := s.answered.Add(1)
	for i, at := range s.steps {
		if n == at {
			close(s.reachedAt[i])
		}
	}
}

// when returns a channel that is closed after so many answers.
func (s *storm) when(n int64) <-chan struct{} {
	s.steps = append(s.steps, n)
	s.reachedAt = append(s.reachedAt, make(chan struct{}))
	return s.reachedAt[len(s.reachedAt)-1]
}

// likesWanted returns what fans were told, as the ranking has it: "id likes" of
// every article that somebody likes, of equals the newer first.
func likesWanted(fans []*fan) [][2]int64 {
	likes := map[int64]int64{}
	for _, f := range fans {
		for id, on := range f.likes {
			if on {
				likes[id]++
			}
		}
	}
	all := [][2]int64{}
	for id, n := range likes {
		all = append(all, [2]int64{id, n})
	}
	slices.SortFunc(all, func(a, b [2]int64) int { return cmp.Or(cmp.Compare(b[1], a[1]), cmp.Compare(b[0], a[0])) })
	return all
}

// likesIn returns the same from the database, by a query with id and likes.
func (s *services) likesIn(t *testing.T, query string) [][2]int64 {
	t.Helper()
	rows, err := s.db.QueryContext(t.Context(), query)
	require.NoError(t, err)
	all := [][2]int64{}
	for rows.Next() {
		var one [2]int64
		require.NoError(t, rows.Scan(&one[0], &one[1]))
		all = append(all, one)
	}
	require.NoError(t, rows.Err())
	require.NoError(t, rows.Close())
	return all
}

const (
	countedLikes  = "SELECT biz_id, like_count FROM tinybook.interactives WHERE like_count > 0 ORDER BY like_count DESC, biz_id DESC"
	recordedLikes = "SELECT biz_id, COUNT(*) AS likes FROM tinybook.like_records WHERE status = 1 GROUP BY biz_id ORDER BY likes DESC, biz_id DESC"
)

// likesOnBoard returns the same from the board in Redis.
func likesOnBoard(t *testing.T, rdb *redis.Client) [][2]int64 {
	t.Helper()
	members, err := rdb.ZRevRangeWithScores(t.Context(), "tinybook:{article-likes}:board", 0, -1).Result()
	require.NoError(t, err)
	all := [][2]int64{}
	for _, m := range members {
		if m.Member == "" {
			continue // with which topn knows a board that is whole
		}
		id, err := strconv.ParseInt(m.Member.(string), 10, 64)
		require.NoError(t, err)
		all = append(all, [2]int64{id, int64(m.Score)})
	}
	return all
}

// 100 users like and unlike 50 articles on two processes at once. In the middle
// Redis loses all that it has, one process is killed, and comes back. In the end
// what users were told, the records of likes, the counts, the board in Redis and
// the rankings of both processes are the same, place by place.
func TestRankingIsTheDatabaseAfterAStorm(t *testing.T) {
	const users, things, each = 100, 50, 30
	s := startServices(t, realserver.MySQL)
	s.brokers = []string{realserver.Kafka(t).Addr()}
	first, _ := s.child(t)
	second, kill := s.child(t)
	author := newClient(t, first)
	author.signUp()
	var ids []int64
	for n := range things {
		ids = append(ids, author.publish(fmt.Sprint(n)).ID)
	}
	fans := newFans(t, first, users)
	rdb := redis.NewClient(&redis.Options{Addr: s.redis.Addr()})
	t.Cleanup(func() { require.NoError(t, rdb.Close()) })

	w := &storm{http: http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: users}}}
	t.Cleanup(w.http.CloseIdleConnections)
	w.bases[0].Store(&first)
	w.bases[1].Store(&second)
	const total = users * each
	flush, die, back := w.when(total/3), w.when(total/2), w.when(total*2/3)
	began := time.Now()
	var all sync.WaitGroup
	for _, f := range fans {
		all.Go(func() { f.storm(t, w, ids, each) })
	}
	wait := func(c <-chan struct{}) {
		select {
		case <-c:
		case <-time.After(3 * time.Minute):
			t.Fatal("the storm is too slow")
		}
	}
	wait(flush)
	require.NoError(t, rdb.FlushAll(t.Context()).Err())
	wait(die)
	kill()
	wait(back)
	again, _ := s.child(t)
	w.bases[1].Store(&again)
	all.Wait()
	took := time.Since(began)

	want := likesWanted(fans)
	require.Equal(t, want, s.likesIn(t, recordedLikes), "records")
	require.Equal(t, want, s.likesIn(t, countedLikes), "counts")
	settled := time.Now()
	ranks(t, want, newClient(t, first), newClient(t, again))
	behind := time.Since(settled)
	require.Eventually(t, func() bool { return slices.Equal(want, likesOnBoard(t, rdb)) }, 30*time.Second, poll)

	changes := events(t, s.brokers, interactive.ChangeTopic)
	newest := told(t, s.brokers)
	var likes int64
	for _, one := range want {
		likes += one[1]
		require.Equal(t, one[1], newest[one[0]].Likes, "the topic about %d", one[0])
	}
	// Nothing that is still on its way changes that.
	nodes := []*client{newClient(t, first), newClient(t, again)}
	ranks(t, want, nodes...)
	same := agreeing(s.likesIn(t, countedLikes), likesOnBoard(t, rdb), nodes[0].rank(100).likesOf(), nodes[1].rank(100).likesOf())
	require.Equal(t, len(want), same)
	w.report(t, likes, len(want), same, len(changes), took, behind)
}

// storm likes and unlikes so many times.
func (f *fan) storm(t *testing.T, w *storm, ids []int64, times int) {
	for range times {
		if err := w.say(f, ids[f.random.IntN(len(ids))], f.random.IntN(3) > 0); err != nil {
			t.Error(err)
			return
		}
	}
}

// agreeing returns how many places are the same in all rankings.
func agreeing(rankings ...[][2]int64) (n int) {
	for i, place := range rankings[0] {
		if !slices.ContainsFunc(rankings, func(r [][2]int64) bool { return i >= len(r) || r[i] != place }) {
			n++
		}
	}
	return n
}

func (s *storm) report(t *testing.T, likes int64, ranked, same, changes int, took, behind time.Duration) {
	t.Helper()
	var text bytes.Buffer
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, row := range [][2]any{
		{"requests", s.asked.Load()},
		{"answered", s.answered.Load()},
		{"asked again, of a process that was killed", s.repeated.Load()},
		{"likes told to users = records = counts", likes},
		{"articles ranked", ranked},
		{"events in the topic", changes},
		{"places that are the same in the database, in Redis and on both nodes", same},
		{"storm took", took.Round(time.Millisecond)},
		{"all agreed after", behind.Round(time.Millisecond)},
	} {
		_, err := fmt.Fprintf(table, "%v\t%v\n", row[0], row[1])
		require.NoError(t, err)
	}
	require.NoError(t, table.Flush())
	t.Logf("\n%s", &text)
}

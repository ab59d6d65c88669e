package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
	"github.com/ycvk/tinybook/internal/realserver"
)

// A fan likes, unlikes and reads articles, and remembers what it was answered.
type fan struct {
	email, token string
	random       *rand.Rand
	likes        map[int64]bool // as answered
	unsure       map[int64]bool // asked for, with no answer since
	reads        int
}

// step does one thing to one of the articles. It returns an error when the site is
// gone.
func (f *fan) step(base string, ids []int64) error {
	id := ids[f.random.IntN(len(ids))]
	if f.random.IntN(2) == 0 {
		err := f.call(http.MethodGet, fmt.Sprint(base, "/articles/pub/", id), nil)
		if err == nil {
			f.reads++
		}
		return err
	}
	like := f.random.IntN(2) == 0
	f.unsure[id] = like
	err := f.call(http.MethodPost, base+"/articles/like", fields{"id": id, "like": like})
	if err == nil {
		f.likes[id] = like
		delete(f.unsure, id)
	}
	return err
}

func (f *fan) call(method, url string, body fields) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequest(method, url, bytes.NewReader(text))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+f.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", method, url, resp.Status)
	}
	return resp.Body.Close()
}

func newFans(t *testing.T, base string, n int) []*fan {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	fans := make([]*fan, n)
	for i := range fans {
		c := newClient(t, base)
		email, _ := c.signUp()
		fans[i] = &fan{
			email: email, token: c.token, random: rand.New(rand.NewPCG(seed, uint64(i))),
			likes: map[int64]bool{}, unsure: map[int64]bool{},
		}
	}
	return fans
}

// The process is killed again and again while users like and read. Every like that
// was answered is there, each user's once; the topic of changes says the same; and
// every read in the topic of reads is counted once.
func TestNoLikeIsLostByKills(t *testing.T) {
	t.Parallel() // it mostly waits
	const users, things, rounds, steps = 5, 4, 3, 60
	// A real one: to the embedded one a reader that is killed while it waits to join
	// a group is its member for ever.
	dir, brokers := t.TempDir(), []string{realserver.Kafka(t).Addr()}
	env := childBrokers + "=" + strings.Join(brokers, ",")
	base, kill := runChild(t, dir, env)
	author := newClient(t, base)
	authorEmail, _ := author.signUp()
	var ids []int64
	for n := range things {
		ids = append(ids, author.publish(fmt.Sprint(n)).ID)
	}
	fans := newFans(t, base, users)
	for round := range rounds {
		if round%2 == 0 { // killed while it counts; else perhaps before it ever did
			counts(t, newClient(t, base), fans, ids)
		}
		untilKilled(t, fans, base, ids, steps, kill)
		base, kill = runChild(t, dir, env)
		for _, f := range fans { // the session of a killed process may be gone
			c := newClient(t, base)
			c.login(f.email)
			f.token = c.token
			f.settle(t, c)
		}
	}
	author.base = base
	author.login(authorEmail)
	agree(t, author, brokers, fans, ids)
}

// counts lets fans read until more reads are counted than there were.
func counts(t *testing.T, c *client, fans []*fan, ids []int64) {
	t.Helper()
	before := totalReads(t, c)
	if !sooner(t, func() bool {
		require.NoError(t, fans[0].step(c.base, ids))
		return totalReads(t, c) > before
	}) {
		t.Fatal("nothing is counted")
	}
}

// totalReads returns the reads of all articles that are counted.
func totalReads(t *testing.T, c *client) (n int64) {
	t.Helper()
	for _, item := range decode[feed](t, c.get("/articles/feed?limit=50").want(t, 200)).Items {
		n += item.ReadCount
	}
	return n
}

// untilKilled lets fans do things until so many were done together, and then the
// process is killed while they go on. It returns how many requests may have been
// heard and weren't answered: one of each.
func untilKilled(t *testing.T, fans []*fan, base string, ids []int64, steps int64, kill func()) int {
	t.Helper()
	var done atomic.Int64
	var all sync.WaitGroup
	for _, f := range fans {
		all.Go(func() {
			for f.step(base, ids) == nil {
				if done.Add(1) == steps {
					kill()
				}
			}
		})
	}
	all.Wait()
	require.GreaterOrEqual(t, done.Load(), steps, "it ended before it was killed")
	return len(fans)
}

// settle looks up what became of the likes that were never answered: either of the
// two is right.
func (f *fan) settle(t *testing.T, c *client) {
	t.Helper()
	for id := range f.unsure {
		f.likes[id] = c.read(id).Liked
		f.reads++
	}
	clear(f.unsure)
}

// agree compares what users were told with what the site says, and what it says
// with the topics.
func agree(t *testing.T, c *client, brokers []string, fans []*fan, ids []int64) {
	t.Helper()
	want := map[int64]int64{}
	for _, f := range fans {
		own := newClient(t, c.base)
		own.login(f.email)
		for _, id := range ids {
			require.Equal(t, f.likes[id], own.read(id).Liked, "%s and article %d", f.email, id)
			f.reads++
			if f.likes[id] {
				want[id]++
			}
		}
	}
	for _, id := range ids {
		require.Equal(t, want[id], c.read(id).LikeCount, "likes of %d", id)
	}
	require.Eventually(t, func() bool {
		newest := told(t, brokers)
		for _, id := range ids {
			if newest[id].Likes != want[id] || !newest[id].Listed {
				return false
			}
		}
		return true
	}, 30*time.Second, poll, "the topic of changes")

	// All reads that were recorded, once recorders have nothing more to write.
	var recorded, counts map[int64]int64
	if !sooner(t, func() bool {
		recorded, counts = recordedReads(t, brokers), map[int64]int64{}
		for _, item := range decode[feed](t, c.get("/articles/feed?limit=50").want(t, 200)).Items {
			counts[item.ID] = item.ReadCount
		}
		for _, id := range ids {
			if counts[id] != recorded[id] || counts[id] == 0 {
				return false
			}
		}
		return true
	}) {
		t.Errorf("counted %v, recorded %v", counts, recorded)
	}
}

func recordedReads(t *testing.T, brokers []string) map[int64]int64 {
	t.Helper()
	all := map[int64]int64{}
	for _, value := range events(t, brokers, interactive.ReadTopic) {
		var read struct{ ID int64 }
		require.NoError(t, json.Unmarshal([]byte(value), &read))
		all[read.ID]++
	}
	return all
}

// sooner reports whether ok is true before long. A group that has lost several of
// its readers waits for them one after the other.
func sooner(t *testing.T, ok func() bool) bool {
	t.Helper()
	deadline := time.After(90 * time.Second)
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			return false
		}
	}
	return true
}

// The same with everything inside the process: after every kill the topics of the
// directory are whole enough to go on, what is counted stays, and new reads count
// once.
func TestEmbeddedKafkaOutlivesKills(t *testing.T) {
	t.Parallel() // it mostly waits
	const users, rounds, steps = 4, 3, 40
	dir := t.TempDir()
	base, kill := runChild(t, dir)
	author := newClient(t, base)
	email, _ := author.signUp()
	ids := []int64{author.publish("to be read").ID}
	fans := newFans(t, base, users)
	asked := 0
	var before int64
	for range rounds {
		counts(t, newClient(t, base), fans, ids)
		before = totalReads(t, newClient(t, base))
		asked += untilKilled(t, fans, base, ids, steps, kill)
		base, kill = runChild(t, dir)
		for _, f := range fans {
			c := newClient(t, base)
			c.login(f.email)
			f.token = c.token
			f.settle(t, c)
			f.likes[ids[0]] = c.read(ids[0]).Liked
			f.reads++
		}
		require.GreaterOrEqual(t, totalReads(t, newClient(t, base)), before)
	}
	author.base = base
	author.login(email)
	var likes int64
	for _, f := range fans {
		asked += f.reads
		if f.likes[ids[0]] {
			likes++
		}
	}
	require.Equal(t, likes, author.read(ids[0]).LikeCount)

	// Once what waited is counted, a read is one read.
	var last int64
	require.True(t, sooner(t, func() bool {
		now := totalReads(t, author)
		still := now == last && now > before
		last = now
		return still
	}))
	const more = 10
	for range more {
		author.read(ids[0])
	}
	require.True(t, sooner(t, func() bool { return totalReads(t, author) >= last+more }))
	require.LessOrEqual(t, totalReads(t, author), int64(asked+1+more), "more is counted than was asked for")
}

// Two processes share a database and a Kafka, and one of them stops and starts
// while users like and read on both. No like and no read is lost or counted twice.
func TestInteractionsOfTwoProcesses(t *testing.T) {
	t.Run("MySQL", func(t *testing.T) { testTwoProcesses(t, realserver.MySQL) })
	t.Run("MariaDB", func(t *testing.T) { testTwoProcesses(t, realserver.MariaDB) })
}

func testTwoProcesses(t *testing.T, database func(testing.TB, ...string) *realserver.Server) {
	const users, things, steps = 6, 3, 30
	s := startServices(t, database)
	sites := [2]*apptest.Site{s.site(t, nil), s.site(t, nil)}
	author := newClient(t, sites[0].URL())
	author.signUp()
	var ids []int64
	for n := range things {
		ids = append(ids, author.publish(fmt.Sprint(n)).ID)
	}
	fans := newFans(t, sites[0].URL(), users)
	each := func(f func(i int, f *fan)) {
		var all sync.WaitGroup
		for i := range fans {
			all.Go(func() { f(i, fans[i]) })
		}
		all.Wait()
	}
	steady := func(f *fan, base string) {
		for range steps {
			if err := f.step(base, ids); err != nil {
				t.Error(err)
			}
		}
	}
	each(func(i int, f *fan) { steady(f, sites[i%2].URL()) })
	require.NoError(t, sites[1].Stop())
	each(func(_ int, f *fan) { steady(f, sites[0].URL()) })
	sites[1] = s.site(t, nil)
	each(func(i int, f *fan) { steady(f, sites[i%2].URL()) })
	agree(t, author, s.brokers, fans, ids)

	// Nothing was killed: every read that was answered is counted.
	reads := int64(things) // those of agree itself
	for _, f := range fans {
		reads += int64(f.reads)
	}
	if !sooner(t, func() bool { return totalReads(t, author) >= reads }) || totalReads(t, author) != reads {
		t.Errorf("counted %d reads, want %d", totalReads(t, author), reads)
	}
}

package ranking_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
	"github.com/ycvk/tinybook/examples/tinybook/internal/ranking"
	"github.com/ycvk/tinybook/internal/redistest"
)

// soon is how long everything takes until it is seen.
const soon = 2 * time.Second

func like(n int64) func(r *row) { return func(r *row) { r.likes += n } }

// Likes, withdrawals and publications, told late, twice and in another order, while
// Redis loses what it has, the feeder starts over and old events come again: in the
// end every node shows the database.
func TestEveryNodeEndsUpAsTheDatabase(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for round := range 5 {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, uint64(round)))
			server, rdb := redistest.NewServer(t)
			db, p := &shelf{}, newTopic()
			nodes := []*ranking.Ranking{newNode(t, rdb, db), newNode(t, redistest.Dial(t, server), db)}
			for _, n := range nodes {
				run(t, n.Run)
			}
			feed := newFeeder(t, rdb, db, p, slog.New(slog.DiscardHandler))
			stop := run(t, feed.Run)
			var late []interactive.Change
			for range 400 {
				change := db.set(1+random.Int64N(150), func(r *row) {
					switch random.IntN(6) {
					case 0:
						r.listed = !r.listed
					case 1:
						r.likes = max(0, r.likes-1)
					default:
						r.likes += random.Int64N(3)
					}
				})
				late = append(late, change)
				if random.IntN(3) == 0 { // some of them, in any order, and some stay to be told twice
					random.Shuffle(len(late), func(i, j int) { late[i], late[j] = late[j], late[i] })
					p.write(t, late...)
					late = late[:random.IntN(len(late)+1)]
				}
				switch random.IntN(40) {
				case 0:
					server.FlushAll()
				case 1:
					p.rewind(random.IntN(len(p.log) + 1))
				case 2:
					stop()
					p.closed = false
					stop = run(t, newFeeder(t, rdb, db, p, slog.New(slog.DiscardHandler)).Run)
				}
				time.Sleep(time.Duration(random.Int64N(int64(300 * time.Millisecond))))
			}
			// The newest of each; and then old ones, which change nothing any more.
			for id := range db.rows {
				p.write(t, db.set(id, like(0)))
			}
			p.write(t, late...)
			time.Sleep(soon)
			for _, n := range nodes {
				require.Equal(t, db.want(t), top(t, n, 100).Items)
			}
			members, err := rdb.ZCount(t.Context(), "tinybook:{article-likes}:board", "1", "+inf").Result()
			require.NoError(t, err)
			all, err := db.Top(t.Context(), 1000)
			require.NoError(t, err)
			require.Len(t, all, int(members), "what has no place is on the board")
		})
	}
}

// What is wrong in Redis and no event mends is mended from the database.
func TestReconcileMendsWhatNoEventDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb := redistest.New(t)
		db := &shelf{}
		db.set(1, like(3))
		db.set(2, like(5))
		node := newNode(t, rdb, db)
		run(t, node.Run)
		time.Sleep(soon)
		right := db.want(t)
		require.Equal(t, right, top(t, node, 100).Items)
		const board = "tinybook:{article-likes}:board"
		require.NoError(t, rdb.ZAdd(t.Context(), board, redis.Z{Score: 9, Member: "0000000000000000001"}).Err())
		time.Sleep(time.Minute)
		require.Equal(t, int64(9), top(t, node, 1).Items[0].LikeCount, "nothing was wrong")
		time.Sleep(6 * time.Minute)
		require.Equal(t, right, top(t, node, 100).Items)
	})
}

// A board without a Redis or a database is the last one, and says so.
func TestPlacesGetStale(t *testing.T) {
	for name, away := range map[string]func(t *testing.T, fail func(string), db *shelf, gone bool){
		"redis": func(_ *testing.T, fail func(string), _ *shelf, gone bool) {
			if gone {
				fail("ERR away")
			} else {
				fail("")
			}
		},
		"database": func(_ *testing.T, _ func(string), db *shelf, gone bool) {
			if gone {
				db.fail(errors.New("away"))
			} else {
				db.fail(nil)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, rdb := redistest.NewServer(t)
				db := &shelf{}
				db.set(1, like(1))
				node := newNode(t, rdb, db)
				run(t, node.Run)
				time.Sleep(soon)
				before := top(t, node, 10)
				require.False(t, before.Stale)
				tag := ask(t, node, "").Header().Get("ETag")
				require.Equal(t, http.StatusNotModified, ask(t, node, tag).Code)
				away(t, server.SetError, db, true)
				time.Sleep(10 * time.Second)
				during := top(t, node, 10)
				require.Equal(t, before.Items, during.Items)
				require.True(t, during.Stale)
				require.Greater(t, time.Since(during.AsOf), 5*time.Second)
				// Nobody has stale places already: it shall be seen how old they are.
				require.Equal(t, http.StatusOK, ask(t, node, tag).Code)
				require.Empty(t, ask(t, node, tag).Header().Get("ETag"))
				away(t, server.SetError, db, false)
				time.Sleep(2 * soon)
				after := top(t, node, 10)
				require.False(t, after.Stale)
				require.Less(t, time.Since(after.AsOf), soon)
			})
		})
	}
}

// ask asks a node for its ranking, as one who has what has that tag.
func ask(t *testing.T, r *ranking.Ranking, tag string) *httptest.ResponseRecorder {
	t.Helper()
	engine := gin.New()
	ranking.NewHandler(r).Register(engine.Group("/articles"))
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/articles/rank/10", nil)
	request.Header.Set("If-None-Match", tag)
	answer := httptest.NewRecorder()
	engine.ServeHTTP(answer, request)
	return answer
}

// Without a Redis and a database there is nothing to show, and an error; without a
// Redis alone there is the database.
func TestFirstPlacesWithoutRedis(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, rdb := redistest.NewServer(t)
		server.SetError("ERR away")
		db := &shelf{}
		db.set(1, like(1))
		db.fail(errors.New("away too"))
		node := newNode(t, rdb, db)
		_, err := node.Top(t.Context(), 10)
		require.ErrorIs(t, err, ranking.ErrUnavailable)
		require.Equal(t, 503, ranking.MapError(err).Status)
		db.fail(nil)
		time.Sleep(soon) // a failure is kept for a tick
		got := top(t, node, 10)
		require.Equal(t, db.want(t), got.Items)
	})
}

func TestTopClampsAndClips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &shelf{}
		for id := range int64(130) {
			db.set(id+1, like(id+1))
		}
		node := newNode(t, redistest.New(t), db)
		for n, want := range map[int]int{-1: 0, 0: 0, 1: 1, 100: 100, 101: 100, 1000: 100} {
			items := top(t, node, n).Items
			require.Len(t, items, want)
			require.Equal(t, want, cap(items), "who appends to it would write to what others read")
		}
		// More are kept than are shown: a withdrawn article leaves no gap at the end.
		db.set(130, func(r *row) { r.listed = false })
		require.NoError(t, node.Refresh(t.Context()))
		items := top(t, node, 100).Items
		require.Len(t, items, 100)
		require.Equal(t, int64(129), items[0].ID)
		require.Equal(t, 100, items[99].Rank)
	})
}

// A refresh that began before an article was withdrawn doesn't bring it back after
// one that began later.
func TestRefreshesDontOvertake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &shelf{asked: make(chan struct{}), hold: make(chan struct{})}
		db.set(1, like(1))
		node := newNode(t, redistest.New(t), db)
		done := make(chan error, 2)
		go func() { done <- node.Refresh(t.Context()) }()
		<-db.asked // it has read, and hasn't stored
		db.set(1, func(r *row) { r.listed = false })
		go func() { done <- node.Refresh(t.Context()) }()
		synctest.Wait()
		db.hold <- struct{}{}
		require.NoError(t, <-done)
		<-db.asked
		db.hold <- struct{}{}
		require.NoError(t, <-done)
		require.Empty(t, top(t, node, 10).Items)

		// Who waits may give up.
		go func() { done <- node.Refresh(t.Context()) }()
		<-db.asked
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, node.Refresh(ctx), context.DeadlineExceeded)
		db.hold <- struct{}{}
		require.NoError(t, <-done)
	})
}

func TestRunsOnceAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		node := newNode(t, redistest.New(t), &shelf{})
		stop := run(t, node.Run)
		synctest.Wait()
		require.Error(t, node.Run(t.Context()))
		stop()
		run(t, node.Run)
	})
}

// What is no change is skipped, told once, and quoted nowhere.
func TestPoisonIsSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb := redistest.New(t)
		db, p := &shelf{}, newTopic()
		node := newNode(t, rdb, db)
		run(t, node.Run)
		time.Sleep(soon)
		var log strings.Builder
		feed := newFeeder(t, rdb, db, p, slog.New(slog.NewJSONHandler(&log, nil)))
		stop := run(t, feed.Run)
		for _, text := range []string{"", "{", `{"id":0,"version":1}`, `{"id":1,"likes":-1,"version":1}`, "secret"} {
			p.add([]byte(text))
		}
		p.write(t, db.set(1, like(1)))
		time.Sleep(soon)
		require.Equal(t, db.want(t), top(t, node, 10).Items)
		require.Equal(t, int64(5), feed.Stats().Poison)
		require.Equal(t, int64(6), feed.Stats().Messages)
		stop()
		require.Equal(t, 5, strings.Count(log.String(), "is skipped"))
		require.NotContains(t, log.String(), "secret")
		require.True(t, p.closed)
	})
}

// What is sent is what encoding/json would send.
func TestPlacesInJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &shelf{}
		for id, title := range []string{"plain", `"quoted" \ and <b>`, "中文\u2028", "\x00\xff"} {
			db.set(int64(id+1), func(r *row) { r.title, r.likes = title, int64(id+1) })
		}
		node := newNode(t, redistest.New(t), db)
		for n := range 6 {
			p := top(t, node, n)
			want, err := json.Marshal(p)
			require.NoError(t, err)
			require.Equal(t, string(want), string(p.AppendJSON(nil)))
		}
	})
}

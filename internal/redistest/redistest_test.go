package redistest_test

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/redistest"
)

// Two bubbles in a row, since it's the second that meets what a first one left.
func TestTTLFollowsTheBubble(t *testing.T) {
	for _, round := range []string{"first", "second"} {
		t.Run(round, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := redistest.New(t)
				require.NoError(t, client.Set(t.Context(), "k", "v", time.Hour).Err())
				time.Sleep(time.Hour - time.Millisecond)
				require.NoError(t, client.Get(t.Context(), "k").Err())
				time.Sleep(time.Millisecond)
				require.ErrorIs(t, client.Get(t.Context(), "k").Err(), redis.Nil)
			})
		})
	}
}

func TestScriptTimeIsTheBubbles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := redistest.New(t)
		script := redis.NewScript(`return redis.call('TIME')[1]`)
		before := time.Now().Unix()
		time.Sleep(90 * time.Second)
		got, err := script.Run(t.Context(), client, nil).Text()
		require.NoError(t, err)
		if want := strconv.FormatInt(before+90, 10); got != want {
			t.Errorf("TIME after 90 s is %s, want %s", got, want)
		}
	})
}

func TestClientsShareAServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, one := redistest.NewServer(t)
		two := redistest.Dial(t, server)
		require.NoError(t, one.Set(t.Context(), "k", "v", 0).Err())
		got, err := two.Get(t.Context(), "k").Result()
		require.NoError(t, err)
		if got != "v" {
			t.Errorf("the other client reads %q, want v", got)
		}
	})
}

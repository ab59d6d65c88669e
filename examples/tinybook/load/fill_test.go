package main

import (
	"database/sql"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/article"
	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
	"github.com/ycvk/tinybook/internal/realserver"
)

// What is put into the database is what the answers are compared with: the
// application's own query finds the same places.
func TestFilledDatabaseHasThePlacesThatAreWanted(t *testing.T) {
	s := &services{redisAddr: realserver.Redis(t).Addr(), mysqlAddr: realserver.MySQL(t).Addr()}
	s.redis = redis.NewClient(&redis.Options{Addr: s.redisAddr})
	defer s.redis.Close()
	cfg, err := platform.MySQL{Addr: s.mysqlAddr, User: "root"}.DriverConfig()
	require.NoError(t, err)
	s.db, err = sql.Open("mysql", cfg.FormatDSN())
	require.NoError(t, err)
	defer s.db.Close()
	require.NoError(t, s.introduce(t.Context()))
	require.Positive(t, s.redisPID)
	require.NotEqual(t, s.redisPID, s.mysqlPID)
	require.Contains(t, s.versions, "MySQL 8")
	for _, pid := range []int{s.redisPID, s.mysqlPID} {
		_, err := processCPU(pid)
		require.NoError(t, err)
	}

	const articles = 12_000 // more than there are numbers of likes: some are equal
	require.NoError(t, s.redis.Set(t.Context(), "left", 1, 0).Err())
	var want []place
	for range 2 { // again over what is there
		want, err = s.fill(t.Context(), articles)
		require.NoError(t, err)
	}
	require.Len(t, want, places)
	require.Zero(t, s.redis.DBSize(t.Context()).Val())
	ties := false
	for i := range want[1:] {
		ties = ties || want[i].LikeCount == want[i+1].LikeCount
	}
	require.True(t, ties)

	db, err := platform.OpenMySQL(t.Context(), platform.MySQL{Addr: s.mysqlAddr, User: "root", Name: database(articles)})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	top, err := article.NewSQLRepo(db, nil).Top(t.Context(), places)
	require.NoError(t, err)
	var got []place
	for _, a := range top {
		require.NotEmpty(t, a.Title)
		require.NotEmpty(t, a.AuthorName)
		got = append(got, place{ID: a.ID, LikeCount: a.Likes})
	}
	require.Equal(t, want, got)
}

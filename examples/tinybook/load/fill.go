package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
)

// places is how many places every answer has: as many as the public ranking shows
// at most.
const places = 100

// A place is what an answer says about one article.
type place struct {
	ID        int64
	LikeCount int64
}

// Article i has (i * likeStep) % likeRange likes: in no order of the ids, and with
// ties, so that the order of equals is compared as well.
const (
	likeStep  = 7919
	likeRange = 9973
)

// firstPlaces returns who is ahead among so many articles: by likes, and among
// equals the newer one.
func firstPlaces(articles int) []place {
	all := make([]place, articles)
	for i := range all {
		id := int64(i + 1)
		all[i] = place{ID: id, LikeCount: id * likeStep % likeRange}
	}
	slices.SortFunc(all, func(a, b place) int {
		return cmp.Or(cmp.Compare(b.LikeCount, a.LikeCount), cmp.Compare(b.ID, a.ID))
	})
	return all[:places]
}

func database(articles int) string { return fmt.Sprintf("tinybook_%d", articles) }

// The rows, made by the server. Times are milliseconds of 2026; status 2 is
// published.
var fillings = []string{
	`INSERT INTO users (id, nickname, created_at, updated_at)
	 WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
	 SELECT i, CONCAT('author ', i), 1767225600000, 1767225600000 FROM n`,
	`INSERT INTO published_articles (id, author_id, title, abstract, content, status, published_at, updated_at)
	 WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < @articles)
	 SELECT i, 1 + i % 100, CONCAT('How I learned to read, part ', i), REPEAT('It begins so. ', 10), REPEAT('And so on. ', 40),
	   2, 1767225600000 + i, 1767225600000 + i FROM n`,
	`INSERT INTO articles (id, author_id, title, content, status, version, published_version, created_at, updated_at)
	 SELECT id, author_id, title, content, status, 1, 1, published_at, updated_at FROM published_articles`,
	fmt.Sprintf(`INSERT INTO interactives (biz, biz_id, read_count, like_count, listed, version)
	 SELECT 'article', id, id %% 100000, id * %d %% %d, 1, 1 FROM published_articles`, likeStep, likeRange),
	`ANALYZE TABLE users, published_articles, articles, interactives`,
}

// fill makes a database with so many published articles and an empty Redis, and
// returns the first places.
func (s *services) fill(ctx context.Context, articles int) ([]place, error) {
	if err := s.redis.FlushAll(ctx).Err(); err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	for _, statement := range []string{"DROP DATABASE IF EXISTS ", "CREATE DATABASE "} {
		if _, err := s.db.ExecContext(ctx, statement+database(articles)); err != nil {
			return nil, fmt.Errorf("mysql: %w", err)
		}
	}
	db, err := platform.OpenMySQL(ctx, platform.MySQL{Addr: s.mysqlAddr, User: "root", Name: database(articles)})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(fillTables(ctx, db, articles), db.Close()); err != nil {
		return nil, err
	}
	return firstPlaces(articles), nil
}

func fillTables(ctx context.Context, db *platform.DB, articles int) error {
	if err := db.Migrate(ctx); err != nil {
		return err
	}
	settings := fmt.Sprintf("SET @articles = %d, SESSION cte_max_recursion_depth = %d", articles, articles+1)
	err := db.Write.WithContext(ctx).Connection(func(tx *gorm.DB) error { // which has the settings
		for _, statement := range append([]string{settings}, fillings...) {
			if err := tx.Exec(statement).Error; err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("mysql: fill: %w", err)
	}
	return nil
}

package article_test

import (
	"testing"

	"github.com/ycvk/tinybook/examples/tinybook/internal/article"
	"github.com/ycvk/tinybook/examples/tinybook/internal/dbtest"
)

// What readers ask for costs the same however many articles there are, and a
// ranking as much as what it shows.
func BenchmarkRead(b *testing.B) {
	for _, size := range []struct {
		name string
		n    int
	}{{"articles=100", 100}, {"articles=10000", 10_000}} {
		bench := newBench(dbtest.SQLite(b))
		fill(b, bench.db, size.n)
		ctx := b.Context()
		for _, query := range []struct {
			name string
			run  func() error
		}{
			{"query=page", func() error { _, err := bench.Look(ctx, 7, 50); return err }},
			{"query=feed/limit=20", func() error { _, _, err := bench.Feed(ctx, article.Cursor{At: 50, ID: 50}, 20); return err }},
			{"query=top/n=10", func() error { _, err := bench.repo.Top(ctx, 10); return err }},
			{"query=top/n=100", func() error { _, err := bench.repo.Top(ctx, 100); return err }},
			{"query=own/limit=20", func() error { _, err := bench.ListOwn(ctx, author, 0, 20); return err }},
		} {
			b.Run(query.name+"/"+size.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := query.run(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

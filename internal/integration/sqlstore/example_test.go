package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // driver "sqlite"

	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/sqlstore"
)

// A provider that prints what it is given.
type printer struct{}

func (printer) Send(_ context.Context, tplID string, args []string, numbers ...string) error {
	fmt.Println(tplID, args, "to", numbers)
	return nil
}

// A message that one process accepted and another one sends.
func Example() {
	dir, err := os.MkdirTemp("", "sqlstore")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	dsn := "file:" + filepath.Join(dir, "queue.db") + "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)"

	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	store, err := sqlstore.New(db, sqlstore.SQLite)
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	if err := store.Migrate(ctx); err != nil {
		log.Fatal(err)
	}
	_, err = store.Enqueue(ctx, smsfailover.Job{Message: smsfailover.Message{
		ID: "01932f5e-7b5c-7d3f-9c1a-3f1e5a2b7c80", TplID: "login", To: "+8613800138000", Args: []string{"271828", "10"},
	}})
	if err != nil {
		log.Fatal(err)
	}

	jobs, err := store.Claim(ctx, "another pod", 10, 30*time.Second)
	if err != nil {
		log.Fatal(err)
	}
	for _, j := range jobs {
		if err := (printer{}).Send(ctx, j.TplID, j.Args, j.To); err != nil {
			log.Fatal(err)
		}
		if err := store.Done(ctx, j.Ref()); err != nil {
			log.Fatal(err)
		}
	}
	depth, err := store.Depth(ctx)
	fmt.Println(depth.Live(), "left", err)
	// Output:
	// login [271828 10] to [+8613800138000]
	// 0 left <nil>
}

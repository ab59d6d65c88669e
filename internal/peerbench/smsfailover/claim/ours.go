package claim

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"

	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/sqlstore"
)

const lease = time.Minute

type ours struct {
	db    *sql.DB
	store *sqlstore.Store
}

func openOurs(ctx context.Context, dsn string, conns int) (Queue, error) {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	store, err := sqlstore.New(db, sqlstore.PostgreSQL)
	if err == nil {
		err = store.Migrate(ctx)
	}
	return &ours{db, store}, err
}

func (q *ours) Fill(ctx context.Context, first, n int) error {
	jobs := make([]smsfailover.Job, n)
	for i := range jobs {
		a := newArgs(first + i)
		jobs[i].Message = smsfailover.Message{
			ID:    fmt.Sprintf("01932f5e-7b5c-7000-8000-%012d", a.N), // as long as a UUID
			TplID: a.TplID, To: a.To, Args: a.Args,
		}
	}
	_, err := q.store.Enqueue(ctx, jobs...)
	return err
}

func (q *ours) Claim(ctx context.Context, n int) ([]int, error) {
	jobs, err := q.store.Claim(ctx, "worker", n, lease)
	if err != nil {
		return nil, err
	}
	numbers := make([]int, len(jobs))
	for i, j := range jobs {
		if numbers[i], err = strconv.Atoi(strings.TrimPrefix(j.To, country)); err != nil {
			return nil, err
		}
	}
	return numbers, nil
}

func (q *ours) Clear(ctx context.Context) error {
	for _, text := range []string{"TRUNCATE sms_jobs", "VACUUM ANALYZE sms_jobs"} {
		if _, err := q.db.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

func (q *ours) Backends(ctx context.Context) (pids []int, err error) {
	rows, err := q.db.QueryContext(ctx, backendsText)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var pid int
		if err := rows.Scan(&pid); err != nil {
			return nil, err
		}
		pids = append(pids, pid)
	}
	return pids, rows.Err()
}

func (q *ours) Close() { _ = q.db.Close() }

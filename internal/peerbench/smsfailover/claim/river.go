package claim

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

type rivers struct {
	pool   *pgxpool.Pool
	client *river.Client[pgx.Tx]
	exec   riverdriver.Executor
}

func openRiver(ctx context.Context, dsn string, conns int) (Queue, error) {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns = int32(conns)
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	driver := riverpgxv5.New(pool)
	migrator, err := rivermigrate.New(driver, nil)
	if err == nil {
		_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	}
	if err != nil {
		return nil, err
	}
	client, err := river.NewClient(driver, &river.Config{})
	return &rivers{pool, client, driver.GetExecutor()}, err
}

func (q *rivers) Fill(ctx context.Context, first, n int) error {
	many := make([]river.InsertManyParams, n)
	for i := range many {
		many[i].Args = newArgs(first + i)
	}
	_, err := q.client.InsertManyFast(ctx, many)
	return err
}

func (q *rivers) Claim(ctx context.Context, n int) ([]int, error) {
	got, err := q.exec.JobGetAvailable(ctx, &riverdriver.JobGetAvailableParams{
		ClientID:       "worker",
		MaxAttemptedBy: 100, // as river's own producer
		MaxToLock:      n,
		Queue:          river.QueueDefault,
	})
	if err != nil {
		return nil, err
	}
	numbers := make([]int, len(got.Jobs))
	for i, j := range got.Jobs {
		var a args
		if err := json.Unmarshal(j.EncodedArgs, &a); err != nil {
			return nil, err
		}
		numbers[i] = a.N
	}
	return numbers, nil
}

func (q *rivers) Clear(ctx context.Context) error {
	for _, text := range []string{"TRUNCATE river_job", "VACUUM ANALYZE river_job"} {
		if _, err := q.pool.Exec(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

func (q *rivers) Backends(ctx context.Context) (pids []int, err error) {
	rows, err := q.pool.Query(ctx, backendsText)
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

func (q *rivers) Close() { q.pool.Close() }

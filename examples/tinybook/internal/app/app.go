// Package app puts TinyBook together. This file is the only place that knows
// all the parts; the others don't know each other's makers.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ycvk/tinybook/cachex"
	"github.com/ycvk/tinybook/examples/tinybook/internal/article"
	"github.com/ycvk/tinybook/examples/tinybook/internal/bench"
	"github.com/ycvk/tinybook/examples/tinybook/internal/code"
	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
	"github.com/ycvk/tinybook/examples/tinybook/internal/ops"
	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
	"github.com/ycvk/tinybook/examples/tinybook/internal/ranking"
	"github.com/ycvk/tinybook/examples/tinybook/internal/session"
	"github.com/ycvk/tinybook/examples/tinybook/internal/sms"
	"github.com/ycvk/tinybook/examples/tinybook/internal/user"
	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/topn"
)

// parts are what the nodes of a process share.
type parts struct {
	cfg      config.Config
	log      *slog.Logger
	users    user.Repo
	hasher   *user.Hasher
	codes    cachex.CodeCache
	guard    *code.Guard
	requests ratelimit.Limiter // by client address; nil: no limit
	sessions session.Store
	keys     []session.Key
	outbox   *sms.Outbox
	provider smsfailover.Service // of tests; nil: the local ones
	sender   code.Sender
	desk     *ops.Desk

	articles     article.Repo
	interactions interactions
	visit        func(id int64) // hears of every reader of an article
	newBoard     func() (*topn.Board[int64], error)
	rankings     []*ranking.Ranking                      // of all nodes
	bench        func(r *ranking.Ranking) *bench.Handler // nil: no such routes

	kafka      func() (ops.Kafka, error) // what its clients do
	collectors []prometheus.Collector    // of the process, that no node shows yet

	extra []gin.HandlerFunc // after all other middlewares

	demoErr error // why there is no demo account

	workers []func(ctx context.Context) error // run from start to stop
	checks  []func() error                    // what makes every node not ready
	closers []func() error                    // called in reverse order
}

// open opens the stores and makes the parts. It returns the parts that it
// opened also with an error, to be closed. Without a provider messages stay in
// the process.
func open(ctx context.Context, cfg config.Config, log *slog.Logger, provider smsfailover.Service) (*parts, error) {
	p := &parts{cfg: cfg, log: log, provider: provider}
	dir, err := p.dataDir()
	if err != nil {
		return p, err
	}
	db, dbErr := p.openDB(ctx, dir)
	rdb, redisErr := p.openRedis(ctx)
	kafka, kafkaErr := p.openKafka(ctx)
	if err := errors.Join(dbErr, redisErr, kafkaErr); err != nil {
		return p, err // with everything that isn't there
	}
	repo := user.NewSQLRepo(db)
	p.users = repo
	meter, err := p.openMeter(kafka)
	if err != nil {
		return p, err
	}
	if err := p.openArticles(db, meter); err != nil {
		return p, err
	}
	if err := p.openRanking(rdb, meter); err != nil {
		return p, err
	}
	p.openBench(db, rdb)
	// On the file of the embedded Redis, when it has one, before the answer.
	p.sessions = session.NewSyncedStore(session.NewRedisStore(rdb), rdb.Sync)
	if p.keys, err = p.loadKeys(); err != nil {
		return p, err
	}
	if p.codes, err = p.openCodes(rdb); err != nil {
		return p, err
	}
	if p.hasher, err = openHasher(ctx, repo, cfg.User.BcryptCost); err != nil {
		return p, err
	}
	if err := p.openLimits(rdb); err != nil {
		return p, err
	}
	if err := p.openSMS(ctx, db, rdb); err != nil {
		return p, err
	}
	return p, p.addDemo(ctx)
}

// dataDir returns the directory for state: the configured one, or one that is
// deleted at the end.
func (p *parts) dataDir() (string, error) {
	if p.cfg.Data != "" {
		if err := os.MkdirAll(p.cfg.Data, 0o700); err != nil {
			return "", fmt.Errorf("app: data directory: %w", err)
		}
		if p.cfg.Mode == config.Services {
			return p.cfg.Data, nil // where nothing is kept in it
		}
		unlock, err := platform.LockDir(p.cfg.Data)
		if err != nil {
			return "", err
		}
		p.closers = append(p.closers, unlock)
		return p.cfg.Data, nil
	}
	dir, err := os.MkdirTemp("", "tinybook-")
	if err != nil {
		return "", fmt.Errorf("app: data directory: %w", err)
	}
	p.closers = append(p.closers, func() error { return os.RemoveAll(dir) })
	return dir, nil
}

func (p *parts) openDB(ctx context.Context, dir string) (*platform.DB, error) {
	var db *platform.DB
	var err error
	if p.cfg.RealDB() {
		db, err = platform.OpenMySQL(ctx, p.cfg.Database())
	} else {
		db, err = platform.OpenSQLite(ctx, dir)
	}
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, db.Close)
	return db, db.Migrate(ctx)
}

func (p *parts) openRedis(ctx context.Context) (*platform.Redis, error) {
	var rdb *platform.Redis
	var err error
	if p.cfg.RealRedis() {
		rdb, err = platform.OpenRedis(ctx, p.cfg.Redis.Addr, p.cfg.Redis.Password)
	} else {
		rdb, err = platform.OpenEmbeddedRedis(p.redisFile(), platform.WithLogger(p.log))
	}
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, rdb.Close)
	p.workers = append(p.workers, rdb.Run)
	p.checks = append(p.checks, rdb.Health)
	return rdb, nil
}

// openHasher returns a hasher that knows what the hashes of the repository
// cost, which may have been made with another setting.
func openHasher(ctx context.Context, repo *user.SQLRepo, cost int) (*user.Hasher, error) {
	hasher, err := user.NewHasher(cost)
	if err != nil {
		return nil, err
	}
	highest, err := repo.HighestCost(ctx)
	if err != nil {
		return nil, err
	}
	hasher.Cover(highest)
	return hasher, nil
}

// redisFile returns where the embedded Redis keeps its state, if it does.
func (p *parts) redisFile() string {
	if p.cfg.Data == "" {
		return ""
	}
	return filepath.Join(p.cfg.Data, "redis.gob")
}

// loadKeys returns the configured keys, else the one that is kept in the data
// directory, so that tokens survive a restart, else a random one.
func (p *parts) loadKeys() ([]session.Key, error) {
	if p.cfg.Session.Keys != "" {
		return session.ParseKeys(p.cfg.Session.Keys)
	}
	if p.cfg.Data == "" {
		return []session.Key{session.RandomKey()}, nil
	}
	key, err := session.KeptKey(filepath.Join(p.cfg.Data, "session.key"))
	return []session.Key{key}, err
}

// openCodes returns the store of the login codes. In Redis they are hidden
// under secrets derived from the session keys, so that a change of keys keeps
// pending codes alive.
func (p *parts) openCodes(rdb *platform.Redis) (cachex.CodeCache, error) {
	if p.cfg.Code.Store == config.StoreLocal {
		return cachex.NewCodeLocalCache()
	}
	peppers, err := p.derive("tinybook login codes")
	if err != nil {
		return nil, err
	}
	cache, err := cachex.NewCodeRedisCache(rdb, cachex.WithPepper(peppers[0], peppers[1:]...))
	if err != nil {
		return nil, err
	}
	return code.NewSynced(cache, rdb.Sync), nil
}

// derive returns a secret for a purpose from every session key, the one of the
// current key first.
func (p *parts) derive(purpose string) ([][]byte, error) {
	var secrets [][]byte
	for _, key := range p.keys {
		secret, err := key.Derive(purpose)
		if err != nil {
			return nil, err
		}
		secrets = append(secrets, secret)
	}
	return secrets, nil
}

// close closes what open opened, the newest first.
func (p *parts) close() error {
	var errs []error
	for _, closer := range slices.Backward(p.closers) {
		errs = append(errs, closer())
	}
	return errors.Join(errs...)
}

// site is the handler of one node, and the parts of it that run.
type site struct {
	engine   *gin.Engine
	sessions *session.Manager
	ranking  *ranking.Ranking
	streams  *ranking.Handler
	registry *prometheus.Registry
}

// newSite wires one node. dev says that its listener is on this machine only
// and may show the codes that it sends.
func newSite(p *parts, dev bool) (*site, error) {
	manager, err := session.New(p.sessions, session.Config{
		Keys:      p.keys,
		AccessTTL: p.cfg.Session.AccessTTL, RefreshTTL: p.cfg.Session.RefreshTTL,
		Poll: p.cfg.Session.Poll, MaxStale: p.cfg.Session.MaxStale,
	})
	if err != nil {
		return nil, err
	}
	registry := newRegistry()
	rank, err := p.newRanking()
	if err != nil {
		return nil, err
	}
	streams := ranking.NewHandler(rank)
	if err := p.registerMetrics(registry, ranking.NewCollector(streams)); err != nil {
		return nil, err
	}
	engine, err := web.New(web.Config{
		Log:       p.log,
		Registry:  registry,
		Mappers:   []web.Mapper{user.MapError, code.MapError, session.MapError, article.MapError, interactive.MapError, ranking.MapError},
		Origins:   p.cfg.HTTP.Origins,
		Proxies:   p.cfg.HTTP.TrustedProxies,
		BodyLimit: p.cfg.HTTP.BodyLimit,
		Timeout:   p.cfg.HTTP.RequestTimeout,
		Secure:    p.cfg.HTTP.SecureCookies,
	})
	if err != nil {
		return nil, err
	}
	users := user.NewService(p.users, p.hasher)
	sessions := session.NewWeb(manager, p.cfg.HTTP.SecureCookies)
	articles := p.newArticles()
	pages, err := p.newPages(users, sessions, articles, rank, dev)
	if err != nil {
		return nil, err
	}
	engine.Use(pages.ErrorPages()) // also for who asks too often
	if p.requests != nil {
		engine.Use(web.PerAddress(p.requests))
	}
	engine.Use(p.extra...)
	pages.Register(engine)
	user.NewHandler(users, code.New(p.guard, p.codes, p.sender), sessions).Register(engine)
	p.registerArticles(engine, articles, sessions, streams)
	ops.NewHandler(p.desk, sessions, p.admin(users)).Register(engine)
	if dev {
		engine.GET("/dev/sms", sms.Handler(p.outbox))
	}
	if p.bench != nil {
		p.bench(rank).Register(engine)
	}
	return &site{engine: engine, sessions: manager, ranking: rank, streams: streams, registry: registry}, nil
}

package app

import (
	"context"
	"path/filepath"

	"github.com/gin-gonic/gin"

	"github.com/ycvk/tinybook/examples/tinybook/internal/article"
	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
	"github.com/ycvk/tinybook/examples/tinybook/internal/session"
)

// interactions are what readers do with articles.
type interactions interface {
	article.Interactions
	interactive.Marks
}

// openKafka returns the real Kafka, or the one inside with the topics that it
// keeps in the data directory, if there is one.
func (p *parts) openKafka(ctx context.Context) (*platform.Kafka, error) {
	var kafka *platform.Kafka
	var err error
	opts := []platform.KafkaOption{platform.WithSessionTimeout(p.cfg.Kafka.SessionTimeout), platform.WithKafkaLogger(p.log)}
	switch {
	case p.cfg.RealKafka():
		kafka, err = platform.OpenKafka(ctx, p.cfg.Kafka.Brokers, opts...)
	case p.cfg.Data != "":
		kafka, err = platform.OpenEmbeddedKafka(filepath.Join(p.cfg.Data, "kafka"), opts...)
	default:
		kafka, err = platform.OpenEmbeddedKafka("", opts...)
	}
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, kafka.Close)
	return kafka, kafka.Ensure(ctx, interactive.Topics()...)
}

// openArticles makes the articles, and the way of what readers do with them: likes
// go to the database and from there to a topic, reads through a topic to the
// database.
func (p *parts) openArticles(db *platform.DB, kafka *platform.Kafka) {
	store := interactive.NewStore(db, interactive.Article)
	reads, changes := kafka.Writer(interactive.ReadTopic), kafka.Writer(interactive.ChangeTopic)
	p.closers = append(p.closers, reads.Close, changes.Close)
	recorder := interactive.NewRecorder(reads, p.log)
	open := func() interactive.Reader { return kafka.Reader(interactive.ReadTopic, interactive.ReadGroup) }

	p.articles = article.NewSQLRepo(db, store)
	p.interactions = store
	p.visit = recorder.Read
	p.workers = append(p.workers,
		recorder.Run,
		interactive.NewConsumer(store, open, kafka, p.log).Run,
		interactive.NewRelay(store, changes, p.log).Run,
	)
}

// registerArticles adds the routes of articles to a site.
func (p *parts) registerArticles(engine *gin.Engine, sessions *session.Web) {
	g := engine.Group("/articles")
	service := article.NewService(p.articles, p.interactions, p.visit)
	article.NewHandler(service, sessions).Register(g)
	interactive.NewHandler(p.interactions, sessions).Register(g)
}

package app

import (
	"context"
	"path/filepath"

	"github.com/gin-gonic/gin"

	"github.com/ycvk/tinybook/examples/tinybook/internal/article"
	"github.com/ycvk/tinybook/examples/tinybook/internal/collection"
	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
	"github.com/ycvk/tinybook/examples/tinybook/internal/ranking"
	"github.com/ycvk/tinybook/examples/tinybook/internal/session"
)

// interactions are what readers do with articles.
type interactions interface {
	article.Interactions
	interactive.Marks
	collection.Marks
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
func (p *parts) openArticles(db *platform.DB, m *meter) error {
	store := interactive.NewStore(db, interactive.Article)
	reads, err := m.writer(p, "reads", interactive.ReadTopic)
	if err != nil {
		return err
	}
	changes, err := m.writer(p, "likes", interactive.ChangeTopic)
	if err != nil {
		return err
	}
	recorder := interactive.NewRecorder(reads, p.log)
	open := m.reader("reads", interactive.ReadTopic, interactive.ReadGroup)

	p.articles = article.NewSQLRepo(db, store)
	p.interactions = store
	p.visit = recorder.Read
	p.collectors = append(p.collectors, interactive.NewCollector(store, recorder))
	p.workers = append(p.workers,
		recorder.Run,
		interactive.NewConsumer(store, open, m.kafka, p.log).Run,
		interactive.NewRelay(store, changes, p.log).Run,
	)
	return nil
}

// newArticles makes what can be done with articles on one node.
func (p *parts) newArticles() *article.Service {
	return article.NewService(forgetting{p.articles, p}, p.interactions, p.visit)
}

// registerArticles adds the routes of articles to a site.
func (p *parts) registerArticles(engine *gin.Engine, articles *article.Service, sessions *session.Web, rank *ranking.Handler) {
	g := engine.Group("/articles")
	article.NewHandler(articles, sessions).Register(g)
	interactive.NewHandler(p.interactions, sessions).Register(g)
	collection.NewHandler(p.interactions, p.articles, sessions).Register(g)
	rank.Register(g)
}

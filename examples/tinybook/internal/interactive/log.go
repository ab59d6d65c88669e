package interactive

import (
	"context"
	"log/slog"
	"time"

	"github.com/segmentio/kafka-go"
)

// A Writer writes messages to a topic; [kafka.Writer] is one.
type Writer interface {
	WriteMessages(ctx context.Context, messages ...kafka.Message) error
}

// A Reader reads the messages of a topic as a member of a group; [kafka.Reader]
// is one.
type Reader interface {
	FetchMessage(ctx context.Context) (kafka.Message, error)
	CommitMessages(ctx context.Context, messages ...kafka.Message) error
	Close() error
}

// pause is how long work waits after a failure, of Kafka or of the database.
const pause = time.Second

// patience tries again what failed. It logs the first failure of a row of them,
// and that they are over.
type patience struct {
	log    *slog.Logger
	what   string
	failed int
}

// wait returns after the pause, or when ctx is done, and reports whether to go on.
func (p *patience) wait(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	if p.failed++; p.failed == 1 {
		p.log.Error(p.what+" fails; trying again", "error", err)
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// good says that something has worked.
func (p *patience) good() {
	if p.failed > 0 {
		p.log.Info(p.what+" works again", "failures", p.failed)
		p.failed = 0
	}
}

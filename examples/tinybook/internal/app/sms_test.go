package app

import (
	"context"
	"log/slog"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
	"github.com/ycvk/tinybook/examples/tinybook/internal/session"
	"github.com/ycvk/tinybook/examples/tinybook/internal/sms"
	"github.com/ycvk/tinybook/smsfailover"
)

// counter is a provider that counts what it was sent.
type counter struct{ sent int }

func (c *counter) Send(context.Context, string, []string, ...string) error { c.sent++; return nil }

// While Redis is away nobody knows how much a provider had: messages wait. The
// limits of codes go on in the process.
func TestProviderIsSentNothingWhileRedisIsAway(t *testing.T) {
	provider := &counter{}
	p := &parts{
		cfg: config.Default(config.Embedded), log: slog.New(slog.DiscardHandler),
		provider: provider, keys: []session.Key{session.RandomKey()},
	}
	defer func() { require.NoError(t, p.close()) }()
	db, err := p.openDB(t.Context(), t.TempDir())
	require.NoError(t, err)
	rdb, err := p.openRedis(t.Context())
	require.NoError(t, err)
	p.codes, err = p.openCodes(rdb)
	require.NoError(t, err)
	require.NoError(t, p.openLimits(rdb))
	require.NoError(t, p.openSMS(t.Context(), db, rdb))
	submit := func(to string) smsfailover.Outcome {
		m := smsfailover.Message{TplID: sms.LoginTemplate, To: to, Args: []string{"123456"}, IdemKey: to}
		receipts, err := p.sender.Submit(t.Context(), m)
		require.NoError(t, err)
		return receipts[0].Outcome
	}
	require.Equal(t, smsfailover.Delivered, submit("+8613800138001"))

	client, away := rdb.UniversalClient, redis.NewClient(&redis.Options{})
	require.NoError(t, away.Close())
	rdb.UniversalClient = away
	require.Equal(t, smsfailover.Queued, submit("+8613800138002"))
	require.Equal(t, 1, provider.sent)
	_, err = p.guard.Site(t.Context())
	require.NoError(t, err)
	rdb.UniversalClient = client // which is to be closed
}

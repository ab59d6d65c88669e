package cachex_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/cachex"
	"github.com/ycvk/tinybook/internal/realserver"
)

func dial(t testing.TB, addr string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn.(*net.TCPConn)
}

// A wire connects a client to a server and loses what it is told to lose.
type wire struct {
	drops atomic.Int32  // so many replies to scripts are lost, with their connections
	hang  atomic.Bool   // replies to scripts never come
	done  chan struct{} // told when a reply is held back by hang

	mu    sync.Mutex
	fates []string // of the next scripts: lose, or the error that answers in the server's place
}

const lose = "lose"

// next says what becomes of the scripts that are sent next.
func (w *wire) next(fates ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fates = fates
}

// fate takes the next fate; empty is none.
func (w *wire) fate() (f string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.fates) > 0 {
		f, w.fates = w.fates[0], w.fates[1:]
	}
	return f
}

// left returns how many fates nothing has met.
func (w *wire) left() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.fates)
}

func newWire() *wire { return &wire{done: make(chan struct{}, 100)} }

// client returns a client whose connections are on w, ready for scripts.
func (w *wire) client(t testing.TB, s *realserver.Server, change func(o *redis.Options)) *redis.Client {
	t.Helper()
	o := &redis.Options{
		Addr: s.Addr(),
		Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return &wireConn{Conn: conn, wire: w}, nil
		},
	}
	if change != nil {
		change(o)
	}
	return clientOf(t, o)
}

type wireConn struct {
	net.Conn
	wire   *wire
	script atomic.Bool // a script was sent and its reply hasn't come
	gone   atomic.Bool
	answer atomic.Pointer[string] // to the script that the server never saw
}

func (c *wireConn) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("\r\neval")) {
		switch fate := c.wire.fate(); fate {
		case "":
		case lose:
			c.wire.drops.Store(1)
		default:
			reply := "-" + fate + "\r\n"
			c.answer.Store(&reply)
			return len(p), nil
		}
		c.script.Store(true)
	}
	return c.Conn.Write(p)
}

// Read returns replies, but for those to scripts that the wire loses: it takes
// them, so that the server has done its work.
func (c *wireConn) Read(p []byte) (int, error) {
	if c.gone.Load() {
		return 0, io.EOF
	}
	if reply := c.answer.Swap(nil); reply != nil {
		return copy(p, *reply), nil
	}
	n, err := c.Conn.Read(p)
	if err != nil || !c.script.Swap(false) {
		return n, err
	}
	if c.wire.drops.Add(-1) >= 0 {
		c.gone.Store(true)
		return 0, io.EOF
	}
	if c.wire.hang.Load() {
		c.wire.done <- struct{}{}
		return c.Conn.Read(p) // nothing more comes: this waits for the deadline
	}
	return n, nil
}

// wired returns a cache on w whose scripts the server knows, so that what w
// loses isn't the word that it doesn't.
func wired(t testing.TB, w *wire, s *realserver.Server, change func(o *redis.Options)) *cachex.CodeRedisCache {
	t.Helper()
	c := newRedisCache(t, w.client(t, s, change), policyOf3())
	k := cachex.Key{Biz: "login", To: "warm-up"}
	_, _ = c.Set(t.Context(), k, code)
	_ = c.Verify(t.Context(), k, code)
	_, err := c.Revoke(t.Context(), k, 1)
	require.NoError(t, err)
	_, err = c.Status(t.Context(), k)
	require.NoError(t, err)
	return c
}

// policyOf3 lets three things be counted: tries, sends and guesses.
func policyOf3() cachex.Policy {
	return cachex.Policy{
		TTL:         time.Hour,
		MaxAttempts: 3,
		Guesses:     cachex.Budget{Max: 100, Window: time.Hour},
		Sends:       []cachex.Budget{{Max: 3, Window: time.Hour}},
	}
}

// Trap cachex/15: go-redis sends a call again when it lost the reply. Each call
// is done once all the same, and answers as it did.
func TestRedisDoesACallOnceThatIsSentAgain(t *testing.T) {
	s := realserver.Redis(t)
	for _, drops := range []int32{1, 2, 3} {
		w := newWire()
		c := wired(t, w, s, nil)
		k := cachex.Key{Biz: "login", To: string('a' + drops)}
		lose := func() { w.drops.Store(drops) }
		spent := func() { require.Negative(t, w.drops.Load(), "nothing was lost") }

		lose()
		first, err := c.Set(t.Context(), k, code)
		require.NoError(t, err)
		spent()
		lose()
		require.Equal(t, 2, leftAfter(t, c, k), "a wrong try")
		spent()
		require.Equal(t, 1, leftAfter(t, c, k), "the try after it")
		lose()
		ok, err := c.Revoke(t.Context(), k, first.Gen)
		require.NoError(t, err)
		require.True(t, ok, "Revoke")
		spent()
		ok, err = c.Revoke(t.Context(), k, first.Gen)
		require.NoError(t, err)
		require.False(t, ok, "a second Revoke")

		lose()
		second, err := c.Set(t.Context(), k, code)
		require.NoError(t, err)
		spent()
		require.Greater(t, second.Gen, first.Gen)
		lose()
		require.NoError(t, c.Verify(t.Context(), k, code), "the right code")
		spent()
		require.ErrorIs(t, c.Verify(t.Context(), k, code), cachex.ErrNotFound)

		for range 2 {
			lose()
			_, err = c.Set(t.Context(), k, code)
			require.NoError(t, err, "a send was counted twice")
			spent()
		}
		w.drops.Store(0)
		_, err = c.Set(t.Context(), k, code)
		require.ErrorIs(t, err, cachex.ErrLocked, "a send wasn't counted")
	}
}

// leftAfter tries a wrong code and returns the tries that are left.
func leftAfter(t testing.TB, c cachex.CodeCache, k cachex.Key) int {
	t.Helper()
	err := c.Verify(t.Context(), k, other)
	require.ErrorIs(t, err, cachex.ErrMismatch)
	denied, ok := errors.AsType[*cachex.DeniedError](err)
	require.True(t, ok)
	return denied.Left
}

// Trap cachex/15: the server did it and the client never learns.
func TestRedisSaysUnknownWhenEveryReplyIsLost(t *testing.T) {
	s := realserver.Redis(t)
	for name, change := range map[string]func(*redis.Options){
		"retries":    func(o *redis.Options) { o.MaxRetryBackoff = time.Millisecond },
		"no retries": func(o *redis.Options) { o.MaxRetries = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWire()
			c := wired(t, w, s, change)
			k := cachex.Key{Biz: "login", To: name}
			_, err := c.Set(t.Context(), k, code)
			require.NoError(t, err)
			w.drops.Store(1000)
			err = c.Verify(t.Context(), k, other)
			require.ErrorIs(t, err, cachex.ErrUnknown)
			require.ErrorIs(t, err, io.EOF, "the cause is missing")
			_, err = c.Status(t.Context(), k)
			require.ErrorIs(t, err, io.EOF)
			require.NotErrorIs(t, err, cachex.ErrUnknown, "a Status changes nothing that could be unknown")
			w.drops.Store(0)
			require.Equal(t, 1, leftAfter(t, c, k), "the lost try was counted, once")
			w.drops.Store(1000)
			require.ErrorIs(t, c.Verify(t.Context(), k, code), cachex.ErrUnknown)
			w.drops.Store(0)
			require.ErrorIs(t, c.Verify(t.Context(), k, code), cachex.ErrNotFound, "the lost success spent the code")
		})
	}
}

// Trap cachex/15: the reply is lost, and the client's retry meets a server that
// refuses. Only the retry was refused: the code may be spent.
func TestRedisSaysUnknownWhenOnlyTheRetryIsRefused(t *testing.T) {
	s := realserver.Redis(t)
	const noscript = "NOSCRIPT No matching script. Please use EVAL."
	for _, tc := range []struct {
		name    string
		fates   []string
		unknown bool
	}{
		{"refused", []string{"NOPERM no"}, false},
		{"no script, refused", []string{noscript, "NOPERM no"}, false},
		{"lost, refused", []string{lose, "NOPERM no"}, true},
		{"lost, read-only", []string{lose, "READONLY no", "READONLY no", "READONLY no"}, true},
		{"lost, loading", []string{lose, "LOADING no", "LOADING no", "LOADING no"}, true},
		{"lost, no script, refused", []string{lose, noscript, "NOPERM no"}, true},
		{"no script, lost, refused", []string{noscript, lose, "NOPERM no"}, true},
		{"read-only, refused", []string{"READONLY no", "NOPERM no"}, true}, // on the safe side
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWire()
			c := wired(t, w, s, func(o *redis.Options) {
				o.MaxRetries, o.MinRetryBackoff, o.MaxRetryBackoff = 3, time.Millisecond, time.Millisecond
			})
			k := cachex.Key{Biz: "login", To: tc.name}
			_, err := c.Set(t.Context(), k, code)
			require.NoError(t, err)
			w.next(tc.fates...)
			err = c.Verify(t.Context(), k, code)
			require.ErrorContains(t, err, " no", "the cause is missing")
			require.Equal(t, tc.unknown, errors.Is(err, cachex.ErrUnknown), "%v", err)
			require.Zero(t, w.left(), "the client gave up early")
			status, err := c.Status(t.Context(), k)
			require.NoError(t, err)
			require.Equal(t, !slices.Contains(tc.fates, lose), status.Live, "the test shows nothing")
		})
	}
}

// Trap cachex/15: ctx is done while the server works.
func TestRedisContextDoneMidCall(t *testing.T) {
	s := realserver.Redis(t)
	cause := errors.New("the user left")
	t.Run("deadline", func(t *testing.T) {
		w := newWire()
		c := wired(t, w, s, func(o *redis.Options) { o.ContextTimeoutEnabled = true })
		k := cachex.Key{Biz: "login", To: "deadline"}
		_, err := c.Set(t.Context(), k, code)
		require.NoError(t, err)
		w.hang.Store(true)
		ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, cause)
		defer cancel()
		err = c.Verify(ctx, k, code)
		require.ErrorIs(t, err, cachex.ErrUnknown)
		require.ErrorIs(t, err, cause)
		require.ErrorIs(t, err, ctx.Err())
		w.hang.Store(false)
		require.ErrorIs(t, c.Verify(t.Context(), k, code), cachex.ErrNotFound, "the code was spent")
	})
	t.Run("cancel", func(t *testing.T) {
		w := newWire()
		c := wired(t, w, s, func(o *redis.Options) { o.ReadTimeout = 100 * time.Millisecond })
		k := cachex.Key{Biz: "login", To: "cancel"}
		_, err := c.Set(t.Context(), k, code)
		require.NoError(t, err)
		w.hang.Store(true)
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			<-w.done
			cancel(cause)
		}()
		err = c.Verify(ctx, k, code)
		require.ErrorIs(t, err, cachex.ErrUnknown)
		require.ErrorIs(t, err, cause)
		require.ErrorIs(t, err, ctx.Err())
	})
	t.Run("before it is sent", func(t *testing.T) {
		w := newWire()
		c := wired(t, w, s, func(o *redis.Options) { o.PoolSize, o.ReadTimeout = 1, time.Minute })
		k := cachex.Key{Biz: "login", To: "before"}
		_, err := c.Set(t.Context(), k, code)
		require.NoError(t, err)
		w.hang.Store(true)
		go func() { _ = c.Verify(t.Context(), k, other) }() // takes the only connection
		<-w.done
		ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, cause)
		defer cancel()
		err = c.Verify(ctx, k, code)
		require.ErrorIs(t, err, cause)
		require.NotErrorIs(t, err, cachex.ErrUnknown)
	})
}

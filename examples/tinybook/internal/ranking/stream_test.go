package ranking_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/ranking"
	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
	"github.com/ycvk/tinybook/internal/redistest"
)

// pipes are a listener whose connections hold nothing: who doesn't read holds up
// who writes, at once.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	p.conns <- proxied{theirs}
	return ours, nil
}

// A proxied connection is from a proxy, which says whose requests it brings.
type proxied struct{ net.Conn }

const proxy = "192.0.2.1"

func (proxied) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.ParseIP(proxy), Port: 80} }

// A streamed site is a server with the limits on time that nodes have.
type streamed struct {
	db      *shelf
	ranking *ranking.Ranking
	handler *ranking.Handler
	pipes   *pipes
	client  http.Client
	clients int
	log     lines
	metrics *prometheus.Registry
}

const requestTimeout = 10 * time.Second

func newStreamed(t *testing.T) *streamed {
	t.Helper()
	s := &streamed{db: &shelf{}, pipes: &pipes{make(chan net.Conn), make(chan struct{})}, metrics: prometheus.NewRegistry()}
	s.ranking = newNode(t, redistest.New(t), s.db)
	run(t, s.ranking.Run)
	s.handler = ranking.NewHandler(s.ranking)
	engine, err := web.New(web.Config{
		Log: slog.New(slog.NewTextHandler(&s.log, nil)), Registry: s.metrics, Proxies: []string{proxy},
		Mappers: []web.Mapper{ranking.MapError}, BodyLimit: 1 << 10, Timeout: requestTimeout,
	})
	require.NoError(t, err)
	s.handler.Register(engine.Group("/articles"))
	server := &http.Server{Handler: engine, ReadTimeout: requestTimeout, WriteTimeout: requestTimeout}
	done := make(chan error, 1)
	go func() { done <- server.Serve(s.pipes) }()
	transport := &http.Transport{DialContext: s.pipes.dial}
	s.client.Transport = transport
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		require.NoError(t, server.Close())
		require.ErrorIs(t, <-done, http.ErrServerClosed)
	})
	time.Sleep(soon)
	return s
}

// open returns the answer to a request for a stream, of a client that has no other.
func (s *streamed) open(t *testing.T, query string) *http.Response {
	t.Helper()
	s.clients++
	return s.openFrom(t, fmt.Sprintf("10.0.%d.%d", s.clients/256, s.clients%256), query)
}

// openFrom returns the answer to a request of a client at that address.
func (s *streamed) openFrom(t *testing.T, address, query string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://site/articles/rank/stream"+query, nil)
	require.NoError(t, err)
	req.Header.Set("X-Forwarded-For", address)
	resp, err := s.client.Do(req)
	require.NoError(t, err)
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// lines is a log that tests read. It is safe for concurrent use.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), text)
}

// events returns the places of each event as they come, until the stream ends.
func events(t *testing.T, body io.Reader) <-chan ranking.Places {
	t.Helper()
	all := make(chan ranking.Places, 100)
	go func() {
		defer close(all)
		for lines := bufio.NewScanner(body); lines.Scan(); {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				var p ranking.Places
				if err := json.Unmarshal([]byte(data), &p); err != nil {
					t.Errorf("%q: %v", data, err)
				}
				all <- p
			}
		}
	}()
	return all
}

// A stream lives longer than any request may take, tells of every change within a
// second, of nothing else, and of what it can't tell.
func TestStreamGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreamed(t)
		resp := s.open(t, "?n=1")
		require.Equal(t, "no", resp.Header.Get("X-Accel-Buffering"))
		got := events(t, resp.Body)
		require.Empty(t, (<-got).Items)
		for n := range int64(3) {
			time.Sleep(20 * time.Minute)
			synctest.Wait()
			require.Empty(t, got, "nothing has changed")
			// The title is what a node reads by itself.
			s.db.set(1, func(r *row) { r.likes = 1; r.title = fmt.Sprint("title ", n) })
			if n == 0 {
				time.Sleep(6 * time.Minute) // until the board is made anew
			}
			time.Sleep(time.Second)
			synctest.Wait()
			require.Len(t, got, 1)
			require.Equal(t, fmt.Sprint("title ", n), (<-got).Items[0].Title)
		}
		s.db.fail(io.ErrUnexpectedEOF)
		time.Sleep(30 * time.Second)
		require.True(t, (<-got).Stale)
		s.db.fail(nil)
		time.Sleep(30 * time.Second)
		require.False(t, (<-got).Stale)

		s.handler.EndStreams()
		_, open := <-got
		require.False(t, open, "the stream goes on after its end")
		s.handler.EndStreams()
		refused := s.open(t, "")
		require.Equal(t, 503, refused.StatusCode)
		require.NotEmpty(t, refused.Header.Get("Retry-After"))
		synctest.Wait()
		require.Zero(t, s.log.count("level=ERROR"), "nothing has failed")
	})
}

// A client that doesn't read is dropped, and so is one that goes; neither takes the
// place of others for longer.
func TestStreamsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 1000
		s := newStreamed(t)
		first := s.open(t, "")
		goner := events(t, first.Body)
		<-goner
		for range most - 1 { // they read the headers, and no more
			require.Equal(t, 200, s.open(t, "").StatusCode)
		}
		full := s.open(t, "")
		require.Equal(t, 503, full.StatusCode)
		require.Equal(t, "10", full.Header.Get("Retry-After"))
		require.NoError(t, first.Body.Close())
		synctest.Wait()
		again := s.open(t, "")
		require.Equal(t, 200, again.StatusCode, "who went has left a place")
		reads := events(t, again.Body)
		<-reads
		require.Equal(t, 503, s.open(t, "").StatusCode)

		time.Sleep(30 * time.Second) // nobody else reads what they are sent
		for range 3 {
			require.Equal(t, 200, s.open(t, "").StatusCode)
		}
		select {
		case _, open := <-reads:
			require.True(t, open, "who reads was dropped too")
		default:
		}
		require.Positive(t, s.log.count("status=503"))
		require.Zero(t, s.log.count("level=ERROR"), "a refusal is no failure of the site")
	})
}

// No client address takes the streams of others, however many connections it has.
// An address is what limits of requests take for one.
func TestStreamsOfOneAddressAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 20
		s := newStreamed(t)
		var open []*http.Response
		for range most {
			open = append(open, s.openFrom(t, "2001:db8::1", ""))
			require.Equal(t, 200, open[len(open)-1].StatusCode)
		}
		refused := s.openFrom(t, "2001:db8::2", "") // of the same subscriber
		require.Equal(t, 429, refused.StatusCode)
		require.Equal(t, "10", refused.Header.Get("Retry-After"))
		require.Equal(t, 200, s.openFrom(t, "2001:db8:0:1::1", "").StatusCode)
		synctest.Wait()
		require.Equal(t, 1, s.log.count("status=429"))
		require.Zero(t, s.log.count("level=ERROR"))

		require.NoError(t, open[0].Body.Close())
		synctest.Wait()
		require.Equal(t, 200, s.openFrom(t, "2001:db8::2", "").StatusCode, "who went has left a place")
		require.Equal(t, 429, s.openFrom(t, "2001:db8::2", "").StatusCode)
	})
}

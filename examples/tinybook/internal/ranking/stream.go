package ranking

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
)

const (
	// defaultPlaces is how many places a stream has that doesn't say.
	defaultPlaces = 10
	// slow is how long a client may take to read what it is sent, before it is
	// dropped.
	slow = 5 * time.Second
	// beat is how often a client hears something, so that everybody on the way
	// knows that the stream lives.
	beat = 10 * time.Second
)

// stream sends the first places whenever they change, as server-sent events, until
// the client goes, is too slow, or the node stops. A client that misses a change
// gets the next one: every event has all places.
func (h *Handler) stream(c *gin.Context) {
	n := defaultPlaces
	if text, ok := c.GetQuery("n"); ok {
		var err error
		if n, err = places(text); err != nil {
			web.Fail(c, err)
			return
		}
	}
	address := web.Address(c)
	if err := h.gate.enter(address); err != nil {
		web.Fail(c, err)
		return
	}
	defer h.gate.leave(address)
	top, err := h.ranking.Top(c.Request.Context(), n)
	if err != nil {
		web.Fail(c, err)
		return
	}
	if c.Request.Method == http.MethodHead {
		setHeaders(c.Writer.Header()) // and no stream, which nobody would get
		c.Status(http.StatusOK)
		return
	}
	s := &subscriber{out: c.Writer, control: http.NewResponseController(c.Writer)}
	if s.open() == nil {
		web.Streams(c)
		h.follow(web.Client(c).Done(), s, n, top)
	}
}

// follow sends places, top first, until one of the reasons to stop.
func (h *Handler) follow(gone <-chan struct{}, s *subscriber, n int, top Places) {
	alive := time.NewTicker(beat)
	defer alive.Stop()
	for {
		if s.send(top) != nil {
			return
		}
		select {
		case <-top.replaced:
		case <-alive.C:
			if s.beat() != nil {
				return
			}
		case <-gone:
			return
		case <-h.gate.closed:
			return
		}
		top = h.ranking.show(h.ranking.places.Load(), n)
	}
}

// A subscriber is a client that follows the ranking. Its methods fail for one that
// has gone or is too slow.
type subscriber struct {
	out     http.ResponseWriter
	control *http.ResponseController
	sent    bool
	last    Places
}

// open begins the stream. The limits on the time of a request don't hold for it.
func (s *subscriber) open() error {
	if err := s.control.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	setHeaders(s.out.Header())
	s.out.WriteHeader(http.StatusOK)
	return s.write("retry: 1000\n\n")
}

func setHeaders(h http.Header) {
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
}

// send sends places that differ from the last ones.
func (s *subscriber) send(p Places) error {
	if s.sent && p.Stale == s.last.Stale && slices.Equal(p.Items, s.last.Items) {
		return nil
	}
	s.sent, s.last = true, p
	return s.write(fmt.Sprintf("event: rank\nid: %x\ndata: %s\n\n", p.sum, p.AppendJSON(nil)))
}

func (s *subscriber) beat() error { return s.write(": alive\n\n") }

func (s *subscriber) write(text string) error {
	if err := s.control.SetWriteDeadline(time.Now().Add(slow)); err != nil {
		return err
	}
	if _, err := s.out.Write([]byte(text)); err != nil {
		return err
	}
	return s.control.Flush()
}

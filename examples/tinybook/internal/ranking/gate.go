package ranking

import (
	"net/http"
	"sync"

	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
)

const (
	// maxStreams is how many clients of a node may follow the ranking. Each costs a
	// goroutine and a connection.
	maxStreams = 1000
	// maxOfAddress is how many of them may have one address: some tabs of the people
	// in one house, and too few to keep everybody else out.
	maxOfAddress = 20
)

// A gate admits streams while there is room. It is safe for concurrent use.
type gate struct {
	closed chan struct{} // of which no more are admitted

	mu        sync.Mutex
	streams   int
	ofAddress map[string]int // without zeros
}

func newGate() *gate {
	return &gate{closed: make(chan struct{}), ofAddress: map[string]int{}}
}

// close ends all streams, and lets no more in. It may be called once.
func (g *gate) close() { close(g.closed) }

// enter admits a stream of a client address, until leave. It returns why there is
// no room for it; that isn't a failure of the site, whoever asks how often.
func (g *gate) enter(address string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ofAddress[address] >= maxOfAddress {
		return &web.Error{Status: http.StatusTooManyRequests, Key: "too_many", RetryAfter: beat}
	}
	if g.isClosed() || g.streams >= maxStreams {
		return &web.Error{Status: http.StatusServiceUnavailable, Key: "unavailable", RetryAfter: beat, Expected: true}
	}
	g.streams++
	g.ofAddress[address]++
	return nil
}

func (g *gate) isClosed() bool {
	select {
	case <-g.closed:
		return true
	default:
		return false
	}
}

// leave gives back what enter took.
func (g *gate) leave(address string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.streams--
	if g.ofAddress[address]--; g.ofAddress[address] == 0 {
		delete(g.ofAddress, address) // addresses come and go
	}
}

// open returns how many streams there are.
func (g *gate) open() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.streams
}

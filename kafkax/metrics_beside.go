package kafkax

import "sync"

// A clientKey is what loggers, dialers and round trippers know of their client: its
// labels.
type clientKey struct {
	label       string // labelWriter or labelReader
	name, group string
}

// besides are the scopes of what stands beside clients, one for each key: they go
// with the last client of that name.
type besides struct {
	mu      sync.Mutex
	scopes  map[clientKey]*scope
	clients map[clientKey]int
}

// beside returns the scope of what stands beside the clients of a key.
func (m *Metrics) beside(key clientKey) *scope {
	b := &m.besides
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.scopes == nil {
		b.scopes = make(map[clientKey]*scope)
	}
	s := b.scopes[key]
	if s == nil {
		s = m.reg.scope()
		b.scopes[key] = s
	}
	return s
}

// join counts a client, and returns what takes it out, and after the last one what
// stands beside it.
func (b *besides) join(key clientKey) (leave func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.clients == nil {
		b.clients = make(map[clientKey]int)
	}
	b.clients[key]++
	return sync.OnceFunc(func() {
		if s := b.drop(key); s != nil {
			s.close()
		}
	})
}

// drop takes a client out, and returns the scope that goes with it.
func (b *besides) drop(key clientKey) *scope {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.clients[key]--; b.clients[key] > 0 {
		return nil
	}
	delete(b.clients, key)
	s := b.scopes[key]
	delete(b.scopes, key)
	return s
}

package kafkax

import "sync"

// A watch shows one client's Stats in the series of a scope.
type watch struct {
	scope *scope
	pump  func() // moves what was counted since the last time into the series
	refs  int
}

// A watchlist is the clients whose Stats a collector shows. The same client
// under the same name is there once, however often it is added.
type watchlist struct {
	mu      sync.Mutex
	watches map[watchKey]*watch
}

type watchKey struct {
	name   string
	client any // *kafka.Writer or *kafka.Reader
}

// add starts a watch, unless there is one, and returns what ends it. Ending it
// twice is ending it once.
func (l *watchlist) add(key watchKey, start func() *watch) (remove func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.watches == nil {
		l.watches = map[watchKey]*watch{}
	}
	w := l.watches[key]
	if w == nil {
		w = start()
		l.watches[key] = w
	}
	w.refs++
	return sync.OnceFunc(func() { l.drop(key, w) })
}

func (l *watchlist) drop(key watchKey, w *watch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if w.refs--; w.refs > 0 {
		return
	}
	w.pump() // others with its labels go on showing what it counted
	w.scope.close()
	delete(l.watches, key)
}

// pump brings every series up to date. Scrapes at the same time wait for each
// other here, so that each shows all that was counted before it began.
func (l *watchlist) pump() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range l.watches {
		w.pump()
	}
}

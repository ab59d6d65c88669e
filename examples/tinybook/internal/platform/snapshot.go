package platform

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// A snapshot is what the embedded Redis keeps in a file. The sessions are in
// it, and those that ended: without them a restart with the same keys would
// let a token live again that was signed out. Streams are not kept.
type snapshot struct {
	At      time.Time
	Entries []entry
}

// An entry is one key. Which of the values it has says its type.
type entry struct {
	Key    string
	TTL    time.Duration // 0: none
	Text   *string
	Hash   map[string]string
	Scores map[string]float64
	Set    []string
	List   []string
}

// take reads all keys. One that goes away meanwhile is left out.
func take(server *miniredis.Miniredis) snapshot {
	s := snapshot{At: time.Now()}
	for _, key := range server.Keys() {
		e := entry{Key: key, TTL: server.TTL(key)}
		if e.read(server) == nil {
			s.Entries = append(s.Entries, e)
		}
	}
	return s
}

func (e *entry) read(server *miniredis.Miniredis) error {
	var err error
	switch kind := server.Type(e.Key); kind {
	case "string":
		var text string
		text, err = server.Get(e.Key)
		e.Text = &text
	case "hash":
		var names []string
		names, err = server.HKeys(e.Key)
		e.Hash = map[string]string{}
		for _, name := range names {
			e.Hash[name] = server.HGet(e.Key, name)
		}
	case "zset":
		e.Scores, err = server.SortedSet(e.Key)
	case "set":
		e.Set, err = server.Members(e.Key)
	case "list":
		e.List, err = server.List(e.Key)
	default:
		err = fmt.Errorf("type %q", kind)
	}
	return err
}

// restore puts back what hasn't expired since the snapshot was taken.
func (s snapshot) restore(server *miniredis.Miniredis) error {
	away := max(0, time.Since(s.At))
	var errs []error
	for _, e := range s.Entries {
		if e.TTL > 0 && e.TTL <= away {
			continue
		}
		errs = append(errs, e.write(server))
		if e.TTL > 0 {
			server.SetTTL(e.Key, e.TTL-away)
		}
	}
	return errors.Join(errs...)
}

func (e *entry) write(server *miniredis.Miniredis) error {
	var errs []error
	if e.Text != nil {
		errs = append(errs, server.Set(e.Key, *e.Text))
	}
	for name, value := range e.Hash {
		server.HSet(e.Key, name, value)
	}
	for member, score := range e.Scores {
		_, err := server.ZAdd(e.Key, score, member)
		errs = append(errs, err)
	}
	if len(e.Set) > 0 {
		_, err := server.SetAdd(e.Key, e.Set...)
		errs = append(errs, err)
	}
	if len(e.List) > 0 {
		_, err := server.Push(e.Key, e.List...)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// sum tells two snapshots with different values apart, and ignores how long
// they have left, which changes all the time.
func (s snapshot) sum() [sha256.Size]byte {
	h := sha256.New()
	put := func(parts ...any) { _, _ = fmt.Fprintf(h, "%q", parts) } // A hash takes everything.
	for _, e := range s.Entries {
		put(e.Key, e.TTL > 0, e.Set, e.List)
		if e.Text != nil {
			put(*e.Text)
		}
		for _, name := range slices.Sorted(maps.Keys(e.Hash)) {
			put(name, e.Hash[name])
		}
		for _, member := range slices.Sorted(maps.Keys(e.Scores)) {
			put(member, fmt.Sprint(e.Scores[member]))
		}
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// save replaces the file in one step, so that a crash leaves the old one.
func (s snapshot) save(path string) error {
	var text bytes.Buffer
	if err := gob.NewEncoder(&text).Encode(s); err != nil {
		return fmt.Errorf("platform: embedded redis: %w", err)
	}
	next := path + ".next"
	if err := os.WriteFile(next, text.Bytes(), 0o600); err != nil {
		return fmt.Errorf("platform: embedded redis: %w", err)
	}
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("platform: embedded redis: %w", err)
	}
	return nil
}

// load returns the snapshot of a file, an empty one if there is none.
func load(path string) (snapshot, error) {
	var s snapshot
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = gob.NewDecoder(bytes.NewReader(text)).Decode(&s)
	}
	if err != nil {
		return s, fmt.Errorf("platform: embedded redis: %s: %w", path, err)
	}
	return s, nil
}

package platform

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
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

// magic begins a file of this format. The checksum of the rest follows.
const magic = "tinybook redis 1\n"

// save replaces the file in one step, so that a crash leaves the old one. When
// it returns nil, the new one outlives a crash of the machine too.
func (s snapshot) save(path string) error {
	var text bytes.Buffer
	if err := gob.NewEncoder(&text).Encode(s); err != nil {
		return fmt.Errorf("platform: embedded redis: %w", err)
	}
	sum := sha256.Sum256(text.Bytes())
	next := path + ".next"
	err := writeSynced(next, slices.Concat([]byte(magic), sum[:], text.Bytes()))
	if err == nil {
		err = os.Rename(next, path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("platform: embedded redis: %w", err)
	}
	return nil
}

func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncDir makes the names in dir durable. Windows has no such call, and needs
// none.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// load returns the snapshot of a file, an empty one if there is none. A file
// that isn't whole is an error: to go on without it would let sessions live
// again that have ended.
func load(path string) (snapshot, error) {
	var s snapshot
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("platform: embedded redis: %w", err)
	}
	rest, ok := bytes.CutPrefix(text, []byte(magic))
	ok = ok && len(rest) >= sha256.Size
	if ok {
		sum := sha256.Sum256(rest[sha256.Size:])
		ok = bytes.Equal(sum[:], rest[:sha256.Size]) &&
			gob.NewDecoder(bytes.NewReader(rest[sha256.Size:])).Decode(&s) == nil
	}
	if !ok {
		return snapshot{}, fmt.Errorf("platform: embedded redis: %s is damaged: put back a copy of it, "+
			"or delete it and session.key beside it, which signs everybody out", path)
	}
	return s, nil
}

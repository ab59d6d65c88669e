package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// A log keeps runs in a file, so that an interrupted measurement goes on where it
// was.
type log struct {
	header
	runs map[task]run
	path string
	file *os.File
	// dropped is set if there was a log with another key.
	dropped bool
}

// header is the first line of the file.
type header struct {
	Key      string
	Versions string // of the services
}

// openLog opens the log at path, and begins a new one if there is none or one with
// another key.
func openLog(path, key string) (*log, error) {
	l := &log{header: header{Key: key}, runs: map[task]run{}, path: path}
	if text, err := os.ReadFile(path); err == nil {
		l.read(text)
	} else if !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("state: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	return l, l.rewrite()
}

// read takes the runs of a text with the same key, up to the first line that is
// none: a process that was killed leaves half a line.
func (l *log) read(text []byte) {
	first, rest, _ := bytes.Cut(text, []byte("\n"))
	var h header
	if json.Unmarshal(first, &h) != nil || h.Key != l.Key {
		l.dropped = true
		return
	}
	l.header = h
	for line := range bytes.Lines(rest) {
		var r run
		if json.Unmarshal(line, &r) != nil {
			return
		}
		l.runs[r.task] = r
	}
}

// rewrite writes everything into a new file, which takes the place of the old one
// when it is whole.
func (l *log) rewrite() error {
	file, err := os.Create(l.path + ".new")
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	old := l.file
	l.file = file
	errs := []error{l.write(l.header)}
	for _, r := range l.runs {
		errs = append(errs, l.write(r))
	}
	errs = append(errs, os.Rename(file.Name(), l.path))
	if old != nil {
		errs = append(errs, old.Close())
	}
	return errors.Join(errs...)
}

func (l *log) write(v any) error {
	line, err := json.Marshal(v)
	if err == nil {
		_, err = l.file.Write(append(line, '\n'))
	}
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return nil
}

// Describe keeps the versions of what is measured.
func (l *log) Describe(versions string) error {
	l.Versions = versions
	return l.rewrite()
}

// Add keeps a run.
func (l *log) Add(r run) error {
	l.runs[r.task] = r
	return l.write(r)
}

// Close closes the file, which stays.
func (l *log) Close() error { return l.file.Close() }

// Remove removes the file: everything has been measured.
func (l *log) Remove() error { return os.Remove(l.path) }

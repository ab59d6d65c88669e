package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

func (c *Config) applyFile(text []byte) error {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true) // a misspelled name is an error
	if err := decoder.Decode(c); err != nil && !errors.Is(err, io.EOF) {
		return fileError(err, strings.Split(string(text), "\n"))
	}
	if err := decoder.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return errors.New("config: file: there is a second document, which nobody reads")
	}
	return nil
}

var (
	wrongType  = regexp.MustCompile(`(?s)^line (\d+): cannot unmarshal .* into (\S+)$`)
	noField    = regexp.MustCompile(`^line (\d+): field (\w+) not found in type`)
	anyLine    = regexp.MustCompile(`line (\d+)`)
	nameOfLine = regexp.MustCompile(`(\w+)\s*:`)
)

// fileError returns what is wrong with a file by line and name. The decoder's
// own words quote values, which may be secrets.
func fileError(err error, lines []string) error {
	told := []string{err.Error()}
	typed, ok := errors.AsType[*yaml.TypeError](err)
	if ok {
		told = typed.Errors
	}
	var errs []error
	for _, text := range told {
		errs = append(errs, fmt.Errorf("config: file: %s", lineError(text, lines)))
	}
	return errors.Join(errs...)
}

func lineError(text string, lines []string) string {
	if m := noField.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("line %s: no setting has the name %q", m[1], m[2])
	}
	if m := wrongType.FindStringSubmatch(text); m != nil {
		name := ""
		if n, err := strconv.Atoi(m[1]); err == nil && 0 < n && n <= len(lines) {
			if found := nameOfLine.FindStringSubmatch(lines[n-1]); found != nil {
				name = found[1] + ": "
			}
		}
		return fmt.Sprintf("line %s: %sthe value is not %s", m[1], name, kind(m[2]))
	}
	if m := anyLine.FindStringSubmatch(text); m != nil {
		return "line " + m[1] + ": not valid YAML"
	}
	return "not valid YAML"
}

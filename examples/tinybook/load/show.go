package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// show prints the table, and keeps it where it is committed if that is wanted.
func (o options) show(ctx context.Context, l *log) error {
	all := groups(o, l.runs)
	var table, text bytes.Buffer
	fmt.Fprintf(&text, "%s\n%s\n", time.Now().UTC().Format(time.DateOnly), o.setting(l))
	err := errors.Join(writeTable(&table, all), writeFloors(&text, all))
	if err != nil {
		return err
	}
	text.WriteString("\n")
	text.Write(table.Bytes())
	o.say(strings.TrimSuffix(text.String(), "\n"))
	if !o.keep {
		return nil
	}
	root, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	results := filepath.Join(root, "docs", "results")
	return errors.Join(
		os.MkdirAll(results, 0o755),
		os.WriteFile(filepath.Join(results, "load.txt"), text.Bytes(), 0o644),
		putIntoReadme(filepath.Join(root, "examples", "tinybook", "README.md"), text.String()))
}

// setting says what the figures were measured with.
func (o options) setting(l *log) string {
	others := 0.0
	for _, r := range l.runs {
		others = max(others, r.Others)
	}
	return fmt.Sprintf("%s %s/%s, %s; wrk 4 with one thread; all share %d cores (%s)\n"+
		"$ go run ./examples/tinybook/load -articles %s -c %s -rounds %d -d %v\n"+
		"CPU that others used during a run: at most %.0f%%\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, l.Versions, runtime.NumCPU(), processor(),
		list(o.articles), list(o.conns), o.rounds, o.length, 100*others)
}

func list(numbers []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(numbers), " ", ","), "[]")
}

var modelName = regexp.MustCompile(`(?m)^model name\s*:\s*(.+)$`)

// processor returns what the system calls it.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if m := modelName.FindSubmatch(text); err == nil && m != nil {
		return string(m[1])
	}
	return "of an unknown kind"
}

func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/ycvk/tinybook").Output()
	if err != nil {
		return "", fmt.Errorf("go list: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// The table of the README lies between these lines.
const (
	tableBegins = "<!-- figures: written by -keep -->\n"
	tableEnds   = "<!-- end of figures -->\n"
)

func putIntoReadme(path, text string) error {
	readme, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	changed, err := withFigures(string(readme), text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(changed), 0o644)
}

// withFigures returns readme with text between its marks: what comes before the
// table as a block, and the table.
func withFigures(readme, text string) (string, error) {
	before, rest, found := strings.Cut(readme, tableBegins)
	_, after, found2 := strings.Cut(rest, tableEnds)
	if !found || !found2 {
		return "", errors.New("the marks of the figures are missing")
	}
	setting, table, found := strings.Cut(text, "\n| ")
	if !found {
		return "", errors.New("there is no table in the figures")
	}
	return before + tableBegins + "```\n" + strings.TrimSpace(setting) + "\n```\n\n| " + table + tableEnds + after, nil
}

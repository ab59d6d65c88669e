// Command install brings the programs that tests start through
// internal/realserver, and says what it did about each:
//
//	go run ./internal/realserver/install             everything
//	go run ./internal/realserver/install redis-server
//
// What a Debian system packages comes from there, which takes root; what must
// be built or fetched lands in the user's cache directory, folder tinybook.
// What is there already is left alone.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/ycvk/tinybook/internal/realserver"
)

// A recipe knows whether a program is there and how it comes.
type recipe struct {
	name string
	find func() (string, error)
	get  func(ctx context.Context) error
}

var recipes = []recipe{
	{"redis-server", realserver.InPath("redis-server"), debian("redis-server")},
	{"mariadb-server", realserver.InPath("mariadbd"), debian("mariadb-server")},
	{"mysql", findMySQL, mysql},
	{"kafka", realserver.FindKafka, kafka},
	{"postgresql", realserver.FindPostgreSQL, debian("postgresql")},
	{"faketime", realserver.FindFaketime, debian("faketime")},
	{"chromium", realserver.FindChromium, debian("chromium", "fonts-wqy-zenhei")},
	{"prometheus", realserver.InPath("prometheus"), debian("prometheus")}, // promtool comes with it
	{"wrk", realserver.InPath("wrk"), debian("wrk")},
	{"grafana-schema", realserver.FindGrafanaSchema, grafanaSchema},
	{"axe-core", realserver.InCache(realserver.AxePath()...), axe},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "install:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, names []string) error {
	todo, err := choose(names)
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range todo {
		if err := r.bring(ctx); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", r.name, err))
		}
	}
	return errors.Join(errs...)
}

func choose(names []string) ([]recipe, error) {
	if len(names) == 0 {
		return recipes, nil
	}
	var todo []recipe
	for _, name := range names {
		i := slices.IndexFunc(recipes, func(r recipe) bool { return r.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no recipe for %q; there is one for %s", name, strings.Join(recipeNames(), ", "))
		}
		todo = append(todo, recipes[i])
	}
	return todo, nil
}

func recipeNames() []string {
	var names []string
	for _, r := range recipes {
		names = append(names, r.name)
	}
	return names
}

func (r recipe) bring(ctx context.Context) error {
	if path, err := r.find(); err == nil {
		fmt.Printf("%-14s is there: %s\n", r.name, path)
		return nil
	}
	start := time.Now()
	if err := r.get(ctx); err != nil {
		return err
	}
	path, err := r.find()
	if err != nil {
		return fmt.Errorf("installed, but not found: %w", err)
	}
	fmt.Printf("%-14s brought in %v: %s\n", r.name, time.Since(start).Round(time.Second), path)
	return nil
}

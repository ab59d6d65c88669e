package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
)

const (
	// patience is how long a page may take to become what a step waits for.
	patience = 45 * time.Second
	// look is how often the step looks.
	look = 20 * time.Millisecond
)

// newBrowser starts a browser that ends with the test, and returns its
// context. Each tab made from it has cookies of its own.
func newBrowser(t *testing.T) context.Context {
	t.Helper()
	opts := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(realserver.Chromium(t)),
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
	)
	if os.Geteuid() == 0 {
		opts = append(opts, chromedp.NoSandbox)
	}
	alloc, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(stop)
	browser, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	t.Cleanup(func() {
		ctx, done := context.WithTimeout(browser, patience)
		defer done()
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("close the browser: %v", err)
		}
	})
	require.NoError(t, chromedp.Do(browser, chromedp.Navigate("about:blank")))
	return browser
}

// A tab is one page of a browser, used as a person uses it. What goes wrong in
// a step ends the test.
type tab struct {
	*testing.T
	ctx  context.Context
	base string
	axe  string // the source of axe-core, or ""

	mu     sync.Mutex
	errors []string // of the console: "422 /users/edit", or the message
}

// newTab opens an empty page of its own browser profile, for the site at base.
func newTab(browser context.Context, t *testing.T, base string) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	p := &tab{T: t, ctx: ctx, base: base, axe: loadAxe(t)}
	require.NoError(t, chromedp.Listen(ctx, p.listen))
	p.do(chromedp.EmulateViewport(1200, 800))
	p.scheme("light") // and no motion: what is looked at holds still
	return p
}

// listen collects what a developer would see in red.
func (p *tab) listen(ev any) {
	var message string
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		message = ev.ExceptionDetails.Text
		if ev.ExceptionDetails.Exception != nil {
			message += " " + ev.ExceptionDetails.Exception.Description
		}
	case *runtime.EventConsoleAPICalled:
		if ev.Type != runtime.ConsoleAPICalledTypeError && ev.Type != runtime.ConsoleAPICalledTypeWarning {
			return
		}
		message = fmt.Sprintf("console.%s", ev.Type)
	case *log.EventEntryAdded:
		if ev.Entry.Level != log.EntryLevelError && ev.Entry.Level != log.EntryLevelWarning {
			return
		}
		message = ev.Entry.Text
		if _, status, ok := strings.Cut(message, "responded with a status of "); ok {
			message = status[:3] + " " + strings.TrimPrefix(ev.Entry.URL, p.base)
		}
	default:
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.errors = append(p.errors, message)
}

// wantConsole checks that the console shows these refusals of the server since
// the last check, and nothing else.
func (p *tab) wantConsole(want ...string) {
	p.Helper()
	p.until(func() (bool, error) { // They come a moment after the answer.
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.errors) >= len(want), nil
	}, fmt.Sprintf("%d errors in the console", len(want)))
	p.mu.Lock()
	got := p.errors
	p.errors = nil
	p.mu.Unlock()
	if !slices.Equal(got, want) {
		p.Errorf("errors in the console: %q, want %q", got, want)
	}
}

// until looks until ok returns true. An error counts as false.
func (p *tab) until(ok func() (bool, error), what string) {
	p.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	for {
		done, err := ok()
		if err == nil && done {
			return
		}
		select {
		case <-ticker.C:
		case <-timeout.C:
			p.shot("failed")
			p.Fatalf("waited %v for %s (last: %v), at %s, which says:\n%s", patience, what,
				err, eval[string](p, "location.href"), eval[string](p, "document.body.innerText"))
		}
	}
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	require.NoError(p.T, chromedp.Do(ctx, steps...))
}

// eval returns the value of a JavaScript expression.
func eval[T any](p *tab, expression string) T {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	require.NoError(p.T, err, expression)
	return value
}

// wait looks until a JavaScript expression is true. The page may be replaced
// by another meanwhile.
func (p *tab) wait(expression string) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	p.until(func() (bool, error) {
		return chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
	}, expression)
}

// open loads a path of the site.
func (p *tab) open(path string) {
	p.Helper()
	p.visit(path, path)
}

// visit loads a path of the site that leads to another, perhaps by a script
// that runs while the first page loads: so it waits for no page but the last,
// and marks the page that it leaves, since the last may have the same address.
func (p *tab) visit(path, lands string) {
	p.Helper()
	eval[bool](p, "window.left = true")
	p.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		res, err := cdp.Call(ctx, target, page.Navigate, page.NavigateParams{URL: p.base + path})
		if err == nil && res.ErrorText != "" {
			err = errors.New(res.ErrorText)
		}
		return err
	}))
	p.wait("!window.left && " + complete(lands))
}

// loaded waits until the page at path is there and its scripts have run.
func (p *tab) loaded(path string) {
	p.Helper()
	p.wait(complete(path))
}

func complete(path string) string {
	return fmt.Sprintf("location.pathname + location.search === %q && document.readyState === 'complete'", path)
}

func (p *tab) click(selector string) {
	p.Helper()
	// The page may be about to be replaced by the one that has it.
	p.wait(fmt.Sprintf("document.querySelector(%q)?.checkVisibility()", selector))
	p.do(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// fill replaces what a field holds.
func (p *tab) fill(selector, value string) {
	p.Helper()
	eval[bool](p, fmt.Sprintf("(e => { e.focus(); e.select(); return true })(document.querySelector(%q))", selector))
	p.typed(value)
	p.wait(fmt.Sprintf("document.querySelector(%q).value === %q", selector, value))
}

// typed types over what is selected.
func (p *tab) typed(value string) {
	p.Helper()
	if value == "" {
		p.press('\u007f') // Delete.
		return
	}
	p.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, input.InsertText, input.InsertTextParams{Text: value})
		return err
	}))
}

// press presses one key.
func (p *tab) press(key rune) {
	p.Helper()
	// The first of the events is the key going down and the last the key going
	// up. A key with a text gets it with the first, as from a real keyboard:
	// as an event of its own it would reach what the key has moved the focus to.
	events := kb.Encode(key)
	down, up := events[0], events[len(events)-1]
	if len(events) == 3 {
		down.Text = events[1].Text
	}
	p.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		for _, event := range []*input.DispatchKeyEventParams{down, up} {
			if _, err := cdp.Call(ctx, target, input.DispatchKeyEvent, *event); err != nil {
				return err
			}
		}
		return nil
	}))
}

// text waits until an element is visible and says want.
func (p *tab) text(selector, want string) {
	p.Helper()
	p.wait(fmt.Sprintf("(e => e && e.checkVisibility() && e.innerText.includes(%q))(document.querySelector(%q))", want, selector))
}

// scheme makes the system of the browser light or dark.
func (p *tab) scheme(name string) {
	p.Helper()
	p.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: name},
				{Name: "prefers-reduced-motion", Value: "reduce"}, // A picture shows no half of a change.
			},
		})
		return err
	}))
}

// lose deletes a cookie.
func (p *tab) lose(name string) {
	p.Helper()
	p.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, network.DeleteCookies, network.DeleteCookiesParams{Name: name, URL: p.base + "/"})
		return err
	}))
}

// onEveryPage runs a script before those of each page that is opened, until the
// function that it returns is called.
func (p *tab) onEveryPage(script string) (stop func()) {
	p.Helper()
	var id page.ScriptIdentifier
	p.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		added, err := cdp.Call(ctx, target, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
		id = added.Identifier
		return err
	}))
	return func() {
		p.Helper()
		p.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			_, err := cdp.Call(ctx, target, page.RemoveScriptToEvaluateOnNewDocument, page.RemoveScriptToEvaluateOnNewDocumentParams{Identifier: id})
			return err
		}))
	}
}

// loadAxe returns the source of axe-core, or "" where it isn't installed.
func loadAxe(t *testing.T) string {
	t.Helper()
	path, err := realserver.InCache(realserver.AxePath()...)()
	if err != nil {
		return ""
	}
	source, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(source)
}

// audit reports what axe-core finds wrong with the page as it is.
func (p *tab) audit() {
	p.Helper()
	if p.axe == "" {
		return
	}
	eval[bool](p, p.axe+"; true")
	violations := eval[[]string](p, `axe.run(document, {
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
	}).then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ": " + n.target + ": " + n.failureSummary)))`)
	for _, v := range violations {
		p.Errorf("%s: %s", eval[string](p, "location.href"), v)
	}
}

// shot saves a picture of the whole page, if TINYBOOK_SCREENSHOTS names a
// folder for it.
func (p *tab) shot(name string) {
	p.Helper()
	dir := os.Getenv("TINYBOOK_SCREENSHOTS")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	require.NoError(p.T, err)
	require.NoError(p.T, errors.Join(
		os.MkdirAll(dir, 0o755),
		os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644),
	))
}

package ui

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
)

//go:embed templates
var templateFiles embed.FS

// pageNames are the templates that fill the layout.
var pageNames = []string{"landing", "signup", "login", "profile", "edit", "resume", "ops", "error", "feed", "article", "mine", "write"}

// An extra is what a page has besides the common style sheet and script.
type extra struct{ Sheet, Script string }

var extras = map[string]extra{
	"login":   {Script: "login"},
	"ops":     {Sheet: "ops", Script: "ops"},
	"feed":    {Sheet: "articles", Script: "rank"},
	"article": {Sheet: "articles", Script: "read"},
	"mine":    {Sheet: "articles"},
	"write":   {Sheet: "articles", Script: "write"},
}

// A view is the data of one page. Title is the key of a text, which Heading, if it
// is there, takes the place of. Data is more that this page needs.
type view struct {
	Name, Title      string
	Heading          string
	Data             any
	Lang, OtherLang  string
	OtherURL         string
	Theme            string
	Static           string
	Extra            extra
	Status           int // of an error; 0 without one
	SignedIn         bool
	Admin            bool
	ByEmail          bool
	Created          bool
	Saved            bool
	Dev              bool
	Next             string
	LoginURL         string
	SMSURL, EmailURL string
	DemoEmail        string
	DemoPassword     string
	Profile          Profile
	Initial          string
}

// pages holds the parsed templates by language and name.
type pages map[string]map[string]*template.Template

func parsePages() (pages, error) {
	all := pages{}
	for lang, table := range languages {
		layout, err := template.New("layout").Funcs(funcs(table)).ParseFS(templateFiles, "templates/layout.html")
		if err != nil {
			return nil, fmt.Errorf("ui: parse layout: %w", err)
		}
		all[lang] = map[string]*template.Template{}
		for _, name := range pageNames {
			page, err := layout.Clone()
			if err == nil {
				page, err = page.ParseFS(templateFiles, "templates/"+name+".html")
			}
			if err != nil {
				return nil, fmt.Errorf("ui: parse %s: %w", name, err)
			}
			all[lang][name] = page
		}
	}
	return all, nil
}

// funcs returns the functions of the templates of one language.
func funcs(table map[string]string) template.FuncMap {
	return template.FuncMap{
		"t": func(key string) (string, error) {
			text, ok := table[key]
			if !ok {
				return "", fmt.Errorf("no text %q", key)
			}
			return text, nil
		},
		"texts": func(prefix string) []entry { return entries(table, prefix) },
		"sheet": func() [][]string { return cells(table["sheet"]) },
		"dict":  dict,
	}
}

// dict makes a map of keys and values in turn.
func dict(pairs ...string) (map[string]string, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("dict: a key has no value")
	}
	m := make(map[string]string, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m, nil
}

// cells cuts text into rows at its bars, and the rows into characters.
func cells(text string) [][]string {
	var rows [][]string
	for row := range strings.SplitSeq(text, "|") {
		rows = append(rows, strings.Split(row, ""))
	}
	return rows
}

// initial returns the character that stands for a user.
func initial(p Profile) string {
	for _, s := range []string{p.Nickname, p.Email} {
		if r, size := utf8.DecodeRuneInString(s); size > 0 {
			return string(unicode.ToUpper(r))
		}
	}
	return "·"
}

// render answers with one page. Nothing is written when the template fails.
func (u *UI) render(c *gin.Context, v view) {
	if err := u.write(c, http.StatusOK, v); err != nil {
		web.Fail(c, err)
	}
}

// errorPage answers with the page about a status, and reports whether it did.
func (u *UI) errorPage(c *gin.Context, status int) bool {
	title := "error.title"
	switch status {
	case http.StatusForbidden:
		title = "error.403.title"
	case http.StatusNotFound:
		title = "error.404.title"
	case 429:
		title = "error.429.title"
	case http.StatusServiceUnavailable:
		title = "error.503.title"
	}
	return u.write(c, status, view{Name: "error", Title: title, Status: status}) == nil
}

func (u *UI) write(c *gin.Context, status int, v view) error {
	v.Lang = language(c)
	v.OtherLang = other(v.Lang)
	v.OtherURL = withQuery(c.Request.URL, "lang", v.OtherLang)
	v.Static = u.static.base
	v.Extra = extras[v.Name]
	if theme, err := c.Cookie("theme"); err == nil && (theme == "light" || theme == "dark") {
		v.Theme = theme
	}
	var page bytes.Buffer
	if err := u.pages[v.Lang][v.Name].ExecuteTemplate(&page, "layout", v); err != nil {
		return fmt.Errorf("ui: render %s: %w", v.Name, err)
	}
	h := c.Writer.Header()
	h.Set("Content-Language", v.Lang)
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept-Language, Cookie")
	c.Data(status, "text/html; charset=utf-8", page.Bytes())
	return nil
}

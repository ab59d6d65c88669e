package ui

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
)

//go:embed static
var staticFiles embed.FS

// types are the kinds of files there are. The system's own table may differ
// from machine to machine.
var types = map[string]string{
	"css": "text/css; charset=utf-8",
	"js":  "text/javascript; charset=utf-8",
	"svg": "image/svg+xml",
}

// A file is one embedded file, ready to send.
type file struct {
	body        []byte
	etag        string
	contentType string
}

// static holds the embedded files. Pages refer to them below base, a path that
// names their common content hash. So a browser keeps them for good, and the
// modules that import each other by relative names change together.
type static struct {
	base  string
	hash  string
	files map[string]file
}

func loadStatic() (*static, error) {
	s := &static{files: map[string]file{}}
	all := sha256.New()
	entries, err := fs.ReadDir(staticFiles, "static")
	if err != nil {
		return nil, fmt.Errorf("ui: read static files: %w", err)
	}
	for _, entry := range entries {
		name := entry.Name()
		body, err := staticFiles.ReadFile("static/" + name)
		if err != nil {
			return nil, fmt.Errorf("ui: read static files: %w", err)
		}
		sum := sha256.Sum256(body)
		all.Write([]byte(name))
		all.Write(sum[:])
		s.files[name] = file{
			body:        body,
			etag:        `"` + hex.EncodeToString(sum[:8]) + `"`,
			contentType: types[name[strings.LastIndexByte(name, '.')+1:]],
		}
	}
	s.hash = hex.EncodeToString(all.Sum(nil)[:6])
	s.base = "/static/" + s.hash
	return s, nil
}

// file serves /static/NAME, to be asked for again each time, and
// /static/HASH/NAME, to be kept.
func (u *UI) file(c *gin.Context) {
	name := strings.TrimPrefix(c.Param("filepath"), "/")
	cache := "public, no-cache"
	if kept, ok := strings.CutPrefix(name, u.static.hash+"/"); ok {
		name, cache = kept, "public, max-age=31536000, immutable"
	}
	u.send(c, name, cache)
}

func (u *UI) favicon(c *gin.Context) {
	u.send(c, "favicon.svg", "public, max-age=86400")
}

func (u *UI) send(c *gin.Context, name, cache string) {
	f, ok := u.static.files[name]
	if !ok {
		web.Fail(c, &web.Error{Status: http.StatusNotFound, Key: "not_found"})
		return
	}
	h := c.Writer.Header()
	h.Set("Cache-Control", cache)
	h.Set("ETag", f.etag)
	h.Set("Content-Type", f.contentType)
	http.ServeContent(c.Writer, c.Request, name, time.Time{}, bytes.NewReader(f.body))
}

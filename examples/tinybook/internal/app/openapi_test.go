package app // In the package: the routes are those of a wired site.

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// parameter is a part of a path that differs.
var parameter = regexp.MustCompile(`:(\w+)`)

// The description of the API names every route but those of the pages, and
// nothing else, and refers to nothing that it hasn't got.
func TestOpenAPINamesEveryRoute(t *testing.T) {
	text, err := os.ReadFile("../../api/openapi.yaml")
	require.NoError(t, err)
	var doc map[string]any
	require.NoError(t, yaml.Unmarshal(text, &doc))

	var described []string
	for path, methods := range doc["paths"].(map[string]any) {
		for method := range methods.(map[string]any) {
			if method == "parameters" {
				continue // of all methods
			}
			described = append(described, strings.ToUpper(method)+" "+path)
		}
	}
	var routes []string
	for _, r := range testSite(t, nil).site.engine.Routes() {
		if area, _, _ := strings.Cut(r.Path[1:], "/"); slices.Contains([]string{"users", "articles", "dev", "ops"}, area) && area != r.Path[1:] {
			routes = append(routes, r.Method+" "+parameter.ReplaceAllString(r.Path, "{$1}"))
		}
	}
	slices.Sort(described)
	slices.Sort(routes)
	require.Equal(t, routes, described)
	resolve(t, doc, doc)
}

func resolve(t *testing.T, doc map[string]any, node any) {
	t.Helper()
	switch n := node.(type) {
	case map[string]any:
		for key, value := range n {
			if ref, ok := value.(string); ok && key == "$ref" {
				require.NotNil(t, find(doc, ref), ref)
			}
			resolve(t, doc, value)
		}
	case []any:
		for _, value := range n {
			resolve(t, doc, value)
		}
	}
}

func find(doc map[string]any, ref string) any {
	var node any = doc
	for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		m, ok := node.(map[string]any)
		if !ok {
			return nil
		}
		node = m[part]
	}
	return node
}

package ui

import (
	"bytes"
	"fmt"
	"html/template"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// markdown turns what users write into HTML that is safe: HTML that they write
// is left out, and so are links that run a script. Alignment isn't a style, which
// the policy of the pages forbids.
var markdown = goldmark.New(
	goldmark.WithExtensions(
		extension.Strikethrough,
		extension.Linkify,
		extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)),
	),
	goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(tamed{}, 1000))),
	goldmark.WithRendererOptions(html.WithHardWraps()),
)

// renderMarkdown returns content as HTML.
func renderMarkdown(content string) (template.HTML, error) {
	var out bytes.Buffer
	if err := markdown.Convert([]byte(content), &out); err != nil {
		return "", fmt.Errorf("ui: render markdown: %w", err)
	}
	return template.HTML(out.String()), nil //nolint:gosec // made by goldmark, which lets no HTML of users through
}

// stray is a mark that has lost the beginning of its line, as in an abstract, which
// is on one line.
var stray = regexp.MustCompile("^(#{1,6}|>|\\|[-:|]*|```\\w*…?)$")

// plain returns the text of content without its marks, for lists.
func plain(content string) string {
	source := []byte(content)
	var words []string
	doc := markdown.Parser().Parse(text.NewReader(source))
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // the function returns no error
		if entering {
			words = append(words, string(leaf(n, source)))
		}
		return ast.WalkContinue, nil
	})
	return strings.Join(slices.DeleteFunc(strings.Fields(strings.Join(words, "")), stray.MatchString), " ")
}

// leaf returns the text of n itself, without that of its children.
func leaf(n ast.Node, source []byte) []byte {
	switch n := n.(type) {
	case *ast.Text:
		value := n.Segment.Value(source)
		if n.SoftLineBreak() || n.HardLineBreak() {
			return append(slices.Clip(value), ' ')
		}
		return value
	case *ast.String:
		return n.Value
	case *ast.AutoLink:
		return n.Label(source)
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		return append([]byte{' '}, n.Lines().Value(source)...)
	case *ast.RawHTML, *ast.HTMLBlock:
		return nil
	}
	if n.Type() == ast.TypeBlock {
		return []byte{' '}
	}
	return nil
}

// tamed fits a document into a page.
type tamed struct{}

// Transform implements parser.ASTTransformer.
func (tamed) Transform(doc *ast.Document, reader text.Reader, _ parser.Context) {
	level := 1 // the title of the article
	var images []*ast.Image
	var bad []ast.Node
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // the function returns no error
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			// Below the title, and no level is left out: readers with a screen
			// reader go by them.
			n.Level = min(n.Level+1, level+1, 6)
			level = n.Level
		case *extast.Table:
			n.SetAttributeString("tabindex", []byte("0")) // one that is too wide scrolls, by keys too
		case *ast.Link:
			if html.IsDangerousURL(n.Destination) {
				bad = append(bad, n)
			}
			outside(n, n.Destination)
		case *ast.AutoLink:
			outside(n, n.URL(reader.Source()))
		case *ast.Image:
			images = append(images, n)
		}
		return ast.WalkContinue, nil
	})
	for _, image := range images {
		unframe(image)
	}
	for _, link := range bad {
		unwrap(link)
	}
}

// outside marks a link that leaves the site as one that the site doesn't vouch
// for.
func outside(n ast.Node, target []byte) {
	if !bytes.HasPrefix(target, []byte("/")) || bytes.HasPrefix(target, []byte("//")) {
		n.SetAttributeString("rel", []byte("nofollow ugc noopener noreferrer"))
	}
}

// unframe puts a link in the place of an image. The policy of the pages admits
// none of another site, which could count the readers by it.
func unframe(image *ast.Image) {
	if image.Parent().Kind() == ast.KindLink || html.IsDangerousURL(image.Destination) {
		unwrap(image) // a link has no link in it
		return
	}
	link := ast.NewLink()
	link.Destination = image.Destination
	outside(link, link.Destination)
	if image.FirstChild() == nil {
		link.AppendChild(link, ast.NewString(image.Destination))
	}
	move(image, func(child ast.Node) { link.AppendChild(link, child) })
	parent := image.Parent()
	parent.ReplaceChild(parent, image, link)
}

// unwrap puts what is in a node in its place.
func unwrap(n ast.Node) {
	parent := n.Parent()
	move(n, func(child ast.Node) { parent.InsertBefore(parent, n, child) })
	parent.RemoveChild(parent, n)
}

// move gives all children of n to somebody else.
func move(n ast.Node, to func(child ast.Node)) {
	for child := n.FirstChild(); child != nil; child = n.FirstChild() {
		to(child)
	}
}

package ui

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

func TestMarkdown(t *testing.T) {
	const rel = ` rel="nofollow ugc noopener noreferrer"`
	for _, tc := range []struct{ name, in, want string }{
		{"marks", "**b** *i* `c` ~~s~~", "<p><strong>b</strong> <em>i</em> <code>c</code> <del>s</del></p>"},
		{"lines are kept", "a\nb", "<p>a<br>\nb</p>"},
		{"headings are below the title", "# a\n\n## b", "<h2>a</h2>\n<h3>b</h3>"},
		{"no level is left out", "#### a\n\n# b\n\n###### c", "<h2>a</h2>\n<h2>b</h2>\n<h3>c</h3>"},
		{"a link of the site", "[a](/read/1)", `<p><a href="/read/1">a</a></p>`},
		{"a link to elsewhere", "[a](https://x.example)", `<p><a href="https://x.example"` + rel + `>a</a></p>`},
		{"a link to elsewhere in disguise", "[a](//x.example)", `<p><a href="//x.example"` + rel + `>a</a></p>`},
		{"an address", "https://x.example/a", `<p><a href="https://x.example/a"` + rel + `>https://x.example/a</a></p>`},
		{"an image", "![a *b*](https://x.example/a.png)", `<p><a href="https://x.example/a.png"` + rel + `>a <em>b</em></a></p>`},
		{"an image without words", "![](https://x.example/a.png)", `<p><a href="https://x.example/a.png"` + rel + `>https://x.example/a.png</a></p>`},
		{"an image in a link", "[![a](https://x.example/a.png)](/b)", `<p><a href="/b">a</a></p>`},
		{"a link that runs a script", "[a *b*](javascript:c)", "<p>a <em>b</em></p>"},
		{"an image that runs a script", "![a](javascript:c)", "<p>a</p>"},
		{"a table", "|a|\n|-:|\n|b|", "<table tabindex=\"0\">\n<thead>\n<tr>\n<th align=\"right\">a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td align=\"right\">b</td>\n</tr>\n</tbody>\n</table>"},
		{"Chinese", "**好**，*看*", "<p><strong>好</strong>，<em>看</em></p>"},
		{"nothing", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := renderMarkdown(tc.in)
			require.NoError(t, err)
			require.Equal(t, tc.want, strings.TrimSpace(string(got)))
		})
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"# a **b**\n\nc":              "a b c",
		"- a\n- b":                    "a b",
		"[a](/b) ![c](/d) `e` <x>f":   "a c e f",
		"```\ncode\n```\nafter":       "code after",
		"https://x.example/a":         "https://x.example/a",
		"a\nb":                        "a b",
		"a > b ## c ```go d | e |--|": "a b c d e",
		"# a - b":                     "a - b",
		"<script>alert(1)</script> a": "",
		"好**看**的":                     "好看的",
	} {
		require.Equal(t, want, plain(in), in)
	}
}

// Whatever users write, nothing runs: no element, attribute or address gets out
// that could.
func FuzzMarkdownIsSafe(f *testing.F) {
	for _, seed := range []string{
		"<script>alert(1)</script>", "[a](javascript:alert(1))", "![a](javascript:alert(1))", "<javascript:alert(1)>",
		"[a](JaVaScRiPt:alert(1))", "[a](\x01javascript:alert(1))", "[a]: javascript:x\n[a]", "<a href='x' onclick=y>",
		"[a](data:text/html;base64,PHNjcmlwdD4=)", "![a](data:image/svg+xml;base64,PHN2Zz4=)", "# a {onclick=x #main}", "```x\" onclick=\"y\n```", "[a](&#106;avascript:x)",
		"|a|\n|:-:|\n|b|", "[a](vbscript:x)", "[![a](javascript:x)](javascript:y)", "![![a](b)](c)",
	} {
		f.Add(seed)
	}
	elements := map[string]bool{}
	for name := range strings.FieldsSeq("html head body p br a strong em del code pre blockquote ul ol li hr h2 h3 h4 h5 h6 table thead tbody tr th td") {
		elements[name] = true
	}
	f.Fuzz(func(t *testing.T, content string) {
		out, err := renderMarkdown(content)
		require.NoError(t, err)
		plain(content)
		doc, err := html.Parse(strings.NewReader(string(out)))
		require.NoError(t, err)
		for n := range doc.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			if !elements[n.Data] {
				t.Errorf("%q has an element %s", content, n.Data)
			}
			for _, a := range n.Attr {
				switch a.Key {
				case "rel", "title", "align", "start", "class", "tabindex":
				case "href":
					checkTarget(t, a.Val)
				default:
					t.Errorf("%q has an attribute %s", content, a.Key)
				}
			}
		}
	})
}

func checkTarget(t *testing.T, target string) {
	t.Helper()
	bare := strings.ToLower(strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f {
			return -1
		}
		return r
	}, target))
	for _, scheme := range []string{"javascript:", "vbscript:", "file:", "data:"} {
		if strings.HasPrefix(bare, scheme) {
			t.Errorf("a link leads to %q", target)
		}
	}
}

// The longest article takes moments, whatever is in it: reading is for everybody.
func BenchmarkMarkdownOfTheWorstKind(b *testing.B) {
	const most = 20_000 // characters in an article
	for name, piece := range map[string]string{
		"text": "Some words, *and* more. ", "quotes": ">", "brackets": "[", "emphasis": "_a*", "links": "[a](",
	} {
		b.Run("of="+name, func(b *testing.B) {
			content := strings.Repeat(piece, most/len(piece))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := renderMarkdown(content); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

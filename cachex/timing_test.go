package cachex

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"strings"
	"testing"
)

// Trap cachex/13: timing.
//
// Codes and their MACs are compared by hmac.Equal alone: no == or != on a mac,
// on what is made of one or on a string that is named after a code, no call of
// another function that compares, and all MACs are compared whichever is right.
func TestCodesAreComparedInConstantTime(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	source := make(map[string]string)
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			source[name] = string(text)
		}
	}
	for _, leak := range leaks(t, source) {
		t.Error(leak)
	}
}

// What the test above looks for, it finds.
func TestLeaksAreFound(t *testing.T) {
	const begin = "package cachex\nimport (\"bytes\"; \"crypto/hmac\")\ntype mac [16]byte\ntype rec struct{ code mac }\n"
	among := func(body string) string {
		return begin + "func among(tries []mac, m mac) bool {\nok := false\n" + body + "\nreturn ok\n}\n"
	}
	good := among("for i := range tries { ok = hmac.Equal(tries[i][:], m[:]) || ok }")
	if found := leaks(t, map[string]string{"x.go": good}); len(found) != 0 {
		t.Fatalf("leaks in good code: %q", found)
	}
	for name, source := range map[string]string{
		"==":              good + "func f(a, b mac) bool { return a == b }",
		"!= of a field":   good + "func f(a mac, r rec) bool { return r.code != a }",
		"string":          good + "func f(a, b mac) bool { return string(a[:]) == string(b[:]) }",
		"string of a try": good + "func f(a []mac, b mac) bool { return string(a[0][:]) == (string(b[:])) }",
		"a byte":          good + "func f(a, b mac) bool { return a[0] == b[0] }",
		"a pointer":       good + "func f(a, b *mac) bool { return *a == *b }",
		"a switch":        good + "func f(a, b mac) bool { switch a { case b: return true }; return false }",
		"a code":          good + "func f(code, typed string) bool { return code == typed }",
		"bytes.Equal":     good + "func f(a, b mac) bool { return bytes.Equal(a[:], b[:]) }",
		"nothing":         among(""),
		"a return":        among("for i := range tries { if hmac.Equal(tries[i][:], m[:]) { return true } }"),
		"a break":         among("for i := range tries { ok = hmac.Equal(tries[i][:], m[:]) || ok; if ok { break } }"),
		"a short circuit": among("for i := range tries { ok = ok || hmac.Equal(tries[i][:], m[:]) }"),
		"a condition":     among("for i := 0; i < len(tries) && !ok; i++ { ok = hmac.Equal(tries[i][:], m[:]) || ok }"),
		"elsewhere":       good + "func f(a, b mac) bool { return len(a) > 0 && hmac.Equal(a[:], b[:]) }",
	} {
		if len(leaks(t, map[string]string{"x.go": source})) == 0 {
			t.Errorf("%s: no leak found", name)
		}
	}
}

// leaks returns where the time of a comparison may tell about a code.
func leaks(t *testing.T, source map[string]string) (found []string) {
	t.Helper()
	fset := token.NewFileSet()
	var files []*ast.File
	for name, text := range source {
		file, err := parser.ParseFile(fset, name, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	s := secrets{Types: make(map[ast.Expr]types.TypeAndValue)}
	conf := types.Config{
		Importer: noImporter{},
		Error:    func(error) {}, // what other packages declare is missing
	}
	info := types.Info(s)
	_, _ = conf.Check("cachex", fset, files, &info)
	leak := func(n ast.Node, format string, args ...any) {
		found = append(found, fset.Position(n.Pos()).String()+": "+fmt.Sprintf(format, args...))
	}
	whole := false
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Name.Name == "among" {
					whole = comparesAll(n)
					return false
				}
			case *ast.BinaryExpr:
				if (n.Op == token.EQL || n.Op == token.NEQ) && (s.has(n.X) || s.has(n.Y)) {
					leak(n, "a code is compared with %s", n.Op)
				}
			case *ast.SwitchStmt:
				if n.Tag != nil && s.has(n.Tag) {
					leak(n, "a switch compares a code")
				}
			case *ast.SelectorExpr:
				switch name := types.ExprString(n); name {
				case "bytes.Equal", "bytes.Compare", "strings.Compare", "strings.EqualFold", "slices.Equal":
					leak(n, "%s doesn't take constant time", name)
				case "hmac.Equal":
					leak(n, "hmac.Equal outside of among")
				}
			}
			return true
		})
	}
	if !whole {
		found = append(found, "among doesn't compare with all tries")
	}
	return found
}

// comparesAll reports whether f is a range loop of one statement, whose first
// operand is hmac.Equal, between a declaration and a return.
func comparesAll(f *ast.FuncDecl) bool {
	body := f.Body.List
	if len(body) != 3 {
		return false
	}
	loop, ok := body[1].(*ast.RangeStmt)
	if !ok || len(loop.Body.List) != 1 {
		return false
	}
	assign, ok := loop.Body.List[0].(*ast.AssignStmt)
	if !ok || len(assign.Rhs) != 1 {
		return false
	}
	or, ok := assign.Rhs[0].(*ast.BinaryExpr)
	if !ok || or.Op != token.LOR {
		return false
	}
	call, ok := or.X.(*ast.CallExpr)
	return ok && types.ExprString(call.Fun) == "hmac.Equal"
}

// secrets is what is known of the types of expressions.
type secrets types.Info

// has reports whether e is a MAC, part of one or made of one, or named after a
// code.
func (s *secrets) has(e ast.Expr) bool {
	tv := s.Types[e]
	if tv.Type != nil && strings.HasSuffix(tv.Type.String(), "cachex.mac") {
		return true
	}
	name := ""
	switch e := e.(type) {
	case *ast.Ident:
		name = e.Name
	case *ast.SelectorExpr:
		name = e.Sel.Name
	case *ast.ParenExpr:
		return s.has(e.X)
	case *ast.StarExpr:
		return s.has(e.X)
	case *ast.UnaryExpr:
		return s.has(e.X)
	case *ast.SliceExpr:
		return s.has(e.X)
	case *ast.IndexExpr:
		return s.has(e.X)
	case *ast.CallExpr: // only a conversion is its argument
		return s.Types[e.Fun].IsType() && len(e.Args) == 1 && s.has(e.Args[0])
	}
	return tv.Value == nil && strings.Contains(strings.ToLower(name), "code")
}

type noImporter struct{}

func (noImporter) Import(string) (*types.Package, error) { return nil, errors.New("not imported") }

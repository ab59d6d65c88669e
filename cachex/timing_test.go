package cachex

import (
	"errors"
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
// or on two strings one of which is named after a code, and no call of another
// function that compares.
func TestCodesAreComparedInConstantTime(t *testing.T) {
	fset, files := parsePackage(t)
	info := types.Info{Types: make(map[ast.Expr]types.TypeAndValue)}
	conf := types.Config{
		Importer: noImporter{},
		Error:    func(error) {}, // what other packages declare is missing
	}
	_, _ = conf.Check("cachex", fset, files, &info)
	secret := func(e ast.Expr) bool {
		tv := info.Types[e]
		if tv.Type != nil && strings.HasSuffix(tv.Type.String(), "cachex.mac") {
			return true
		}
		name := ""
		switch e := e.(type) {
		case *ast.Ident:
			name = e.Name
		case *ast.SelectorExpr:
			name = e.Sel.Name
		}
		return tv.Value == nil && strings.Contains(strings.ToLower(name), "code")
	}
	comparisons := 0
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if (n.Op == token.EQL || n.Op == token.NEQ) && (secret(n.X) || secret(n.Y)) {
					t.Errorf("%s: a code is compared with %s", fset.Position(n.Pos()), n.Op)
				}
			case *ast.SelectorExpr:
				switch name := types.ExprString(n); name {
				case "bytes.Equal", "bytes.Compare", "strings.Compare", "strings.EqualFold", "slices.Equal":
					t.Errorf("%s: %s doesn't take constant time", fset.Position(n.Pos()), name)
				case "hmac.Equal":
					comparisons++
				}
			}
			return true
		})
	}
	if comparisons == 0 {
		t.Error("hmac.Equal isn't used")
	}
}

func parsePackage(t *testing.T) (*token.FileSet, []*ast.File) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			file, err := parser.ParseFile(fset, name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
	}
	return fset, files
}

type noImporter struct{}

func (noImporter) Import(string) (*types.Package, error) { return nil, errors.New("not imported") }

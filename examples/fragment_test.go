package examples_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// known are the packages that a fragment may use without an import.
var known = map[string]string{
	"context": "context", "errors": "errors", "fmt": "fmt", "http": "net/http", "json": "encoding/json", "log": "log",
	"os": "os", "slog": "log/slog", "strings": "strings", "sync": "sync", "synctest": "testing/synctest", "testing": "testing",
	"time": "time", "proto": "github.com/asynkron/protoactor-go/actor",
	"actor": module + "/actor", "supervisor": module + "/supervisor", "topic": module + "/topic", "topictest": module + "/topic/topictest",
	"cluster": module + "/topic/cluster", "transport": module + "/transport", "memory": module + "/transport/memory",
	"redis": module + "/transport/redis", "websocket": module + "/transport/websocket", "transporttest": module + "/transport/transporttest",
}

// usual are the variables that every fragment may use without saying where they come from.
const usual = `
var ctx = context.Background()
var sys *actor.System
var err error
`

// wrap makes a file of a fragment: its declarations stay at the top level, its statements go into a function, the
// packages that it names are imported, and what it declares without using it is used.
func wrap(fragment, prelude string) (string, error) {
	decls, stmts := split(fragment)
	body, err := parser.ParseFile(token.NewFileSet(), "fragment", "package p; func _() {\n"+stmts+"\n}", parser.SkipObjectResolution)
	if err != nil {
		return "", fmt.Errorf("neither a program, nor declarations, nor statements: %w", err)
	}
	result, end := "", ""
	uses := unused(body)
	if returnsError(body) {
		result, end = " error", "\treturn nil\n"
	}
	code := usual + prelude + "\n" + decls + "\nfunc _()" + result + " {\n" + stmts + "\n" + uses + end + "}\n"
	file, err := parser.ParseFile(token.NewFileSet(), "fragment", "package p\n"+code, parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	var imports strings.Builder
	for _, name := range packages(file) {
		fmt.Fprintf(&imports, "import %s %q\n", name, known[name])
	}
	return "package p\n" + imports.String() + code, nil
}

// split parts the declarations that begin in the first column from the statements.
func split(fragment string) (decls, stmts string) {
	var d, s strings.Builder
	depth, into := 0, &s
	for line := range strings.Lines(fragment) {
		if depth == 0 {
			into = &s
			for _, word := range []string{"type ", "func ", "const ", "var ("} {
				if strings.HasPrefix(line, word) {
					into = &d
				}
			}
		}
		into.WriteString(line)
		depth += open(line)
	}
	return d.String(), s.String()
}

// open counts the brackets that a line opens and does not close.
func open(line string) int {
	var s scanner.Scanner
	src := []byte(line)
	s.Init(token.NewFileSet().AddFile("", -1, len(src)), src, func(token.Position, string) {}, 0)
	for n := 0; ; {
		switch _, tok, _ := s.Scan(); tok {
		case token.LBRACE, token.LPAREN, token.LBRACK:
			n++
		case token.RBRACE, token.RPAREN, token.RBRACK:
			n--
		case token.EOF:
			return n
		}
	}
}

// unused returns a statement "_ = name" for each variable that the function declares at its own level.
func unused(file *ast.File) string {
	var names []string
	for _, stmt := range file.Decls[0].(*ast.FuncDecl).Body.List {
		switch s := stmt.(type) {
		case *ast.AssignStmt:
			if s.Tok == token.DEFINE {
				for _, l := range s.Lhs {
					names = append(names, l.(*ast.Ident).Name)
				}
			}
		case *ast.DeclStmt:
			for _, spec := range s.Decl.(*ast.GenDecl).Specs {
				if v, ok := spec.(*ast.ValueSpec); ok {
					for _, n := range v.Names {
						names = append(names, n.Name)
					}
				}
			}
		}
	}
	slices.Sort(names)
	var out strings.Builder
	for _, n := range slices.Compact(names) {
		if n != "_" {
			fmt.Fprintf(&out, "\t_ = %s\n", n)
		}
	}
	return out.String()
}

// returnsError reports whether the function itself, not a function in it, returns a value.
func returnsError(file *ast.File) bool {
	found := false
	ast.Inspect(file.Decls[0].(*ast.FuncDecl).Body, func(n ast.Node) bool {
		if r, ok := n.(*ast.ReturnStmt); ok && len(r.Results) > 0 {
			found = true
		}
		_, function := n.(*ast.FuncLit)
		return !function
	})
	return found
}

// packages returns the known packages that the file names, sorted.
func packages(file *ast.File) []string {
	var names []string
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && known[x.Name] != "" {
				names = append(names, x.Name)
			}
		}
		return true
	})
	slices.Sort(names)
	return slices.Compact(names)
}

func TestREADMEFragmentsAreWrapped(t *testing.T) {
	code, err := wrap("n, err := fmt.Println(word)\ntype t struct{ n int }\n\nfunc (t *t) On() error { return nil }\nif err != nil {\n\treturn err\n}\n", "var word string")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"import fmt \"fmt\"\n", "var word string\n", "type t struct{ n int }\nfunc (t *t) On() error { return nil }\n\nfunc _() error {\n", "\t_ = err\n\t_ = n\n\treturn nil\n}"} {
		if !strings.Contains(code, want) {
			t.Errorf("no %q in\n%s", want, code)
		}
	}
	if _, err := wrap("this is no Go", ""); err == nil {
		t.Error("a fragment that is no Go was accepted")
	}
}

func TestREADMEBlocksAreFound(t *testing.T) {
	text := "a\n```go\npackage main\n```\n\nprints\n\n```text\nx\ny\n```\n<!-- go\nvar a int\n-->\n```go\na = 1\n```\n" +
		"```sh\nls\n```\n```go\nfunc f() {\n\tg()\n\t// Output:\n\t// 1\n\t//\n\t// 2\n}\n```\n"
	got := blocks(text)
	if len(got) != 3 || got[0].line != 3 || got[0].output != "x\ny\n" || !got[0].program() || got[1].prelude != "var a int" ||
		got[1].code != "a = 1\n" || got[1].shown || got[2].output != "1\n\n2\n" {
		t.Errorf("got %+v", got)
	}
}

// numberedLines numbers the lines of code, so that the compiler's errors can be found in it.
func numberedLines(code string) string {
	var out strings.Builder
	n := 0
	for line := range strings.Lines(code) {
		n++
		fmt.Fprintf(&out, "%3d  %s", n, line)
	}
	return out.String()
}

package examples_test

import (
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The tests in this file hold the layout of the repository: what lies where, and who imports whom.
const (
	root   = ".."
	module = "github.com/azutoolkit/echo"
	engine = "github.com/asynkron/protoactor-go/actor"

	engineParts = "github.com/asynkron/protoactor-go/"
)

// edges are the imports from outside of the standard library that each package may have. A name without a dot is a
// package of this module.
var edges = map[string][]string{
	"supervisor":              {engine},
	"actor":                   {engine, engineParts + "eventstream", engineParts + "extensions", "supervisor"}, // parts of the engine's ActorSystem
	"transport":               {},
	"transport/memory":        {"transport"},
	"transport/redis":         {"transport", "github.com/redis/go-redis/v9"},
	"transport/websocket":     {"transport", "github.com/gorilla/websocket"},
	"transport/transporttest": {"transport"},
	"topic":                   {engine, "actor", "supervisor", "transport", "google.golang.org/protobuf/proto"}, // its codec
	"topic/cluster":           {engine, "actor", "supervisor", "transport", "topic"},
	"topic/topictest":         {"actor", "supervisor", "transport", "topic"},
}

// top are the entries of the top level, beside hidden ones and what builds and profiles leave.
var top = []string{
	"CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "actor", "bench", "examples", "go.mod", "go.sum",
	"supervisor", "topic", "transport",
}

// pkg is what go list says about a package of this module.
type pkg struct {
	ImportPath string
	Doc        string
	GoFiles    []string
	Imports    []string
}

// name is the package's path inside of the module.
func (p pkg) name() string { return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/") }

// ourPackages lists this module's packages.
var ourPackages = sync.OnceValues(func() ([]pkg, error) {
	out, err := golist("-json=ImportPath,Doc,GoFiles,Imports", "./...")
	if err != nil {
		return nil, err
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
})

// golist runs go list in the root of the module.
func golist(args ...string) (string, error) {
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Dir = root
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", errors.New("go list " + strings.Join(args, " ") + ": " + string(exit.Stderr))
	}
	return string(out), err
}

func TestTopLevelIsAsDesigned(t *testing.T) {
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	left := regexp.MustCompile(`^\.|\.(out|test|prof|exe)$|^go\.work(\.sum)?$`)
	for _, e := range entries {
		if !left.MatchString(e.Name()) && !slices.Contains(top, e.Name()) {
			t.Errorf("%s: nothing else belongs to the top level", e.Name())
		}
	}
	for _, name := range append([]string{".ci/run"}, top...) {
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestPackagesImportOnlyWhatTheDesignAllows(t *testing.T) {
	all, err := ourPackages()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if p.name() == "" && len(p.GoFiles) == 0 || strings.HasPrefix(p.name(), "examples") {
			continue
		}
		allowed, known := edges[p.name()]
		if !known {
			t.Errorf("%q is no package of the design: the layout has no room for internal, util or a root package", p.name())
			continue
		}
		for _, path := range p.Imports {
			own, ours := strings.CutPrefix(path, module+"/")
			if first, _, _ := strings.Cut(path, "/"); !ours && !strings.Contains(first, ".") {
				continue // the standard library
			}
			if !slices.Contains(allowed, own) {
				t.Errorf("%s imports %s; it may import %v", p.name(), path, allowed)
			}
		}
	}
}

func TestPackagesSayWhatTheyAre(t *testing.T) {
	all, err := ourPackages()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if _, library := edges[p.name()]; library && (p.Doc == "" || !slices.Contains(p.GoFiles, "doc.go")) {
			t.Errorf("%s has no doc.go with a package comment", p.name())
		}
	}
}

func TestTopicDragsInNoTransportAndNoTestHelper(t *testing.T) {
	out, err := golist("-deps", "./topic")
	if err != nil {
		t.Fatal(err)
	}
	bad := regexp.MustCompile(`redis|gorilla|websocket|goleak|rapid|go-cmp|testify|staticcheck|^testing(/|$)|topictest|transporttest`)
	for path := range strings.Lines(out) {
		if path = strings.TrimSpace(path); bad.MatchString(path) {
			t.Errorf("whoever imports topic gets %s too", path)
		}
	}
}

func TestTransportIsMadeOfTheStandardLibrary(t *testing.T) {
	out, err := golist("-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./transport")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Fields(out); len(got) != 1 {
		t.Errorf("transport needs %v, want itself only", got)
	}
}

func TestBenchIsAModuleOfItsOwn(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "bench/go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), "module "+module+"/bench\n") {
		t.Errorf("bench/go.mod does not begin with module %s/bench", module)
	}
	out, err := golist("./...")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out, "/bench") {
		t.Error("a package of bench is part of the main module: what it compares with would reach every user")
	}
}

// A new dependency is a decision: it gets a line here, and one in the commit that says what it does and what it costs.
func TestDependenciesAreTheOnesDecided(t *testing.T) {
	decided := []string{
		"github.com/asynkron/protoactor-go", // the engine
		"github.com/google/go-cmp",          // tests
		"go.uber.org/goleak",                // tests
		"golang.org/x/term",                 // examples/quakes: size of the terminal
		"google.golang.org/protobuf",        // topic: the codec of proto.Message; the engine brings it anyway
		"pgregory.net/rapid",                // tests
	}
	out, err := golist("-m", "-f", "{{if not (or .Indirect .Main)}}{{.Path}}{{end}}", "all")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range strings.Fields(out) {
		if !slices.Contains(decided, path) {
			t.Errorf("go.mod requires %s, which nobody decided on", path)
		}
	}
}

func TestSourceKeepsTheHouseRules(t *testing.T) {
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".go":
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, src, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range file.Imports {
			if i.Path.Value == `"`+engine+`"` && (i.Name == nil || i.Name.Name != "proto") {
				t.Errorf("%s: the engine is always imported as proto", path)
			}
		}
		dir, _, _ := strings.Cut(filepath.ToSlash(path), "/")
		_, library := edges[dir]
		if library && !strings.HasSuffix(path, "_test.go") && strings.Contains(string(src), "time."+"Sleep(") {
			t.Errorf("%s: the library never sleeps: wait for what shall happen, or for a timer and ctx", path)
		}
		if open := "TO" + "DO"; strings.Contains(string(src), open) {
			t.Errorf("%s: %s is no comment: do it, or open an issue", path, open)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

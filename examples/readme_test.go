package examples_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const readme = "../README.md"

// block is one Go block of the README.
type block struct {
	line    int    // of its first line of code
	code    string // as printed
	prelude string // declarations from a comment <!-- go … --> right above: what the text around it has introduced
	output  string // the text block right below, or the comment // Output: at the end of the code
	shown   bool   // the README shows an output
}

var (
	fence  = regexp.MustCompile("(?ms)^(?:<!-- go\n(.*?)\n?-->\n+)?^```(\\w*)\n(.*?)^```$")
	output = regexp.MustCompile(`(?s)\n\s*// Output:\n((?:\s*//[^\n]*\n)+)\s*}?\s*$`)
)

// blocks finds the Go blocks of a text in Markdown.
func blocks(text string) []block {
	var found []block
	all := fence.FindAllStringSubmatchIndex(text, -1)
	part := func(at []int, n int) string {
		if at[2*n] < 0 {
			return ""
		}
		return text[at[2*n]:at[2*n+1]]
	}
	for i, at := range all {
		if part(at, 2) != "go" {
			continue
		}
		b := block{line: 1 + strings.Count(text[:at[6]], "\n"), code: part(at, 3), prelude: part(at, 1)}
		if i+1 < len(all) && part(all[i+1], 2) == "text" {
			b.output, b.shown = part(all[i+1], 3), true
		} else if m := output.FindStringSubmatch(b.code); m != nil {
			b.output, b.shown = regexp.MustCompile(`(?m)^\s*// ?`).ReplaceAllString(m[1], ""), true
		}
		found = append(found, b)
	}
	return found
}

// program reports whether the block is a whole program.
func (b block) program() bool { return strings.HasPrefix(b.code, "package main\n") }

// build compiles the block and returns the program, if it is one.
func (b block) build(t *testing.T) string {
	t.Helper()
	code := b.code
	if !strings.HasPrefix(code, "package ") {
		var err error
		if code, err = wrap(b.code, b.prelude); err != nil {
			t.Fatalf("README.md:%d: %v", b.line, err)
		}
	}
	dir := t.TempDir()
	file, binary := filepath.Join(dir, "block.go"), filepath.Join(dir, "block")
	if err := os.WriteFile(file, []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	// Run in the folder of the examples, so the file is compiled with this module's packages.
	if out, err := exec.Command("go", "build", "-o", binary, file).CombinedOutput(); err != nil {
		t.Fatalf("README.md:%d does not compile: %v\n%s\nas compiled:\n%s", b.line, err, out, numberedLines(code))
	}
	return binary
}

func TestREADMEBlocksCompileAndPrintWhatItShows(t *testing.T) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	found := blocks(string(text))
	if len(found) == 0 {
		t.Fatal("README.md shows no Go")
	}
	for _, b := range found {
		t.Run("line "+strconv.Itoa(b.line), func(t *testing.T) {
			binary := b.build(t)
			if !b.program() {
				return
			}
			out, errs := start(t, binary)
			if diff := cmp.Diff(out, b.output); diff != "" {
				t.Errorf("README.md:%d prints something else than the README shows (-got, +want):\n%s", b.line, diff)
			}
			if errs != "" {
				t.Errorf("README.md:%d is not quiet; standard error:\n%s", b.line, errs)
			}
		})
	}
}

// The first program of the README and the first example are the same, so that copying either works.
func TestREADMEBeginsWithTheFirstExample(t *testing.T) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile("01-hello/main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(src), "package main\n") // behind the comment that names the command
	for _, b := range blocks(string(text)) {
		if b.program() {
			if diff := cmp.Diff(strings.TrimPrefix(b.code, "package main\n"), code); diff != "" {
				t.Errorf("README.md:%d and 01-hello/main.go differ (-README, +example):\n%s", b.line, diff)
			}
			return
		}
	}
	t.Error("README.md shows no whole program")
}

func TestREADMELinksLeadSomewhere(t *testing.T) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`)
	code := regexp.MustCompile("(?ms)^```.*?^```$|`[^`\n]*`")
	for _, m := range link.FindAllSubmatch(code.ReplaceAll(text, nil), -1) {
		if bytes.Contains(m[1], []byte("://")) || bytes.HasPrefix(m[1], []byte("mailto:")) {
			continue
		}
		if _, err := os.Stat(filepath.Join("..", string(m[1]))); err != nil {
			t.Errorf("README.md links to %s: %v", m[1], err)
		}
	}
}

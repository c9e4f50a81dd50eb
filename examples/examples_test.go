// Package examples_test runs what newcomers run first: every example, and every Go block of the README.
package examples_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// binaries is where TestMain puts the built examples.
var binaries string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

// run builds all examples once, then runs the tests.
func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "echo-examples-")
	if err != nil {
		println(err.Error())
		return 1
	}
	defer os.RemoveAll(dir)
	binaries = dir
	if out, err := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "./...").CombinedOutput(); err != nil {
		println("build the examples: " + err.Error() + "\n" + string(out))
		return 1
	}
	return m.Run()
}

// numbered returns the folders of the numbered examples.
func numbered(t *testing.T) []string {
	t.Helper()
	dirs, err := filepath.Glob("[0-9][0-9]-*")
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}

// start runs a program to its end and returns what it wrote. A program that fails, or is not done in time, fails
// the test.
func start(t *testing.T, program string, args ...string) (stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", filepath.Base(program), errors.Join(err, ctx.Err()), out.String(), errs.String())
	}
	return out.String(), errs.String()
}

func TestExamplesPrintTheirOutput(t *testing.T) {
	dirs := numbered(t)
	if len(dirs) < 5 {
		t.Fatalf("found %v, want five examples and more", dirs)
	}
	for _, dir := range dirs {
		t.Run(dir, func(t *testing.T) {
			want, err := os.ReadFile(filepath.Join(dir, "output.txt"))
			if err != nil {
				t.Fatal(err)
			}
			out, errs := start(t, filepath.Join(binaries, dir))
			if diff := cmp.Diff(out, string(want)); diff != "" {
				t.Errorf("output differs from %s/output.txt (-got, +want):\n%s", dir, diff)
			}
			if errs != "" {
				t.Errorf("an example runs quietly; standard error:\n%s", errs)
			}
		})
	}
}

func TestExamplesFitOnAPage(t *testing.T) {
	for _, dir := range numbered(t) {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) != 1 || filepath.Base(files[0]) != "main.go" {
			t.Errorf("%s holds %v (%v), want one main.go", dir, files, err)
			continue
		}
		src, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(src, []byte("\n")); n > 85 {
			t.Errorf("%s has %d lines, want about 80 at most", files[0], n)
		}
	}
}

// What make run prints: the numbers do not depend on the machine, the rates and the shares of the workers do.
func TestQuakesReplaysTheWeekInTenSeconds(t *testing.T) {
	begin := time.Now()
	out, errs := start(t, filepath.Join(binaries, "quakes"))
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("took %s, want less than 10 s", took)
	}
	for _, want := range []string{
		`(?m)^all +1,707 `,
		`(?m)^networks +12$`,
		`(?m)^alerts +85 `,
		`(?m)^refused +28 `,
		`(?m)^located +1,707 `,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("no line of the report matches %s:\n%s", want, out)
		}
	}
	if strings.Contains(out+errs, "\x1b") {
		t.Errorf("control characters, and nobody sees them on a terminal: %q", out+errs)
	}
}

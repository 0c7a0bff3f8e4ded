//go:build lint

package lintcheck_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"
)

// TestLintRefuses unpacks a small module of the same name and layout in which each line
// with a comment `want LINTER…` breaks a rule, and lints it with the configuration of the
// checkout. Exactly these, by file and
// linter, must be reported.
func TestLintRefuses(t *testing.T) {
	linter := os.Getenv("CLEW_TEST_GOLANGCI")
	require.NotEmpty(t, linter, "CLEW_TEST_GOLANGCI names the linter: run `make lint`")
	config, err := os.ReadFile("../../.golangci.yml")
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".golangci.yml"), config, 0o644))
	archive, err := txtar.ParseFile("testdata/violations.txtar")
	require.NoError(t, err)
	var want []string
	for _, f := range archive.Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, f.Data, 0o644))
		want = append(want, wanted(f.Name, string(f.Data))...)
	}
	text := longFile()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tracer", "long.go"), []byte(text), 0o644))
	want = append(want, "tracer/long.go revive")

	cmd := exec.CommandContext(t.Context(), linter, "run", "--output.json.path", "stdout", "--show-stats=false", "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	out, err := cmd.Output()
	require.Error(t, err, "the linter must end with an error")
	exit := new(exec.ExitError)
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 1, exit.ExitCode(), "%s\n%s", out, exit.Stderr)
	require.ElementsMatch(t, want, reported(t, out))
}

// wanted returns "FILE LINTER" for every linter that a comment of the file names.
func wanted(file, text string) []string {
	var out []string
	comment := regexp.MustCompile(`// want ([a-z ]+)$`)
	for _, line := range strings.Split(text, "\n") {
		m := comment.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		for _, linter := range strings.Fields(m[1]) {
			out = append(out, file+" "+linter)
		}
	}
	return out
}

func reported(t *testing.T, out []byte) []string {
	t.Helper()
	var report struct {
		Issues []struct {
			FromLinter string
			Text       string
			Pos        struct {
				Filename string
				Line     int
			}
		}
	}
	require.NoError(t, json.Unmarshal(out, &report), string(out))
	var got []string
	for _, i := range report.Issues {
		t.Logf("%s:%d %s: %s", i.Pos.Filename, i.Pos.Line, i.FromLinter, i.Text)
		got = append(got, filepath.ToSlash(i.Pos.Filename)+" "+i.FromLinter)
	}
	return got
}

// longFile is a file of more than 400 lines.
func longFile() string {
	return "package tracer\n\n" + strings.Repeat("// A line.\n", 400)
}

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadme holds the README's output and picture to what the demonstration makes.
func TestReadme(t *testing.T) {
	const begin, end = "<!-- shown: written by make docs -->\n", "<!-- end of what is shown -->"
	file, err := filepath.Abs("../../README.md")
	require.NoError(t, err)
	picture, err := filepath.Abs("../../docs/demo-mix.svg")
	require.NoError(t, err)
	readme, err := os.ReadFile(file)
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	var stdout, stderr bytes.Buffer
	code := run(context.Background(), []string{"demo"}, nil, &stdout, &stderr, func(string) string { return "" })
	require.Zero(t, code, stderr.String())

	before, rest, ok := strings.Cut(string(readme), begin)
	require.True(t, ok, "the README shows no trace")
	_, after, ok := strings.Cut(rest, end)
	require.True(t, ok, "what the README shows has no end")
	want := before + begin + "\n" + shown(t, stdout.String()) + "\n" + end + after
	made, err := os.ReadFile("clew-demo/mix/flow.svg")
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o600))
		require.NoError(t, os.WriteFile(picture, made, 0o600))
		return
	}
	require.Equal(t, want, string(readme), "run `make docs`")
	kept, err := os.ReadFile(picture)
	require.NoError(t, err)
	require.Equal(t, string(made), string(kept), "run `make docs`")
}

// shown is what the README shows of the demonstration's output: parts of three traces.
func shown(t *testing.T, output string) string {
	t.Helper()
	var b strings.Builder
	for i, part := range []struct {
		trace, begins string
		lines         int // 0: to the next empty one
	}{
		{"REPLICA", "What the victim states", 8},
		{"value that merges", "Sums by rule", 0},
		{"a CoinJoin, and a run", "Where it ends", 4},
		{"a CoinJoin, and a run", "What heuristics say", 0},
	} {
		_, trace, ok := strings.Cut(output, part.trace)
		require.True(t, ok, part.trace)
		_, text, ok := strings.Cut(trace, "\n"+part.begins)
		require.True(t, ok, part.begins)
		lines := strings.Split(part.begins+text, "\n")
		if part.lines == 0 {
			part.lines = len(strings.Split(strings.SplitN(part.begins+text, "\n\n", 2)[0], "\n"))
		}
		if i > 0 {
			b.WriteString("    …\n")
		}
		for _, line := range lines[:part.lines] {
			b.WriteString(strings.TrimRight("    "+line, " ") + "\n")
		}
	}
	return b.String()
}

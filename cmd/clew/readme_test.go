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
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	picture, err := filepath.Abs("../../docs/demo-merge.svg")
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	var stdout, stderr bytes.Buffer
	code := run(context.Background(), []string{"demo"}, nil, &stdout, &stderr, func(string) string { return "" })
	require.Zero(t, code, stderr.String())

	const begins = "    What the victim states"
	_, shown, ok := strings.Cut(string(readme), begins)
	require.True(t, ok, "the README shows no trace")
	shown, _, ok = strings.Cut(begins+shown, "\n\n")
	require.True(t, ok)
	lines := 0
	for line := range strings.SplitSeq(shown, "\n") {
		if line = strings.TrimPrefix(line, "    "); line != "…" {
			require.Contains(t, stdout.String(), line+"\n", "the README shows another output")
			lines++
		}
	}
	require.Greater(t, lines, 5)

	made, err := os.ReadFile("clew-demo/merge/flow.svg")
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(picture, made, 0o600))
	}
	kept, err := os.ReadFile(picture)
	require.NoError(t, err)
	require.Equal(t, string(made), string(kept), "go test ./cmd/clew -run '^TestReadme$' -update")
}

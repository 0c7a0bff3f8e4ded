package main

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the reference in docs/cli.md again")

// TestReference holds docs/cli.md to what the commands say of themselves.
func TestReference(t *testing.T) {
	const (
		file  = "../../docs/cli.md"
		begin = "<!-- reference: written by make docs -->\n"
		end   = "<!-- end of reference -->"
	)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(text), begin)
	require.True(t, ok, "%s has no reference", file)
	_, after, ok := strings.Cut(rest, end)
	require.True(t, ok, "the reference in %s has no end", file)

	want := before + begin + reference(t, commands()) + end + after
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o600))
		return
	}
	require.Equal(t, want, string(text), "run `make docs`")
}

// reference is the help of every command, without the flags that all of them take.
func reference(t *testing.T, table []*command) string {
	t.Helper()
	var b strings.Builder
	for _, c := range table {
		if c.hidden {
			continue
		}
		var help strings.Builder
		require.NoError(t, writeHelp(&help, c, table))
		b.WriteString("\n### clew " + c.path + "\n\n")
		for line := range strings.SplitSeq(withoutCommonFlags(help.String()), "\n") {
			b.WriteString(strings.TrimRight("    "+line, " ") + "\n")
		}
		b.WriteString(reference(t, c.subs))
	}
	return b.String()
}

func withoutCommonFlags(help string) string {
	before, rest, ok := strings.Cut(help, "Flags of every command:\n")
	if !ok {
		return strings.TrimSpace(help)
	}
	_, after, _ := strings.Cut(rest, "\n\n")
	return strings.TrimSpace(before + after)
}

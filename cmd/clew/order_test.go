package main

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Wherever the flags stand among the words, the same command gets the same values and the
// same arguments, in the same order.
func TestOrderOfFlagsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var seen []string
		table := probe(&seen)
		words := append([]string{"probe"}, rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,4}`), 0, 3).Draw(t, "arguments")...)
		flags := rapid.SliceOfN(rapid.SampledFrom([][]string{
			{"--rpc", "http://h/a,b"}, {"--rpc=c=d"}, {"-rpc", "-"}, {"--from", "7"}, {"--quiet"}, {"--json=true"}, {"--db", "x y"},
		}), 0, 6).Draw(t, "flags")

		straight := slices.Clone(words)
		for _, f := range flags {
			straight = append(straight, f...)
		}
		var mixed []string
		w, f := words, flags
		for len(w)+len(f) > 0 {
			if len(f) == 0 || (len(w) > 0 && rapid.Bool().Draw(t, "word next")) {
				mixed, w = append(mixed, w[0]), w[1:]
			} else {
				mixed, f = append(mixed, f[0]...), f[1:]
			}
		}
		getenv := func(string) string { return "" }
		a, err := arrange(straight, getenv, table)
		require.NoError(t, err)
		b, err := arrange(mixed, getenv, table)
		require.NoError(t, err)
		require.Equal(t, a.argv(), b.argv())
	})
}

// No command line makes the program panic, and every error says something.
func FuzzArrange(f *testing.F) {
	for _, line := range []string{"probe\x00--rpc\x00x", "--\x00probe", "-", "--", "group\x00sub\x00--from=", "help\x00group", "\x00"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		var seen []string
		args := splitZero(line)
		a, err := arrange(args, func(string) string { return "" }, probe(&seen))
		require.NotNil(t, a)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		if a.command != nil && !a.help {
			require.GreaterOrEqual(t, len(a.argv()), 2)
		}
		require.NotPanics(t, func() { candidates(append(args, ""), probe(&seen)) })
	})
}

func splitZero(line string) []string {
	var out []string
	for len(line) > 0 {
		i := 0
		for i < len(line) && line[i] != 0 {
			i++
		}
		out = append(out, line[:i])
		line = line[min(i+1, len(line)):]
	}
	return out
}

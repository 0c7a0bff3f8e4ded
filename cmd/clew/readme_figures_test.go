package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/heuristics"
)

// TestReadmeFigures holds the README's figures to those that were measured (heuristics/scores.json).
func TestReadmeFigures(t *testing.T) {
	const file, begin, end = "../../README.md", "<!-- measured: written by make docs -->\n", "<!-- end of what is measured -->"
	readme, err := os.ReadFile(file)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(readme), begin)
	require.True(t, ok, "the README shows no figures")
	_, after, ok := strings.Cut(rest, end)
	require.True(t, ok, "the figures have no end")
	want := before + begin + "\n" + measuredWords(t) + "\n" + end + after
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o600))
		return
	}
	require.Equal(t, want, string(readme), "run `make docs`")
}

// measuredWords is the paragraph: for each figure the one row that holds it.
func measuredWords(t *testing.T) string {
	t.Helper()
	row := func(heuristic, set, what string) heuristics.Score {
		i := slices.IndexFunc(heuristics.Scores(), func(s heuristics.Score) bool {
			return s.Heuristic == heuristic && s.What == what && s.Set == set
		})
		require.GreaterOrEqual(t, i, 0, "%s: %s", heuristic, set)
		return heuristics.Scores()[i]
	}
	of := func(hits, n int) string { return grouped(int64(hits)) + " of " + grouped(int64(n)) }
	found := func(kind, set string) string {
		s := row(kind, set, "missed")
		return of(s.N-s.Hits, s.N)
	}
	wrong := func(heuristic string) string {
		s, ok := heuristics.ErrorOf(heuristic, heuristics.Versions()[heuristic])
		require.True(t, ok, heuristic)
		return of(s.Hits, s.N)
	}
	fired := func(set string) string {
		hits, n := 0, 0
		for _, kind := range []string{"whirlpool", "whirlpool-tx0", "wasabi1", "wasabi2", "joinmarket"} {
			s := row("coinjoin/"+kind, set, "wrong")
			hits, n = hits+s.Hits, s.N
		}
		return of(hits, n)
	}
	asked, silent := 0, 0
	for _, set := range []string{"spenders shown", "change to an address that paid, which the vote does not see"} {
		s := row("change", "ten blocks of 2019, "+set, "unanswered")
		asked, silent = asked+s.N, silent+s.Hits
	}
	apart := row("co-spend", "simulated wallets, pairs", "missed")
	return fold(fmt.Sprintf("How often were they wrong, where the truth is known? CoinJoins found: %s of Whirlpool and %s of Wasabi 1 "+
		"on mainnet, %s of Wasabi 2 and %s of JoinMarket in emulated rounds; named where none is: %s transactions of ten blocks "+
		"of 2019, %s spends behind Whirlpool. A change: wrong in %s answers on mainnet; it answered %s times. "+
		"Steps of peel chains: %s on mainnet, among payers who take their change where they paid from. "+
		"Two addresses joined as one owner's: wrong in %s joins of simulated wallets, made by "+
		"this project's own generator and cleaner than the chain: take it for a lower bound. Spending together finds %d %% "+
		"of an owner's pairs of addresses there. Deposit addresses and candidates behind mixers were measured on one replica alone, dust on nothing.",
		found("coinjoin/whirlpool", "Whirlpool 2024"), found("coinjoin/wasabi1", "Wasabi 1"), found("coinjoin/wasabi2", "Wasabi 2 emulated"),
		found("coinjoin/joinmarket", "JoinMarket emulated"), fired("ten blocks of 2019"), fired("spends behind Whirlpool 2024"),
		wrong("change"), of(asked-silent, asked), wrong("peel"), wrong("co-spend"), (apart.N-apart.Hits)*100/apart.N), 0) + "\n"
}

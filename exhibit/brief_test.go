package exhibit_test

import (
	"math/big"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/exhibit"
	"clew/exhibit/scene"
	"clew/tracer"
)

// TestBrief: few decimals where chains have many, none where they do not, and nothing that is
// there reads as nothing.
func TestBrief(t *testing.T) {
	const token = "0x00000000000000000000000000000000000000Aa"
	for name, c := range map[string]struct {
		chain    chains.Chain
		asset    chains.Asset
		decimals int
		units    string
		want     string
	}{
		"large":             {"polygon", chains.Native, 18, "82121932580574900000000", "82,121.93"},
		"half goes up":      {"polygon", chains.Native, 18, "1000005000000000000000", "1,000.01"},
		"below half":        {"polygon", chains.Native, 18, "1000004999999999999999", "1,000.00"},
		"below a thousand":  {"polygon", chains.Native, 18, "148063434045100000000", "148.0634"},
		"zeros are left":    {"polygon", chains.Native, 18, "25000000000000000000", "25.00"},
		"carries over":      {"polygon", chains.Native, 18, "999999999999999999999", "1,000.00"},
		"nothing":           {"polygon", chains.Native, 18, "0", "0.00"},
		"almost nothing":    {"polygon", chains.Native, 18, "1", "<0.0001"},
		"rounds to least":   {"polygon", chains.Native, 18, "50000000000000", "0.0001"},
		"six decimals":      {"bsc", token, 6, "20025697066", "20,025.70"},
		"two decimals":      {"bsc", token, 2, "123456", "1,234.56"},
		"no decimals":       {"bsc", token, 0, "1234", "1,234"},
		"many decimals":     {"bsc", token, 77, "1", "<0.0001"},
		"exact on outputs":  {"bitcoin", chains.Native, 8, "123456789", "1.23456789"},
		"more than any sum": {"polygon", chains.Native, 18, "115792089237316195423570985008687907853269984665640564039457584007913129639935", "2²⁵⁶−1 or more units, in"},
	} {
		t.Run(name, func(t *testing.T) {
			tr := &tracer.Trace{Seeds: []tracer.SeedEntry{{Chain: c.chain, Asset: c.asset}},
				Assets: []tracer.AssetInfo{{Chain: c.chain, Asset: c.asset, Symbol: "T", Decimals: c.decimals}}}
			units, err := chains.ParseAmount(c.units)
			require.NoError(t, err)
			require.Equal(t, c.want, strings.ReplaceAll(exhibit.NameAssets(tr).Brief(c.chain, c.asset, units), "\u202f", ","))
		})
	}
}

// TestBriefSymbols: in a drawing a token bears the symbol that it claims, unless it claims what
// another has.
func TestBriefSymbols(t *testing.T) {
	b := newBooks("symbols")
	for _, c := range []struct{ chain, name, symbol string }{
		{"polygon", "one", "START"}, {"bsc", "two", "START"}, {"bsc", "three", "ELIXIR"}, {"bsc", "four", "USDC"}, {"bsc", "five", "bnb"},
		{"polygon", "six", "TWIN"}, {"polygon", "seven", "twin"}, {"bsc", "eight", "A B"},
	} {
		b.claim(c.chain, c.name, c.symbol, 18)
		b.seed("V-"+c.name, asset{c.chain, c.name}, "holder", 1000)
	}
	b.seed("V", asset{"bsc", ""}, "holder", 1000)
	tr, data := b.finish(t)
	x, err := exhibit.New(t.Context(), tr, data, exhibit.Options{})
	require.NoError(t, err)
	labels := strings.Join(words(x.Scene, scene.GroupLabel), "\n")
	for _, want := range []string{"1.00 START (polygon); ", "1.00 START (bsc); ", "1.00 ELIXIR; ", "1.00 USDC 0x", "1.00 bnb 0x", "1.00 TWIN 0x", "1.00 twin 0x", "1.00 “A B” 0x", "1.00 BNB; "} {
		require.Contains(t, labels, want)
	}
	notes := strings.Join(words(x.Scene, scene.GroupFrame), "\n")
	require.Contains(t, notes, "Symbols are what the tokens’ contracts claim: ELIXIR = 0x")
	require.NotContains(t, notes, "USDC =")
}

// TestShownAmountsAddUp: whoever adds up what the summary shows of an asset comes to the same on both
// sides, to the last digit, and the table shows the sum where several things came.
func TestShownAmountsAddUp(t *testing.T) {
	amounts := regexp.MustCompile(`(?:^|: |; |, | and )([0-9]+\.[0-9]{2,4}) `)
	sum := func(text string) string {
		sum := new(big.Rat)
		for _, m := range amounts.FindAllStringSubmatch(text, -1) {
			part, ok := new(big.Rat).SetString(m[1])
			require.True(t, ok, m[1])
			sum.Add(sum, part)
		}
		return sum.FloatString(4)
	}
	x := replica(t)
	seen := map[string]string{}
	for _, line := range exhibit.Summarize(x.Trace).PerAsset() {
		came, went, has := strings.Cut(strings.ReplaceAll(line, "\u202f", ""), ". Of this, ")
		if has {
			asset, came, _ := strings.Cut(came, ": ")
			seen[asset] = sum(came)
			require.Equal(t, sum(came), sum(went), line)
		}
	}
	require.Equal(t, "279051.0000", seen["MATIC on polygon"])
	require.Regexp(t, `(?s)In all</th>.{0,400}279.051\.00`, page(t, x))
}

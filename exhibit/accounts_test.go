package exhibit_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/exhibit"
	"clew/exhibit/scene"
	"clew/tracer"
)

// requireBalance checks every box of d that is not outside of a frame, asset by asset.
func requireBalance(t require.TestingT, d *exhibit.Diagram) {
	for i := range d.Boxes {
		if k := d.Boxes[i].Kind; k == exhibit.BoxFrom || k == exhibit.BoxTo {
			continue
		}
		in, out, known := d.Balance(i)
		require.True(t, known, "box %d", i)
		require.Equal(t, byAsset(in), byAsset(out), "box %d", i)
	}
}

// TestSymbols: what a contract claims is shown as a claim, and never as something else.
func TestSymbols(t *testing.T) {
	const usdc, other = "0x2791Bca1f2de4661ED88A30C99A7a9449Aa84174", "0x00000000000000000000000000000000000000Aa"
	for name, c := range map[string]struct {
		asset    chains.Asset
		symbol   string
		decimals int
		want     string // of 1234567 units
	}{
		"known":                   {usdc, "USDC", 6, "1.234567 USDC"},
		"known, other claim":      {usdc, "USDT", 6, "1.234567 USDT 0x2791Bc…a84174"},
		"pretends":                {other, "USDC", 6, "1.234567 USDC 0x000000…0000Aa"},
		"pretends to be the coin": {other, "MATIC", 6, "1.234567 MATIC 0x000000…0000Aa"},
		"no decimals":             {other, "ODD", -1, "1,234,567 units of ODD 0x000000…0000Aa"},
		"absurd decimals":         {other, "ODD", 255, "1,234,567 units of ODD 0x000000…0000Aa"},
		"many decimals":           {other, "ODD", 77, "0.00000000000000000000000000000000000000000000000000000000000000000000001234567 ODD 0x000000…0000Aa"},
		"no symbol":               {other, "", 0, "1,234,567 token 0x000000…0000Aa"},
		"turns the line":          {other, "\u202eCDSU", 6, "1.234567 “[U+202E]CDSU” 0x000000…0000Aa"},
		"letters that turn":       {other, "\u05d0b", 6, "1.234567 “[U+05D0]b” 0x000000…0000Aa"},
		"looks like a number":     {other, "000 ETH", 6, "1.234567 “000 ETH” 0x000000…0000Aa"},
		"closes the quotes":       {other, "a” b", 6, "1.234567 “a[U+201D] b” 0x000000…0000Aa"},
		"long":                    {other, strings.Repeat("x", 10_000), 6, "1.234567 “xxxxxxxxxxxx…” 0x000000…0000Aa"},
		"not text":                {other, "a\xff", 6, "1.234567 “a[U+FFFD]” 0x000000…0000Aa"},
		"with an id":              {other + "/123456789012345678901234567890", "APE", 0, "1,234,567 APE 0x000000…0000Aa #12345678…567890"},
	} {
		t.Run(name, func(t *testing.T) {
			tr := &tracer.Trace{Seeds: []tracer.SeedEntry{{Chain: "polygon", Asset: c.asset}},
				Assets: []tracer.AssetInfo{{Chain: "polygon", Asset: c.asset, Symbol: c.symbol, Decimals: c.decimals}}}
			a := exhibit.NameAssets(tr)
			got := a.Number("polygon", c.asset, chains.Units(1234567)) + " " + a.Symbol("polygon", c.asset)
			require.Equal(t, c.want, strings.ReplaceAll(got, "\u202f", ","))
		})
	}
}

// TestNamesAreApart: units that would be written alike are told apart, those of one trace only.
func TestNamesAreApart(t *testing.T) {
	const usdcOfBase, usdcOfPolygon = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913", "0x2791Bca1f2de4661ED88A30C99A7a9449Aa84174"
	first, second := chains.Asset("0xABCDEF"+strings.Repeat("0", 28)+"012345"), chains.Asset("0xABCDEF"+strings.Repeat("1", 28)+"012345")
	tr := &tracer.Trace{}
	for _, s := range []struct {
		chain chains.Chain
		asset chains.Asset
	}{{"ethereum", chains.Native}, {"base", chains.Native}, {"base", usdcOfBase}, {"polygon", usdcOfPolygon}, {"polygon", first}, {"polygon", second}, {"eip155:99", chains.Native}, {"bsc", chains.Native}} {
		tr.Seeds = append(tr.Seeds, tracer.SeedEntry{Chain: s.chain, Asset: s.asset})
		if s.asset != chains.Native {
			tr.Assets = append(tr.Assets, tracer.AssetInfo{Chain: s.chain, Asset: s.asset, Symbol: "USDC", Decimals: 6})
		}
	}
	a := exhibit.NameAssets(tr)
	var got []string
	for _, s := range tr.Seeds {
		got = append(got, a.Symbol(s.Chain, s.Asset))
	}
	require.Equal(t, []string{"ETH (ethereum)", "ETH (base)", "USDC (base)", "USDC (polygon)", "USDC 0xABCDEF…012345 (polygon) " + string(first),
		"USDC 0xABCDEF…012345 (polygon) " + string(second), "coins", "BNB"}, got)
	tr.Seeds = tr.Seeds[1:2]
	require.Equal(t, "ETH", exhibit.NameAssets(tr).Symbol("base", chains.Native))
}

// TestKnownTokensAreChecksummed: an asset is the checksummed text, or it is never met.
func TestKnownTokensAreChecksummed(t *testing.T) {
	known := exhibit.KnownTokens()
	require.NotEmpty(t, known)
	for u, symbol := range known {
		require.Equal(t, common.HexToAddress(string(u.Asset)).Hex(), string(u.Asset), symbol)
		_, isEVM := u.Chain.ChainID()
		require.True(t, isEVM, u.Chain)
	}
}

// TestHostileSymbols: nothing that a contract claims reaches a file as it is.
func TestHostileSymbols(t *testing.T) {
	x := byName(t, "lying")
	var svg bytes.Buffer
	require.NoError(t, x.Scene.SVG(&svg))
	files := map[string]string{"html": page(t, x), "svg": svg.String()}
	for _, name := range exhibit.CSVNames() {
		var b bytes.Buffer
		require.NoError(t, x.CSV(&b, name))
		files[name] = b.String()
	}
	for name, text := range files {
		for _, bad := range []string{"\u202e", "\u05d0", "\x00", "<script>alert", strings.Repeat("x", 20)} {
			require.NotContains(t, text, bad, name)
		}
		if strings.HasSuffix(name, ".csv") {
			require.NotRegexp(t, `(?m)(^|,)"?[=+@]`, text, name)
		}
	}
	require.Contains(t, files["svg"], "USDC 0x")
	require.Len(t, regexp.MustCompile(`USDC 0x[0-9a-f]{6}…[0-9a-f]{6}`).FindAllString(strings.Join(exhibit.Summarize(x.Trace).PerAsset(), " "), -1), 2)
}

// TestArrowsAreOfOneAsset: an arrow holds the hops of one asset, and their sum.
func TestArrowsAreOfOneAsset(t *testing.T) {
	for _, name := range []string{"swapped", "roam-60", "roam-2000", "lying"} {
		x := byName(t, name)
		for i := range x.Diagram.Arrows {
			a := &x.Diagram.Arrows[i]
			sum := chains.Amount{}
			for _, h := range a.Hops {
				hop := &x.Trace.Hops[h]
				leg := hop.Legs[len(hop.Legs)-1]
				require.Equal(t, a.Asset, leg.Asset)
				require.Equal(t, a.Chain, leg.Chain)
				sum = sum.Plus(hop.Traced.Value[x.Diagram.Rule])
			}
			for _, h := range a.Gives {
				hop := &x.Trace.Hops[h]
				require.Equal(t, a.Asset, hop.Legs[0].Asset)
				require.Equal(t, a.Chain, hop.Legs[0].Chain)
				sum = sum.Plus(hop.Given.Value[x.Diagram.Rule])
			}
			if a.Seeds+a.Feeds == 0 {
				require.Equal(t, a.Traced.String(), sum.String(), "%s, arrow %d", name, i)
			}
		}
	}
}

// words are the texts of each group of a drawing, in order.
func words(s *scene.Scene, kind scene.GroupKind) []string {
	var out []string
	for i := range s.Groups {
		if g := &s.Groups[i]; g.Kind == kind {
			text := ""
			for _, w := range g.Texts {
				text += w.S + "; "
			}
			out = append(out, strings.NewReplacer("\u202f", "", "\u00a0", " ").Replace(text))
		}
	}
	return out
}

// TestSwapsAndBridgesAreDrawn: both amounts, the protocol, the chains, and each kind of place in
// its own outline.
func TestSwapsAndBridgesAreDrawn(t *testing.T) {
	x := byName(t, "swapped")
	boxes := strings.Join(words(x.Scene, scene.GroupBox), "\n")
	for _, want := range []string{
		"Address A1 · polygon; 0x7100af…3c7372; swaps here, hop 2; gave 60000.00 START (polygon); got 9000.00 MATIC; fees 0.012 MATIC; still held; ",
		"Bridge nomad, hops 4, 5 · polygon → bsc; key ", "sent 50846.00 START (polygon); arrived 50846.00 START (bsc); fees 46.00 START (bsc); ",
		"Swap, hop 6 · bsc; ", "gave 50800.00 START (bsc); got 73000.00 BUSD 0xbea8f1…7c8760; ", "Mixer M1 · polygon; ", "Service S1 · bsc; ",
	} {
		require.Contains(t, boxes, want)
	}
	labels := strings.Join(words(x.Scene, scene.GroupLabel), "\n")
	require.Contains(t, labels, "hop 4  ·  2022-03-29; 50846.00 START (polygon); ")
	require.Contains(t, labels, "hop 4  ·  2022-03-29; 50800.00 START (bsc); ")
	shapes := map[string]int{} // paths and rectangles of its outline, apart from the chain's mark
	for i := range x.Scene.Groups {
		if g := &x.Scene.Groups[i]; g.Kind == scene.GroupBox {
			title, _, _ := strings.Cut(g.Texts[0].S, " ")
			lines := 0
			for _, r := range g.Rects {
				if r.Line > 0 && r.H > 16 {
					lines++
				}
			}
			shapes[title] = 10*lines + len(g.Paths)
		}
	}
	require.Equal(t, map[string]int{"ALLEGED": 10, "Address": 11, "Swap,": 10, "Bridge": 12, "Service": 21, "Mixer": 3}, shapes)
	legend := strings.Join(words(x.Scene, scene.GroupFrame), "\n")
	for _, want := range []string{"service; ", "mixer or confidential pool; ", "on polygon; ", "on bsc; ", "what went in above, what came out below", "START (bsc) = 0xf4e732…c14ece on bsc", "rounded here"} {
		require.Contains(t, legend, want)
	}
	require.NotContains(t, legend, "contract; ")
}

// TestChainsAreMarked: where there are several, each chain has its own pattern on its boxes.
func TestChainsAreMarked(t *testing.T) {
	patterns := func(x *exhibit.Exhibit) map[string]bool {
		all := map[string]bool{}
		for i := range x.Scene.Groups {
			g := &x.Scene.Groups[i]
			if g.Kind != scene.GroupBox {
				continue
			}
			_, chain, _ := strings.Cut(g.Texts[0].S, " · ")
			first, n := 0, 0
			for _, r := range g.Rects {
				if r.H == 4 {
					if n++; n == 1 {
						first = r.W
					}
				}
			}
			if n == 1 {
				first = 0 // a line all along
			}
			all[fmt.Sprint(chain, " ", n > 0, " ", first)] = true
		}
		return all
	}
	require.Equal(t, map[string]bool{"polygon true 0": true, "bsc true 10": true, "polygon → bsc true 0": true}, patterns(byName(t, "swapped")))
	require.Equal(t, map[string]bool{" false 0": true}, patterns(byName(t, "lying")), "one chain needs no mark")
}

// TestSummaryAssetByAsset: a sentence for each asset, whose parts add up, and the statement.
func TestSummaryAssetByAsset(t *testing.T) {
	tr, _ := swapped().finish(t)
	var got []string
	for _, s := range exhibit.Summarize(tr).Sentences() {
		got = append(got, strings.NewReplacer("\u202f", "", "\u00a0", " ").Replace(s))
	}
	require.Equal(t, []string{
		"Alleged stolen: 229051.00 MATIC and 110846.00 START (polygon) (2 seeds, 2 receipts). Where each is now, and what it became, under fifo (first in, first out):",
		"MATIC on polygon: 229051.00 alleged stolen and 9000.00 received in swaps. Of this, 138050.99 is still held in 1 account; 100000.00 entered mixers or confidential pools in 1 deposit, as is claimed (schedule D); 0.01 went to fees.",
		"START 0x161a52…dedabd on polygon: 110846.00 alleged stolen. Of this, 60000.00 was given in swaps; 50846.00 crossed a bridge.",
		"START 0xf4e732…c14ece on bsc: 50846.00 came over a bridge. Of this, 46.00 went to fees; 50800.00 was given in swaps.",
		"BUSD 0xbea8f1…7c8760 on bsc: 73000.00 received in swaps. Of this, 3000.00 is still held in 1 account; 70000.00 reached services in 1 deposit, as is claimed (schedule D).",
		"Amounts of chains of accounts are rounded here: to 2 decimals, below a thousand to 4. What came of an asset, and what became of it, is rounded to the same decimals and such that it adds up: an amount may differ by one in its last digit. The schedules and files are exact.",
		"Under this rule the exact sums close for every asset, with swaps, bridges and adopted ways through mixers (schedule E).",
		"Under this rule the value moved in 8 hops of 8 transactions, from 2022-03-29 to 2022-03-29; read to block 26600000 of polygon and to block 26600000 of bsc.",
		"By the victim's own statement, nobody accounts for 28270 MATIC, 60000 START; that is apart from the sums of this trace.",
	}, got)
}

// TestTwoLegsInTheSchedules: a swap and a bridge have two rows and one number, in the report and
// as CSV, where every row of a replica says so.
func TestTwoLegsInTheSchedules(t *testing.T) {
	x := byName(t, "swapped")
	html := page(t, x)
	require.Equal(t, 1, strings.Count(html, `id="hop2"`))
	require.Equal(t, 2, strings.Count(html, `swap, given</small>`))
	require.Equal(t, 2, strings.Count(html, `swap, received</small>`))
	require.Contains(t, html, "linked by nomad")
	require.Contains(t, html, "0x"+x.Trace.Hops[1].Legs[0].TxID.String())
	require.NotContains(t, html, "other funds:", "an account spends what moves, and nothing beside it")
	for _, want := range []string{"What the victim states", "accounted for by nobody</td><td>28\u202f270", "Tokens", "nobody checks it", "clean value first<", "each balance of an account in one asset is a pot"} {
		require.Contains(t, html, want)
	}
	rows := table(t, x, "schedule_a_hops.csv")
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	require.Equal(t, "replica", rows[0][len(rows[0])-1])
	var roles []string
	for _, r := range rows[1:] {
		require.Equal(t, "REPLICA", r[len(r)-1])
		roles = append(roles, r[column["number"]]+r[column["leg_role"]])
	}
	require.Equal(t, []string{"1", "2given", "2received", "3", "4given", "4received", "5given", "5received", "6given", "6received", "7", "8"}, roles)
	require.Equal(t, []string{"60000.00", "60000000000000000000000", "", "9000.00"},
		[]string{rows[2][column["converted_amount"]], rows[2][column["converted_libr_units"]], rows[2][column["traced_amount"]], rows[3][column["traced_amount"]]})
	require.NotContains(t, table(t, byName(t, "roam-60"), "schedule_a_hops.csv")[0], "replica")
}

// TestRunsOfAccounts: a peel chain of accounts is one run, with a row for each account.
func TestRunsOfAccounts(t *testing.T) {
	x := byName(t, "peeled-30")
	require.Len(t, x.Diagram.Runs, 1)
	run := x.Diagram.Runs[0]
	require.True(t, run.Accounts)
	require.Equal(t, exhibit.PeelRun, run.Kind)
	require.Len(t, run.Steps, 30)
	require.Equal(t, 30, run.Payments())
	require.Less(t, len(x.Diagram.Boxes), 8)
	require.Contains(t, page(t, x), "30 payments by 30 accounts that pass on the rest")
	rows := table(t, x, "schedule_b_peels.csv")
	require.Len(t, rows, 31)
	require.Equal(t, "MATIC", rows[1][len(rows[1])-1])
}

// TestBeyondAnySum: a contract may move any number of its own tokens, any number of times.
func TestBeyondAnySum(t *testing.T) {
	b := newBooks("beyond")
	b.claim("polygon", "BIG", "BIG", 0)
	big := asset{"polygon", "BIG"}
	b.seed("V1", big, "first", 7)
	for range 3 {
		b.pay(big, "first", "second", 2, tracer.NodeAddress)
	}
	tr, data := b.finish(t)
	most, err := chains.ParseAmount("115792089237316195423570985008687907853269984665640564039457584007913129639935")
	require.NoError(t, err)
	for i := range tr.Hops {
		tr.Hops[i].Legs[0].Units = most
	}
	for i := range tr.Endpoints {
		tr.Endpoints[i].Units = most
	}
	x, err := exhibit.New(context.Background(), tr, data, exhibit.Options{})
	require.NoError(t, err)
	require.Contains(t, strings.Join(words(x.Scene, scene.GroupLabel), "\n"), "6; of 2²⁵⁶−1 or more units, in BIG; ")
	require.NotEmpty(t, page(t, x))
	a := exhibit.NameAssets(tr)
	require.NotContains(t, a.Number("polygon", b.named(big), chains.Units(math.MaxUint64)), "or more")
}

// TestNotStated: where a trace does not say how much was given, no sum is claimed.
func TestNotStated(t *testing.T) {
	tr, data := swapped().finish(t)
	for i := range tr.Hops {
		tr.Hops[i].Given = nil
	}
	x, err := exhibit.New(context.Background(), tr, data, exhibit.Options{})
	require.NoError(t, err)
	boxes := strings.Join(words(x.Scene, scene.GroupBox), "\n")
	require.Contains(t, boxes, "gave an amount that is not stated; got 9000.00 MATIC; ")
	unknown := 0
	for i := range x.Diagram.Boxes {
		if _, _, known := x.Diagram.Balance(i); !known {
			unknown++
		}
	}
	require.Positive(t, unknown)
	require.Contains(t, page(t, x), "not stated")
}

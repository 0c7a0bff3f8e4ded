package exhibit_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"html"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/exhibit"
	"clew/exhibit/scene"
	"clew/tracer"
)

func TestErrorWords(t *testing.T) {
	for _, c := range []struct {
		name  string
		error *tracer.MeasuredError
		want  string
	}{
		{"not measured", nil, "error not measured"},
		{"a rounded rate", &tracer.MeasuredError{MeasuredOn: "blocks of 2019", Rate: "0.00077", N: 1300}, "wrong in 1 of 1\u202f300: blocks of 2019"},
		{"never", &tracer.MeasuredError{MeasuredOn: "x", Rate: "0", N: 27357}, "wrong in 0 of 27\u202f357: x"},
		{"always", &tracer.MeasuredError{MeasuredOn: "x", Rate: "1", N: 2}, "wrong in 2 of 2: x"},
		{"a half", &tracer.MeasuredError{MeasuredOn: "x", Rate: "0.5", N: 3}, "wrong in 2 of 3: x"},
		{"many digits", &tracer.MeasuredError{MeasuredOn: "x", Rate: "0.054795", N: 146}, "wrong in 8 of 146: x"},
		{"what was counted", &tracer.MeasuredError{MeasuredOn: "rounds", Rate: "0.571", N: 1365, What: "missed", Hits: 1037}, "missed in 1\u202f037 of 1\u202f365: rounds"},
		{"wrong, as counted", &tracer.MeasuredError{MeasuredOn: "x", Rate: "0.000036", N: 27357, What: "wrong", Hits: 1}, "wrong in 1 of 27\u202f357: x"},
		{"on a kind of data", &tracer.MeasuredError{MeasuredOn: "real transactions: of 27357 in 2019", Rate: "0.01", N: 1300, What: "wrong", Hits: 13, Data: "real"}, "wrong in 13 of 1\u202f300 on real transactions: of 27\u202f357 in 2019"},
		{"few", &tracer.MeasuredError{MeasuredOn: "real transactions: x", Rate: "0", N: 29, What: "wrong", Data: "real"}, "wrong in 0 of 29 (too few to say) on real transactions: x"},
		{"not few", &tracer.MeasuredError{MeasuredOn: "real transactions: x", Rate: "0", N: 30, What: "wrong", Data: "real"}, "wrong in 0 of 30 on real transactions: x"},
		{"below nothing", &tracer.MeasuredError{MeasuredOn: "x", Rate: "-1", N: 146}, "error rate -1 on x (n = 146)"},
		{"no number", &tracer.MeasuredError{MeasuredOn: "x\u202e", Rate: "few", N: 3}, "error rate few on x[U+202E] (n = 3)"},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, exhibit.ErrorWords(c.error)) })
	}
}

func TestSentencesInCoins(t *testing.T) {
	x := byName(t, "swapped")
	names := exhibit.NameAssets(x.Trace)
	u := x.Trace.Assets[0]
	plain := func(s string) string { return strings.NewReplacer("\u202f", ",", "\u00a0", " ").Replace(s) }
	for text, want := range map[string]string{
		"a deposit of 1234500000000000000000 units of native, thrice": "a deposit of 1,234.50 MATIC, thrice",
		"12 units of " + strings.Repeat("9", 42):                      "12 units of " + strings.Repeat("9", 42),
		"7 units of 0x" + strings.Repeat("ab", 20) + " are unknown":   "7 units of 0x" + strings.Repeat("ab", 20) + " are unknown",
		strings.Repeat("9", 79) + " units of native":                  strings.Repeat("9", 79) + " units of native",
		"units of native": "units of native",
	} {
		require.Equal(t, want, plain(names.InCoins("polygon", text)))
	}
	require.Equal(t, "5 units of "+string(u.Asset)+" elsewhere", names.InCoins("bsc", "5 units of "+string(u.Asset)+" elsewhere"), "a token of another chain")
	require.NotContains(t, names.InCoins(u.Chain, "5 units of "+string(u.Asset)), "units of")
}

// TestFindingsAreShown: what heuristics say stands in the drawing, the report and the files, with
// the error, and as what it is.
func TestFindingsAreShown(t *testing.T) {
	x := byName(t, "found")
	var drawing strings.Builder
	for _, g := range x.Scene.Groups {
		for _, text := range g.Texts {
			drawing.WriteString(text.S + "\n")
		}
	}
	for _, want := range []string{"inferred: CoinJoin of Wasabi 1", "hides up to 0.10000000\u00a0BTC of each", "among at most 37 owners", "likely change: finding 2", "deposit address (inferred)", "cluster K1",
		"linked in 16.6\u00a0% of the readings", "linked in 33.3\u00a0% of the readings"} {
		require.Contains(t, drawing.String(), want)
	}
	require.NotContains(t, drawing.String(), "claimed: coinjoin")
	for _, g := range x.Scene.Groups {
		require.NotContains(t, g.Say, "transaction 0", "what goes into a mix meets in no junction before it: %s", g.Say)
	}

	var page bytes.Buffer
	require.NoError(t, x.HTML(&page))
	text := html.UnescapeString(page.String())
	require.Contains(t, text, "Schedule D")
	require.Contains(t, text, "wrong in 1 of 1\u202f300: the replica")
	require.Contains(t, text, "error not measured")
	require.Contains(t, text, "it swept 3.99980000\u00a0BTC to the exchange; the customer may be innocent.")
	require.Contains(t, page.String(), `href="#finding1"`)
	require.NotContains(t, page.String(), "<b>Sons</b>")
	require.Contains(t, page.String(), `went into what a heuristic takes for a CoinJoin (finding <a href="#finding1">1</a>), with 2 inputs`)
	require.Contains(t, page.String(), `reached services in 1 deposit, as is claimed (<a href="#d">schedule D</a>)`)
	require.Contains(t, text, "In what a heuristic takes for a CoinJoin (2 endpoints; finding")
	require.Contains(t, text, "At a service, as is claimed (1 endpoint)")
	require.Contains(t, text, "Heuristics say 7 things of this trace, none of which is a fact")
	require.NotContains(t, text, "entered mixers or confidential pools")

	requireFile(t, x)
}

func requireFile(t *testing.T, x *exhibit.Exhibit) {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, x.CSV(&file, "schedule_d_findings.csv"))
	rows, err := csv.NewReader(&file).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+len(x.Trace.Findings))
	require.Equal(t, "37", rows[1][10], "the anonymity set")
	require.Equal(t, "6 7", rows[1][9], "both hops into the mix")
	require.Equal(t, "10000000", rows[1][11], "the value of each of its outputs")
	require.Equal(t, "0.00077", rows[6][14])
}

// TestCandidatesAreNamedNotDrawn: withdrawals that may be a way out stand beside the end of the
// trace, with how many others do the same by accident, and no line leads to them.
func TestCandidatesAreNamedNotDrawn(t *testing.T) {
	x := byName(t, "swapped")
	c := &x.Trace.Candidates[0]
	box := ""
	for _, g := range x.Scene.Groups {
		if strings.HasPrefix(g.Say, "Mixer M1") {
			box = g.Say
		}
		if g.Kind == scene.GroupArrow {
			require.NotContains(t, g.Say, c.List[0].Recipient[:8])
		}
	}
	require.Contains(t, box, "5 candidates or more, schedule D:", "two more are not listed, and may be of the same withdrawals")
	require.Equal(t, 3, strings.Count(box, "perhaps to 0x"), "the best few")
	var page bytes.Buffer
	require.NoError(t, x.HTML(&page))
	text := html.UnescapeString(page.String())
	for i := range c.List {
		require.Contains(t, text, c.List[i].Recipient)
	}
	require.Contains(t, text, "a run of withdrawals as long as the run of deposits, strength 5; with recipients shuffled 0.11 others do the same")
	require.Contains(t, page.String(), "not looked at (&lt;no history&gt;)")
	require.Contains(t, text, "And 2 more.")
	var file bytes.Buffer
	require.NoError(t, x.CSV(&file, "schedule_d_candidates.csv"))
	rows, err := csv.NewReader(&file).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 6)
	require.Equal(t, []string{"5", "0x" + c.List[4].TxID.String()}, rows[5][10:12])

	adopted := *x.Trace
	adopted.Candidates = []tracer.MixerCandidates{*c}
	adopted.Candidates[0].Endpoint = ""
	data, err := json.Marshal(&adopted)
	require.NoError(t, err)
	y, err := exhibit.New(context.Background(), &adopted, data, exhibit.Options{})
	require.NoError(t, err)
	for _, g := range y.Scene.Groups {
		require.NotContains(t, g.Say, "perhaps to", "nothing of that deposit is left in the pool")
	}
}

// TestPeelChainsAreRuns: which output goes on is the finding's word, also where it is the smaller one,
// and the chain is one box.
func TestPeelChainsAreRuns(t *testing.T) {
	c := newChain("peeling")
	key, left := c.seed("V1", "thief", 64*btc), uint64(64*btc)
	f := c.find("peel", 0, nil, "a run of 4 transactions", nil)
	p := tracer.PeelRun{Finding: f.ID, Chain: "bitcoin", ValueIn: chains.Units(64 * btc), Peels: []tracer.PeelHop{}, Stop: "habits"}
	for i := range 4 {
		left /= 4
		out := c.spend([]string{key}, pay{fmt.Sprint("rest ", i), left}, pay{fmt.Sprint("payee ", i), 3*left - 1000})
		key = out[0]
		p.Hops = append(p.Hops, c.outs[key].hop)
		p.Peels = append(p.Peels, tracer.PeelHop{Hop: c.outs[out[1]].hop, To: c.node(fmt.Sprint("payee ", i), tracer.NodeAddress), Units: chains.Units(3*left - 1000)})
	}
	fees := chains.Units(4*1000 + btc)
	p.Fees, p.Added = &fees, []tracer.PeelAdded{{TxID: "of a coin beside", Input: 1, Units: chains.Units(btc)}}
	p.Tip, p.TipUnits = c.node("rest 3", tracer.NodeAddress), chains.Units(left)
	c.tr.Peels = []tracer.PeelRun{p}
	c.spend([]string{key}, pay{"onward", left - 1000})
	tr, data := c.finish(t)
	x, err := exhibit.New(context.Background(), tr, data, exhibit.Options{})
	require.NoError(t, err)

	require.NotEmpty(t, x.Diagram.Runs)
	run := x.Diagram.Runs[0]
	require.Len(t, run.Steps, 4)
	for i, s := range run.Steps {
		require.Equal(t, p.Hops[i], tr.Hops[s.Rest].ID)
		require.NotEqual(t, -1, s.Payment)
	}
	drawing := ""
	for _, g := range x.Scene.Groups {
		drawing += g.Say + "\n"
	}
	require.Contains(t, drawing, "Peel chain: ")
	require.Contains(t, drawing, "run 1 of schedule B, finding 1")
	var page bytes.Buffer
	require.NoError(t, x.HTML(&page))
	text := html.UnescapeString(page.String())
	require.Contains(t, text, "Run 1 (peel chain): 4 payments in 4 transactions; 64.00000000\u00a0BTC went in and 1.00000000\u00a0BTC more on the way, 63.74996000\u00a0BTC was paid, 1.00004000\u00a0BTC went to fees, 0.25000000\u00a0BTC left at ")
	require.Contains(t, text, "where it is not plain which output goes on")
}

// TestErrorsOnceOnPaper: schedule D on paper groups findings by heuristic, and says at the head of each
// group how often that was wrong: once, however many findings there are.
func TestErrorsOnceOnPaper(t *testing.T) {
	c := ten()
	rate := &tracer.MeasuredError{MeasuredOn: "blocks of a test", Rate: "0.01", N: 1300, What: "wrong", Hits: 13, Data: "real"}
	tx := c.tr.Hops[0].Legs[0].TxID.String()
	for _, f := range []struct {
		id, heuristic string
		error         *tracer.MeasuredError
	}{{"f1", "peel", rate}, {"f2", "dust", nil}, {"f3", "peel", rate}, {"f4", "peel", rate}} {
		c.tr.Findings = append(c.tr.Findings, tracer.Finding{ID: f.id, Heuristic: f.heuristic, Version: "1", TxID: tx, Says: "it is the one of " + f.id, Error: f.error})
	}
	tr, _ := c.finish(t)
	text := printed(pagesOf(t, exhibitOf(t, tr)))
	_, text, has := strings.Cut(text, squeezed("Findings, by heuristic"))
	require.True(t, has)
	text, _, _ = strings.Cut(text, "ScheduleE")
	require.Equal(t, 1, strings.Count(text, "blocksofatest"))
	require.Equal(t, 1, strings.Count(text, "errornotmeasured"))
	last := -1
	for _, want := range []string{"peel 1: wrong in 13", "of f1.", "of f3.", "of f4.", "dust 1: error not measured", "of f2."} {
		at := strings.Index(text, squeezed(want))
		require.Greater(t, at, last, want)
		last = at
	}
}

// TestWordsUsed: what a jury does not know is explained, on paper and in the report, in the same words.
func TestWordsUsed(t *testing.T) {
	x := byName(t, "swapped")
	paper, html := printed(pagesOf(t, x)), page(t, x)
	for _, want := range []string{"Alleged theft (seed)", "a movement out of the victim’s hands that the incident alleges to be a theft", "what a rule of accounting keeps apart"} {
		require.Contains(t, paper, squeezed(want))
		require.Contains(t, html, want)
	}
}

// Where lines of a drawing are inferred or adopted, its notes say how wrong their heuristics were.
func TestDrawingSaysMeasuredErrors(t *testing.T) {
	x := replica(t)
	var notes []string
	for _, n := range x.Scene.Words.Notes {
		notes = append(notes, n.Text)
	}
	require.Contains(t, strings.Join(notes, "\n"), "Behind lines that are inferred or adopted stand heuristics, with their measured errors: ")
	require.Regexp(t, `measured errors: .+ \((error not measured|(wrong|missed) in [0-9]+ of [0-9].*)\)`, strings.Join(notes, "\n"))
	exact, err := exhibit.New(t.Context(), func() *tracer.Trace { tr, _ := ten().finish(t); return tr }(), nil, exhibit.Options{})
	require.NoError(t, err)
	for _, n := range exact.Scene.Words.Notes {
		require.NotContains(t, n.Text, "Behind lines")
	}
}

// A table of nothing says that it is of a replica.
func TestReplicaOnEmptyTables(t *testing.T) {
	x := replica(t)
	var b bytes.Buffer
	require.NoError(t, x.CSV(&b, "schedule_b_peels.csv"))
	require.Regexp(t, `replica\r\n,+REPLICA\r\n$`, b.String())
	b.Reset()
	require.NoError(t, x.HTML(&b))
	require.Regexp(t, `[0-9]+ under fifo, [0-9]+ endpoints under any rule`, b.String(), "a count says under which rule it is")
}

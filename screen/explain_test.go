package screen_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/screen"
)

// The rules that did not fire stand in the order in which they came near, whatever their order in the file.
const explained = policyHead + `  - {id: nothing-there, category: gambling, action: review, reason: x}
  - {id: other-way, category: mixer, direction: destination, action: review, reason: x}
  - {id: two-conditions, category: mixer, type: direct, max_hops: 2, action: review, reason: x}
  - {id: one-condition, category: mixer, bases: whole, action: review, reason: x}
  - {id: half-the-units, category: mixer, min_units: {bitcoin: {native: 0.62 BTC}}, action: block, reason: x}
  - {id: nearly, category: mixer, type: [direct, indirect], min_share: 5%, action: block, reason: x}
  - {id: both-short, category: mixer, min_share: 6.2%, min_units: {bitcoin: {native: 3.1 BTC}}, action: block, reason: x}
  - {id: as-far, category: fraud, action: review, reason: x}
  - {id: elsewhere, category: unknown, chains: litecoin, action: review, reason: x}
  - {id: fires, category: mixer, min_share: 3%, action: review, reason: x}
  - {id: over, category: mixer, expires: 2024-06-30, action: review, reason: x}
  - {id: exception, entities: X, expires: 2025-01-01, action: allow, reason: x}
decide_by: fifo
`

func TestExplain(t *testing.T) {
	p := policyOf(t, explained)
	v := deposited(exposed(screen.Mixer, coin*31/100, coin*30/100))
	p.Decide(v)
	require.Equal(t, []string{"fires"}, firedIDs(v))
	type row struct {
		rule  string
		lacks []string
	}
	var got []row
	for _, f := range p.Explain(v) {
		got = append(got, row{f.Rule, f.Lacks})
		require.NotNil(t, f.Exposures)
	}
	require.Equal(t, []row{
		{"fires", nil},
		{"nearly", []string{"direct or indirect mixer by fifo: share 3.1 %, asks for 5 %"}},
		{"half-the-units", []string{"mixer by fifo: 0.31 BTC, asks for 0.62 BTC"}},
		{"one-condition", []string{"mixer: it rests on rule, asks for whole"}},
		{"exception", []string{"mixer: it is of entity nothing that is told, asks for X"}},
		{"two-conditions", []string{"mixer: it is indirect, asks for direct", "it is 3 hops away, asks for at most 2"}},
		{"both-short", []string{"mixer by fifo: share 3.1 %, asks for 6.2 %", "mixer by fifo: 0.31 BTC, asks for 3.1 BTC"}},
		{"nothing-there", []string{"nothing of gambling was found"}},
		{"as-far", []string{"nothing of fraud was found"}},
		{"elsewhere", []string{"the subject has no value in an asset that it is for"}},
		{"other-way", []string{"screened as source, asks for destination"}},
		{"over", []string{"it expired on 2024-06-30T23:59:59Z, before the last block that was read"}},
	}, got)
	require.Equal(t, v.Fired[0], p.Explain(v)[0], "a rule that fired is told as in the verdict")
}

// What each condition lacks is said in words that name what is there and what is asked for.
func TestExplainConditions(t *testing.T) {
	for _, c := range []struct {
		line  string
		e     screen.Exposure
		lacks string
	}{
		{"type: own", exposed(screen.Mixer, coin, 0), "mixer: it is indirect, asks for own"},
		{"chains: litecoin", exposed(screen.Mixer, coin, 0), "mixer: it is on bitcoin, asks for litecoin"},
		{"assets: \"" + someToken + "\"", exposed(screen.Mixer, coin, 0), "mixer: it is of asset native, asks for " + someTokenForm()},
		{"max_hops: 1", exposed(screen.Mixer, coin, 0), "mixer: it is 3 hops away, asks for at most 1"},
		{"known_by: [label, incident]", exposed(screen.Mixer, coin, 0), "mixer: it is known by walk, asks for label or incident"},
		{"bases: [whole, rule]", exposed(screen.Mixer, coin, 0, inferred), "mixer: it rests on inference, asks for whole or rule"},
		{"evidence: [proven, attested]", exposed(screen.Mixer, coin, 0, imported), "mixer: its evidence is imported, asks for proven or attested"},
		{"incidents: [a, b, c]", exposed(screen.Mixer, coin, 0, incident("d")), "mixer: it is of incident d, asks for a, b or c"},
		{"entities: X", exposed(screen.Mixer, coin, 0, entity("Y")), "mixer: it is of entity Y, asks for X"},
		{"addresses: \"bitcoin:" + someAddress + "\"", exposed(screen.Mixer, coin, 0), "mixer: none of 1 address listed by the rule was seen behind it"},
		{"when: now", exposed(screen.Mixer, coin, 0, claimed("x", true, false)), "mixer: no claim of it held at the time asked for: now"},
		{"from: 2024-02-01", exposed(screen.Mixer, coin, 0, walked("x", "2024-01-01T00:00:00Z")), "mixer: its movements are of another time, asks for from 2024-02-01T00:00:00Z"},
		{"until: 2023-02-01", exposed(screen.Mixer, coin, 0, walked("x", "2024-01-01T00:00:00Z")), "mixer: its movements are of another time, asks for until 2023-02-01T23:59:59Z"},
		{"min_share: 20%", exposed(screen.Mixer, coin, 0), "mixer by fifo: share 10 %, asks for 20 %"},
		{"min_share: 1 ppm", exposed(screen.Mixer, 999, 0), "mixer by fifo: share below 0.0001 %, asks for 0.0001 %"},
		{"min_share: 1 ppm", exposed(screen.Mixer, 0, coin), "mixer by fifo: nothing"},
	} {
		t.Run(c.lacks, func(t *testing.T) {
			p := policyOf(t, policyText("category: mixer", c.line)+"decide_by: fifo\n")
			v := deposited(c.e)
			p.Decide(v)
			require.Equal(t, []string{c.lacks}, p.Explain(v)[0].Lacks)
		})
	}
	p := policyOf(t, policyText("category: mixer")+"dust: {bitcoin: {native: 1000}}\ndecide_by: fifo\n")
	v := deposited(exposed(screen.Mixer, 999, 0))
	p.Decide(v)
	require.Equal(t, []string{"mixer by fifo: 0.00000999 BTC, below the dust limit of 0.00001 BTC"}, p.Explain(v)[0].Lacks)
}

func someTokenForm() string {
	p, err := parsePolicy(policyText("category: mixer", "assets: \""+someToken+"\""))
	if err != nil {
		panic(err)
	}
	return string(p.Rules[0].Assets[0])
}

// What is said of a rule that fired, and of the whole verdict.
func TestSays(t *testing.T) {
	p := policyOf(t, policyHead+`  - {id: look, category: [mixer, fraud], action: review, reason: x}
  - {id: hold, category: stolen, action: block, reason: x}
`)
	v := deposited(exposed(screen.Mixer, coin, 2*coin), exposed(screen.Stolen, coin/2, coin/4, incident("a"), direct), exposed(screen.Fraud, 1000, 0, entity("A Scam")))
	v.Outcome = screen.NotCovered
	p.Decide(v)
	require.Equal(t, "2 of 10 BTC (20 %) comes from a mixer, an alleged fraud (A Scam), 3 hops away at the nearest, by prorata", v.Fired[0].Says)
	require.Equal(t, "0.5 of 10 BTC (5 %) comes from an alleged theft (incident a), 1 hop away at the nearest, by fifo", v.Fired[1].Says)
	require.Equal(t, "Match, block: 0.5 of 10 BTC (5 %) comes from an alleged theft (incident a), 1 hop away at the nearest, by fifo (rule hold, line 5); 1 rule fired beside it", v.Says)

	v.Subject.Direction = screen.Destination
	p.Decide(v)
	require.Contains(t, v.Fired[0].Says, "goes to a mixer")

	quiet := deposited(exposed(screen.Exchange, 5*coin, 4*coin))
	quiet.Unasked = []screen.Unasked{{}, {}}
	p.Decide(quiet)
	require.Equal(t, "Clear within coverage: no rule to review or block fired; of 10 BTC 40 % is explained; 2 movements that came unasked are shown apart", quiet.Says)

	lost := deposited()
	lost.Outcome, lost.Coverage.Gaps = screen.NotCovered, []screen.Gap{{What: "block 5", Why: "it was not read"}}
	p.Decide(lost)
	require.Equal(t, "Not covered: block 5: it was not read", lost.Says)

	failed := deposited()
	failed.Outcome, failed.Error = screen.Failed, "the disk"
	p.Decide(failed)
	require.Equal(t, "Error: the disk", failed.Says)
}

// A token may claim any symbol: one that could be taken for a part of the sentence is left out.
func TestSaysTokens(t *testing.T) {
	p := policyOf(t, policyText("category: mixer"))
	for symbol, want := range map[string]string{
		"USDT": "1,500.00 of 2,000.00 USDT (token 0xt) (75 %)", "no risk at all": "1,500.00 of 2,000.00 (token 0xt) (75 %)",
		"": "1,500.00 of 2,000.00 (token 0xt) (75 %)", "(clear)": "1,500.00 of 2,000.00 (token 0xt) (75 %)",
	} {
		v := deposited(exposed(screen.Mixer, 1_500_000_001, 0, func(e *screen.Exposure) { e.Chain, e.Asset = "ethereum", "0xt" }))
		v.Value = append(v.Value, screen.Value{Chain: "ethereum", Asset: "0xt", Symbol: symbol, Decimals: 6, Units: chains.Units(2_000_000_000)})
		p.Decide(v)
		require.Equal(t, want+" comes from a mixer, 3 hops away at the nearest, by fifo", v.Fired[0].Says, symbol)
	}
	v := deposited(exposed(screen.Mixer, 1234, 0, func(e *screen.Exposure) { e.Asset = "0xt" }))
	v.Value = append(v.Value, screen.Value{Chain: "bitcoin", Asset: "0xt", Symbol: "X", Decimals: -1, Units: chains.Units(5678)})
	p.Decide(v)
	require.Equal(t, "1,234 of 5,678 units (token 0xt) (21.733 %) comes from a mixer, 3 hops away at the nearest, by fifo", v.Fired[0].Says)
}

// Of two that are as near the first is told: of exposures in their order, of the rules of accounting FIFO.
func TestExplainTies(t *testing.T) {
	p := policyOf(t, policyText("category: mixer", "entities: X"))
	v := deposited(exposed(screen.Mixer, coin, coin, entity("A")), exposed(screen.Mixer, coin, coin, entity("B")))
	p.Decide(v)
	require.Equal(t, []string{"mixer: it is of entity A, asks for X"}, p.Explain(v)[0].Lacks)

	p = policyOf(t, policyText("category: mixer", "min_share: 50%"))
	p.Decide(v)
	require.Equal(t, []string{"mixer by fifo: share 20 %, asks for 50 %"}, p.Explain(v)[0].Lacks)
}

// The nearest of several exposures says how far away a sum is.
func TestSaysHops(t *testing.T) {
	far := func(e *screen.Exposure) { e.Hops = 7 }
	v := deposited(exposed(screen.Mixer, coin, 0, entity("A"), far), exposed(screen.Mixer, coin, 0, entity("A")), exposed(screen.Mixer, coin, 0, entity("B"), far))
	policyOf(t, policyText("category: mixer")).Decide(v)
	require.Equal(t, "3 of 10 BTC (30 %) comes from a mixer (A), a mixer (B), 3 hops away at the nearest, by fifo", v.Fired[0].Says)
}

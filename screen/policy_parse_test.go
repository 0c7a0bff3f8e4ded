package screen_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/screen"
	"clew/strict"
	"clew/tracer"
)

const (
	someAddress = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
	someAccount = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
	someToken   = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
)

const policyHead = "clew: rules/1\nid: p\nrules:\n"

func parsePolicy(text string) (*screen.Policy, error) {
	return screen.ParsePolicy("rules.yaml", []byte(text), families{})
}

func policyOf(tb testing.TB, text string) *screen.Policy {
	tb.Helper()
	p, err := parsePolicy(text)
	require.NoError(tb, err)
	return p
}

// policyText is a policy with one rule that has these lines beside id, action and reason.
func policyText(lines ...string) string {
	text := policyHead + "  - id: r1\n    action: review\n    reason: Because.\n"
	for _, line := range lines {
		text += "    " + line + "\n"
	}
	return text
}

func TestParsePolicyWhole(t *testing.T) {
	p := policyOf(t, `clew: rules/1
id: house-2026.1
title: House
notes: For the desk.
decide_by: prorata
budget: {hops: 5, transactions: 100}
deep: {milliseconds: 7000}
not_covered: allow
failed: block
max_behind: {bitcoin: 3, "eip155:1": 0}
dust:
  bitcoin: {native: 1000}
  ethereum: {native: 0.001 ETH, "`+someToken+`": "1000000"}
rules:
  - id: all-fields
    category: [mixer, darknet]
    type: [direct, indirect]
    direction: source
    chains: [bitcoin, ethereum]
    assets: [native, "`+someToken+`"]
    min_share: 12.5%
    min_units: {bitcoin: {native: 0.5 BTC}}
    max_hops: 4
    bases: [whole, rule]
    evidence: proven
    known_by: [walk, label]
    when: transaction
    from: 2020-01-01
    until: 2020-12-31
    expires: 2030-06-30T12:00:00+02:00
    incidents: [a, b]
    entities: A Mixer
    addresses: ["bitcoin:`+strings.ToUpper(someAddress)+`", "ethereum:`+strings.ToLower(someAccount)+`"]
    action: block
    reason: Because.
  - {id: second, category: unknown, min_share: 250 ppm, action: review, reason: Because.}
score: {stolen: 100, mixer: 40, exchange: 0}
`)
	require.Equal(t, "house-2026.1", p.ID)
	require.Equal(t, screen.ByProRata, p.DecideBy)
	require.Equal(t, screen.Budget{Hops: 5, Transactions: 100, Milliseconds: 1000}, p.Budget, "a bound that is left out is the default's")
	require.Equal(t, 7000, p.Deep.Milliseconds)
	require.Equal(t, []screen.Action{screen.Allow, screen.Block}, []screen.Action{p.NotCovered, p.Failed})
	require.Equal(t, map[chains.Chain]int64{"bitcoin": 3, "ethereum": 0}, p.MaxBehind)
	token := chains.Asset(evm.Codec{}.FormatAddress("ethereum", mustAddress(t, "ethereum", someToken)))
	require.Equal(t, "1000000000000000", p.Dust["ethereum"][chains.Native].String())
	require.Equal(t, "1000000", p.Dust["ethereum"][token].String())
	require.Equal(t, "1000", p.Dust["bitcoin"][chains.Native].String())
	require.Equal(t, map[screen.Category]int{screen.Stolen: 100, screen.Mixer: 40, screen.Exchange: 0}, p.Score)
	account := evm.Codec{}.FormatAddress("ethereum", mustAddress(t, "ethereum", someAccount))
	require.Equal(t, []screen.Rule{{
		ID: "all-fields", Line: 15, Categories: []screen.Category{screen.Mixer, screen.Darknet},
		Distance: []screen.Distance{screen.Direct, screen.Indirect}, Direction: []screen.Direction{screen.Source},
		Chains: []chains.Chain{"bitcoin", "ethereum"}, Assets: []chains.Asset{chains.Native, token}, MinShare: 125_000,
		MinUnits: map[chains.Chain]map[chains.Asset]chains.Amount{"bitcoin": {chains.Native: chains.Units(50_000_000)}},
		MaxHops:  4, Bases: []tracer.Basis{tracer.Whole, tracer.ByRule}, Evidence: []chains.Evidence{chains.EvidenceProven},
		KnownBy: []screen.Way{screen.ByWalk, screen.ByLabel}, When: screen.AtTransaction,
		From: day("2020-01-01T00:00:00Z"), Until: day("2020-12-31T23:59:59Z"), Expires: day("2030-06-30T10:00:00Z"),
		Incidents: []string{"a", "b"}, Entities: []string{"A Mixer"},
		Addresses: []screen.AddressOf{{Chain: "bitcoin", Address: someAddress}, {Chain: "ethereum", Address: account}},
		Action:    screen.Block, Reason: "Because.",
	}, {
		ID: "second", Line: 36, Categories: []screen.Category{screen.Unknown}, MinShare: 250, Action: screen.Review, Reason: "Because.",
	}}, p.Rules)
}

func mustAddress(tb testing.TB, chain chains.Chain, text string) chains.Address {
	tb.Helper()
	a, err := families{}.ParseAddress(chain, text)
	require.NoError(tb, err)
	return a
}

func day(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

// Every way to write a share is exact, and what is no whole part of a million is refused.
func TestParsePolicyShares(t *testing.T) {
	for text, want := range map[string]int64{
		"1%": 10_000, "0.01": 10_000, "10000 ppm": 10_000, "10000ppm": 10_000, "100%": 1_000_000, "0.000001": 1,
		"0.0001%": 1, "12.5 %": 125_000, "33.3333%": 333_333, "0.0100000000": 10_000, "1 ppm": 1,
	} {
		p := policyOf(t, policyText("category: mixer", "min_share: "+text))
		require.Equal(t, want, p.Rules[0].MinShare, text)
	}
	for _, text := range []string{
		"0", "1", "0%", "1.0000001", "2", "101%", "0.00001%", "0.0000001", "1.5 ppm", "1000001 ppm", "-1%", "+1%", "1e-2", "1,5%", "%", ".5", "1.", "a", "1%%", "99999999999999999999999999%",
	} {
		_, err := parsePolicy(policyText("category: mixer", `min_share: "`+text+`"`))
		require.ErrorContains(t, err, "rules.yaml:8: field rules[0].min_share: share", text)
	}
}

func TestParsePolicyRefuses(t *testing.T) {
	const expires = "expires: 2030-01-01"
	for _, c := range []struct{ name, text, says string }{
		{"empty", "", "rules.yaml:1: field clew: the file is empty: want clew: rules/1"},
		{"another schema", "clew: incident/1\nid: p\nrules: []\n", `rules.yaml:1: field clew: want "rules/1", got "incident/1"`},
		{"no id", "clew: rules/1\nrules:\n  - {id: a, category: mixer, action: review, reason: x}\n", "rules.yaml:1: field id: a policy needs an id"},
		{"no rules", "clew: rules/1\nid: p\n", "rules.yaml:1: field rules: a policy needs at least one rule"},
		{"an empty list of rules", "clew: rules/1\nid: p\nrules: []\n", "rules.yaml:3: field rules: a policy needs at least one rule"},
		{"unknown field", "clew: rules/1\nid: p\nrule: []\n", "rules.yaml:3: field rule: unknown field: did you mean rules? (known: budget,"},
		{"unknown field of a rule", policyText("category: mixer", "min_shares: 1%"), "rules.yaml:8: field rules[0].min_shares: unknown field: did you mean min_share?"},
		{"category misspelt", policyText("category: mixxer"), `rules.yaml:7: field rules[0].category: "mixxer": did you mean "mixer"? (known: sanctioned,`},
		{"category misspelt in a list", policyText("category:", "  - mixer", "  - ransom"), `rules.yaml:9: field rules[0].category[1]: "ransom": want one of sanctioned,`},
		{"category twice", policyText("category: [mixer, mixer]"), "rules.yaml:7: field rules[0].category[1]: mixer stands twice"},
		{"no category", policyText("category: []"), "rules.yaml:7: field rules[0].category: the list is empty"},
		{"action misspelt", policyHead + "  - {id: a, category: mixer, action: deny, reason: x}\n", `rules.yaml:4: field rules[0].action: "deny": want one of allow, review, block`},
		{"no action", policyHead + "  - {id: a, category: mixer, reason: x}\n", "rules.yaml:4: field rules[0].action: a rule needs an action"},
		{"no reason", policyHead + "  - {id: a, category: mixer, action: block}\n", "rules.yaml:4: field rules[0].reason: a rule needs a reason"},
		{"an empty reason", policyHead + "  - {id: a, category: mixer, action: block, reason: \" \"}\n", "field rules[0].reason: empty"},
		{"no rule id", policyHead + "  - {category: mixer, action: block, reason: x}\n", "field rules[0].id: a rule needs an id"},
		{"an id that is no word", policyHead + "  - {id: a b, category: mixer, action: block, reason: x}\n", `field rules[0].id: "a b": want 1 to 64 letters`},
		{"an id twice", policyText("category: mixer") + "  - id: r1\n    category: fraud\n    action: review\n    reason: x\n", `rules.yaml:8: field rules[1].id: "r1" stands in line 4 already`},
		{"review without a category", policyText("min_share: 1%"), "rules.yaml:4: field rules[0].category: a rule to review needs a category"},
		{"type misspelt", policyText("category: mixer", "type: dierct"), `rules.yaml:8: field rules[0].type: "dierct": did you mean "direct"?`},
		{"direction misspelt", policyText("category: mixer", "direction: sources"), `did you mean "source"?`},
		{"basis misspelt", policyText("category: mixer", "bases: [whole, ruel]"), `rules.yaml:8: field rules[0].bases[1]: "ruel": did you mean "rule"?`},
		{"evidence misspelt", policyText("category: mixer", "evidence: prooven"), `rules.yaml:8: field rules[0].evidence: "prooven": did you mean "proven"?`},
		{"way misspelt", policyText("category: mixer", "known_by: labels"), `did you mean "label"?`},
		{"chain misspelt", policyText("category: mixer", "chains: bitcoins"), `rules.yaml:8: field rules[0].chains: did you mean "bitcoin"?`},
		{"chain misspelt as a key", "clew: rules/1\nid: p\nmax_behind: {etherium: 3}\n", `rules.yaml:3: field max_behind.etherium: did you mean "ethereum"?`},
		{"one chain in two names", "clew: rules/1\nid: p\nmax_behind: {ethereum: 3, \"eip155:1\": 3}\n", "field max_behind.eip155:1: stands twice, as ethereum"},
		{"when misspelt", policyText("category: sanctioned", "when: nwo"), `did you mean "now"?`},
		{"decide_by misspelt", "clew: rules/1\nid: p\ndecide_by: fiffo\n", `rules.yaml:3: field decide_by: "fiffo": did you mean "fifo"?`},
		{"decide_by a rule that screening does not know", "clew: rules/1\nid: p\ndecide_by: lifo\n", `field decide_by: "lifo": did you mean "fifo"?`},
		{"an error that allows", "clew: rules/1\nid: p\nfailed: allow\n", "rules.yaml:3: field failed: an error says nothing of the subject"},
		{"a budget of nothing", "clew: rules/1\nid: p\nbudget: {hops: 0}\n", "field budget.hops: 0: want from 1 to 10000"},
		{"a budget beyond all bounds", "clew: rules/1\nid: p\ndeep: {transactions: 2000000}\n", "field deep.transactions: 2000000: want from 1 to 1000000"},
		{"a negative height", "clew: rules/1\nid: p\nmax_behind: {bitcoin: -1}\n", `field max_behind.bitcoin: "-1": want a whole number from 0`},
		{"units with a point", policyText("category: mixer", "min_units: {bitcoin: {native: 0.5}}"), `field rules[0].min_units.bitcoin.native: "0.5": want whole units, digits only, or coins with their symbol: "0.5 BTC"`},
		{"another coin's symbol", policyText("category: mixer", "min_units: {bitcoin: {native: 1 ETH}}"), "the coin of bitcoin is BTC"},
		{"more decimals than the coin has", policyText("category: mixer", "min_units: {bitcoin: {native: 0.000000001 BTC}}"), "more than 8 digits behind the point"},
		{"coins of a token", policyText("category: mixer", "min_units: {ethereum: {\""+someToken+"\": 5 USDT}}"), "how many decimals a token has, its contract claims"},
		{"no units", policyText("category: mixer", "min_units: {bitcoin: {native: 0}}"), "0 asks for nothing"},
		{"units of nothing", policyText("category: mixer", "min_units: {}"), "field rules[0].min_units: it names no asset"},
		{"units that are no mapping", policyText("category: mixer", "min_units: 5"), "field rules[0].min_units: want fields"},
		{"a token on a chain of outputs", policyText("category: mixer", "min_units: {bitcoin: {\""+someToken+"\": 5}}"), "the native coin only"},
		{"an asset that is none", policyText("category: mixer", "assets: USDT"), `field rules[0].assets: asset "USDT": want native or a token's address`},
		{"no hops", policyText("category: mixer", "max_hops: 0"), "field rules[0].max_hops: 0 hops is what is said of an own address"},
		{"a date that is none", policyText("category: mixer", "from: 2020-02-30"), `field rules[0].from: "2020-02-30": want a day like`},
		{"a date with a fraction", policyText("category: mixer", "from: 2020-02-03T00:00:00.5Z"), "want a day like"},
		{"until before from", policyText("category: mixer", "from: 2021-01-02", "until: 2021-01-01"), "rules.yaml:9: field rules[0].until: 2021-01-01 is before from"},
		{"an address without its chain", policyText("category: mixer", "addresses: "+someAddress), "field rules[0].addresses: chain"},
		{"an address that is none", policyText("category: mixer", "addresses: [\"bitcoin:bc1qx\"]"), "field rules[0].addresses[0]: "},
		{"an address twice", policyText("category: mixer", "addresses: [\"bitcoin:"+someAddress+"\", \"bitcoin:"+strings.ToUpper(someAddress)+"\"]"), "stands twice"},
		{"own with an amount", policyText("category: mixer", "type: own", "min_share: 1%"), "rules.yaml:8: field rules[0].type: what is said of an own address is no part of its value"},
		{"unknown beside others", policyText("category: [unknown, mixer]"), "field rules[0].category: unknown is what no category explains"},
		{"unknown at a distance", policyText("category: unknown", "type: direct"), "field rules[0].category: of unknown value only the amount is known"},
		{"unknown by dates", policyText("category: unknown", "until: 2020-01-01"), "only the amount is known"},
		{"allow all", allowText("category: mixer", expires), "field rules[0].action: allow takes what fits the rule out of all other rules"},
		{"allow for ever", allowText("entities: X"), "rules.yaml:4: field rules[0].expires: an exception needs a day"},
		{"a word of the field for a category", policyText("category: hack"), `rules[0].category: "hack": did you mean "stolen"?`},
		{"allow by amount", allowText("entities: X", expires, "min_share: 1%"), "allow takes single exposures whole"},
		{"allow the unknown", allowText("category: unknown", "entities: X", expires), "only the amount is known"},
		{"a weight above all", policyText("category: mixer") + "score: {mixer: 101}\n", "field score.mixer: 101: want a weight from 0 to 100"},
		{"a weight of no category", policyText("category: mixer") + "score: {mixxer: 1}\n", `field score.mixxer: "mixxer": did you mean "mixer"?`},
		{"a rule that is no mapping", policyHead + "  - block everything\n", "rules.yaml:4: field rules[0]: want fields"},
		{"an alias", "clew: rules/1\nid: &a p\ntitle: *a\n", "rules.yaml:3: field title: want a text"},
		{"a merge key", "clew: rules/1\nid: p\n<<: {title: x}\n", "rules.yaml:3: field <<: unknown field"},
		{"a field twice", "clew: rules/1\nid: p\nid: q\n", "rules.yaml:3: field id: stands twice"},
		{"no YAML", "clew: rules/1\nid: [\n", "rules.yaml:2: this is not YAML"},
		{"two documents", "clew: rules/1\nid: p\n---\nclew: rules/1\n", "a second document begins here: one policy in a file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parsePolicy(c.text)
			require.ErrorContains(t, err, c.says)
			var at *strict.FieldError
			require.ErrorAs(t, err, &at)
			require.Positive(t, at.Line)
		})
	}
}

// allowText is a policy with one rule that allows.
func allowText(lines ...string) string {
	return strings.Replace(policyText(lines...), "action: review", "action: allow", 1)
}

// Without anybody who reads addresses none can be named.
func TestParsePolicyWithoutCodec(t *testing.T) {
	for _, text := range []string{
		policyText("category: mixer", "addresses: [\"bitcoin:"+someAddress+"\"]"), policyText("category: mixer", "assets: \""+someToken+"\""),
	} {
		_, err := screen.ParsePolicy("rules.yaml", []byte(text), nil)
		require.ErrorContains(t, err, "named here")
	}
}

// FuzzParsePolicy: what is taken is a policy that holds what its readers rely on, and what is refused
// names a line of the file.
func FuzzParsePolicy(f *testing.F) {
	standard, err := os.ReadFile("policies/default.yaml")
	require.NoError(f, err)
	for _, text := range []string{
		string(standard), policyText("category: mixer", "min_share: 1%"), policyText("category: unknown", "min_units: {bitcoin: {native: 1}}"),
		allowText("incidents: [a]", "expires: 2030-01-01"), "clew: rules/1\n? [a]\n: b\n", "- a\n", "\x00", "a: b: c\n", policyHead + "  - ~\n",
		policyText("category: &a mixer", "entities: *a"), policyText("addresses: [\"bitcoin:" + someAddress + "\"]"),
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePolicy(text)
		if err != nil {
			var at *strict.FieldError
			require.ErrorAs(t, err, &at)
			require.Equal(t, "rules.yaml", at.File)
			require.Positive(t, at.Line)
			require.LessOrEqual(t, at.Line, strings.Count(text, "\n")+1+strings.Count(text, "\r"))
			return
		}
		require.NotEmpty(t, p.ID)
		require.NotEmpty(t, p.Rules)
		require.NotEqual(t, screen.Allow, p.Failed)
		require.Equal(t, text, string(p.Source))
		ids := map[string]bool{}
		for i := range p.Rules {
			r := &p.Rules[i]
			require.False(t, ids[r.ID])
			ids[r.ID] = true
			require.NotEmpty(t, r.Reason)
			require.NotEmpty(t, r.Action)
			require.True(t, r.MinShare >= 0 && r.MinShare <= screen.Million)
			require.True(t, len(r.Categories) > 0 || r.Action == screen.Allow)
			require.True(t, r.Action != screen.Allow || !r.Expires.IsZero())
		}
	})
}

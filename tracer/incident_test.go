package tracer_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

var txid = strings.Repeat("ab", 32)

func parseIncident(text string) (*tracer.Incident, error) {
	text = strings.NewReplacer("TXID", txid, "CHAIN", string(chain)).Replace(text)
	return tracer.ParseIncident("case.yaml", []byte(text), plain{})
}

const head = "clew: incident/1\nid: case\nrule: fifo\n"

// Every error names the file, the line and the field.
func TestIncidentErrors(t *testing.T) {
	for _, c := range []struct {
		name, text string
		line       int
		field      string
		says       string
	}{
		{"empty", "", 1, "clew", "empty"},
		{"only a comment", "# nothing\n", 1, "clew", "empty"},
		{"a list", "- a\n", 1, "", "want fields"},
		{"no schema", "id: case\nrule: fifo\nseeds: [{output: \"CHAIN:TXID:0\"}]\n", 1, "clew", "incident/1"},
		{"another schema", "clew: incident/2\nid: case\nrule: fifo\nseeds: [{output: \"CHAIN:TXID:0\"}]\n", 1, "clew", "incident/2"},
		{"no id", "clew: incident/1\nrule: fifo\nseeds: [{output: \"CHAIN:TXID:0\"}]\n", 1, "id", "needs an id"},
		{"unknown field", head + "colour: red\n", 4, "colour", "unknown field (known: accounts"},
		{"a field twice", head + "title: a\nnotes: b\ntitle: c\n", 6, "title", "stands twice"},
		{"title is a list", head + "title: [a]\n", 4, "title", "want a text"},
		{"synthetic", head + "synthetic: maybe\n", 4, "synthetic", "true or false"},
		{"unknown rule", "clew: incident/1\nid: case\nrule: best\n", 3, "rule", "want one of"},
		{"poison declared", "clew: incident/1\nid: case\nrule: poison\nseeds: [{output: \"CHAIN:TXID:0\"}]\n", 3, "rule", "accounting rule"},
		{"tiho for accounts", "clew: incident/1\nid: case\nrule: tiho\naccounts: address\nseeds: [{output: \"CHAIN:TXID:0\"}]\n", 1, "rule", "outputs only"},
		{"unknown pots", head + "accounts: wallet\n", 4, "accounts", "want output, address or cluster"},
		{"adopt", head + "adopt:\n  - {candidate: x}\n", 5, "adopt[0].candidate", "unknown field"},
		{"adopt is no list", head + "adopt: x\n", 4, "adopt", "want a list"},

		{"no seeds", head, 1, "seeds", "at least one seed"},
		{"empty seeds", head + "seeds: []\n", 4, "seeds", "at least one seed"},
		{"seeds is no list", head + "seeds: {output: x}\n", 4, "seeds", "want a list"},
		{"a seed is no mapping", head + "seeds:\n  - CHAIN:TXID:0\n", 5, "seeds[0]", "want fields"},
		{"an empty seed", head + "seeds:\n  - {id: V1}\n", 5, "seeds[0]", "chain"},
		{"unknown field of a seed", head + "seeds:\n  - {output: \"CHAIN:TXID:0\"}\n  - id: V2\n    vout: 0\n", 7, "seeds[1].vout", "unknown field"},
		{"an id twice", head + "seeds:\n  - {id: V1, output: \"CHAIN:TXID:0\"}\n  - {id: V1, output: \"CHAIN:TXID:1\"}\n", 6, "seeds[1]", "twice"},
		{"a given id that was made", head + "seeds:\n  - {output: \"CHAIN:TXID:0\"}\n  - {id: V1, output: \"CHAIN:TXID:1\"}\n", 6, "seeds[1]", "twice"},
		{"output without chain", head + "seeds:\n  - {output: \"TXID:0\"}\n", 5, "seeds[0].output", "unknown chain"},
		{"output of an unknown chain", head + "seeds:\n  - {output: \"pound:TXID:0\"}\n", 5, "seeds[0].output", "unknown chain"},
		{"output without index", head + "seeds:\n  - {output: \"CHAIN:TXID\"}\n", 5, "seeds[0].output", "want CHAIN"},
		{"output with an address", head + "seeds:\n  - {output: \"CHAIN:TXID:A\"}\n", 5, "seeds[0].output", "want CHAIN"},
		{"output of a short hash", head + "seeds:\n  - {output: \"CHAIN:abcd:0\"}\n", 5, "seeds[0].output", "64 hex digits"},
		{"output of another chain", head + "seeds:\n  - {output: \"CHAIN:TXID:0\", chain: bitcoin}\n", 5, "seeds[0].output", "chain"},
		{"output is a list", head + "seeds:\n  - {output: [a]}\n", 5, "seeds[0].output", "want CHAIN"},
		{"output and tx", head + "seeds:\n  - {output: \"CHAIN:TXID:0\", tx: TXID}\n", 5, "seeds[0]", "stands alone"},
		{"tx without chain", head + "seeds:\n  - {tx: TXID, to: A}\n", 5, "seeds[0]", "needs a chain"},
		{"tx without receiver", head + "seeds:\n  - {chain: CHAIN, tx: TXID}\n", 5, "seeds[0]", "`to`"},
		{"tx and window", head + "seeds:\n  - {chain: CHAIN, tx: TXID, to: A, from: 1}\n", 5, "seeds[0]", "neither"},
		{"tx of no hash", head + "seeds:\n  - chain: CHAIN\n    tx: abc\n    to: A\n", 6, "seeds[0].tx", "64 hex digits"},
		{"an impossible receiver", head + "seeds:\n  - {chain: CHAIN, tx: TXID, to: \"a:b\"}\n", 5, "seeds[0].to", "want letters"},
		{"receiver is a list", head + "seeds:\n  - {chain: CHAIN, tx: TXID, to: [A]}\n", 5, "seeds[0].to", "want an address"},
		{"unknown chain", head + "seeds:\n  - {chain: pound, tx: TXID, to: A}\n", 5, "seeds[0].chain", "unknown chain"},
		{"window without end", head + "seeds:\n  - {chain: CHAIN, address: A, from: 1}\n", 5, "seeds[0]", "want output; or"},
		{"window without start", head + "seeds:\n  - {chain: CHAIN, address: A, to: 1}\n", 5, "seeds[0]", "want output; or"},
		{"window backwards", head + "seeds:\n  - {chain: CHAIN, address: A, from: 5, to: 4}\n", 5, "seeds[0]", "ends before"},
		{"window backwards in time", head + "seeds:\n  - {chain: CHAIN, address: A, from: 2022-01-02T00:00:00Z, to: 2022-01-01T00:00:00Z}\n", 5, "seeds[0]", "ends before"},
		{"a bound of neither kind", head + "seeds:\n  - {chain: CHAIN, address: A, from: soon, to: 4}\n", 5, "seeds[0].from", "want a height, or a time"},
		{"a negative height", head + "seeds:\n  - {chain: CHAIN, address: A, from: -1, to: 4}\n", 5, "seeds[0].from", "want a height"},
		{"an impossible end", head + "seeds:\n  - {chain: CHAIN, address: A, from: 1, to: late}\n", 5, "seeds[0].to", "want a height"},
		{"an impossible address", head + "seeds:\n  - {chain: CHAIN, address: \"@\", from: 1, to: 2}\n", 5, "seeds[0].address", "want letters"},
		{"a token", head + "seeds:\n  - {output: \"CHAIN:TXID:0\", asset: USDT}\n", 5, "seeds[0].asset", "native coin only"},
		{"amount is no number", head + "seeds:\n  - {output: \"CHAIN:TXID:0\", amount: ten, take: first}\n", 5, "seeds[0].amount", "digits"},
		{"amount is negative", head + "seeds:\n  - {output: \"CHAIN:TXID:0\", amount: -1, take: first}\n", 5, "seeds[0].amount", "digits"},
		{"amount is a fraction", head + "seeds:\n  - {output: \"CHAIN:TXID:0\", amount: 0.5, take: first}\n", 5, "seeds[0].amount", "digits"},
		{"amount is too large", head + "seeds:\n  - {output: \"CHAIN:TXID:0\", amount: \"" + strings.Repeat("9", 78) + "\", take: first}\n", 5, "seeds[0].amount", "overflows"},
		{"amount of 0", head + "seeds:\n  - {output: \"CHAIN:TXID:0\", amount: 0, take: first}\n", 5, "seeds[0]", "0 seeds nothing"},
		{"amount without take", head + "seeds:\n  - {output: \"CHAIN:TXID:0\", amount: 5}\n", 5, "seeds[0]", "take"},
		{"take without amount", head + "seeds:\n  - {output: \"CHAIN:TXID:0\", take: first}\n", 5, "seeds[0]", "amount"},
		{"an unknown take", head + "seeds:\n  - {output: \"CHAIN:TXID:0\", amount: 5, take: middle}\n", 5, "seeds[0]", "first or last"},
		{"the last of a window", head + "seeds:\n  - {chain: CHAIN, address: A, from: 1, to: 2, amount: 5, take: last}\n", 5, "seeds[0]", "known only at its end"},
		{"height of a window", head + "seeds:\n  - {chain: CHAIN, address: A, from: 1, to: 2, height: 3}\n", 5, "seeds[0]", "height"},
		{"a height that is none", head + "seeds:\n  - {output: \"CHAIN:TXID:0\", height: high}\n", 5, "seeds[0].height", "whole number"},
		{"the same output twice", head + "seeds:\n  - {output: \"CHAIN:TXID:0\"}\n  - {output: \"CHAIN:TXID:0\"}\n", 4, "seeds", "V1 and V2 overlap"},
		{"the same receipt twice", head + "seeds:\n  - {chain: CHAIN, tx: TXID, to: A}\n  - {chain: CHAIN, tx: TXID, to: A}\n", 4, "seeds", "overlap"},
		{"windows that share a block", head + "seeds:\n  - {chain: CHAIN, address: A, from: 1, to: 5}\n  - {chain: CHAIN, address: A, from: 5, to: 9}\n", 4, "seeds", "overlap"},
		{"one window in another", head + "seeds:\n  - {chain: CHAIN, address: A, from: 2022-01-01T00:00:00Z, to: 2022-02-01T00:00:00Z}\n  - {chain: CHAIN, address: A, from: 2022-01-10T00:00:00Z, to: 2022-01-11T00:00:00Z}\n", 4, "seeds", "overlap"},
		{"windows in any order", head + "seeds:\n  - {chain: CHAIN, address: A, from: 10, to: 20}\n  - {chain: CHAIN, address: A, from: 1, to: 5}\n  - {chain: CHAIN, address: A, from: 7, to: 10}\n", 4, "seeds", "V3 and V1 overlap"},

		{"stop is no mapping", head + "stop: 5\n", 4, "stop", "want fields"},
		{"unknown stop", head + "stop: {depth: 5}\n", 4, "stop.depth", "unknown field"},
		{"hops is no number", head + "stop:\n  hops: many\n", 5, "stop.hops", "whole number"},
		{"hops is negative", head + "stop: {hops: -1}\n", 4, "stop.hops", "whole number"},
		{"hops is signed", head + "stop: {hops: +1}\n", 4, "stop.hops", "whole number"},
		{"touched is a fraction", head + "stop: {touched: 1.5}\n", 4, "stop.touched", "whole number"},
		{"until is no time", head + "stop: {until: soon}\n", 4, "stop.until", "want a time"},
		{"dust is no mapping", head + "stop: {dust: 546}\n", 4, "stop.dust", "want fields"},
		{"dust of a token", head + "stop: {dust: {USDT: \"1\"}}\n", 4, "stop.dust.USDT", "unknown field"},
		{"dust is no number", head + "stop: {dust: {native: small}}\n", 4, "stop.dust.native", "digits"},

		{"an opening is no mapping", head + "openings: [5]\n", 4, "openings[0]", "want fields"},
		{"an opening without source", head + "openings:\n  - {chain: CHAIN, address: A, amount: 5}\n", 5, "openings[0]", "source"},
		{"an opening without chain", head + "openings:\n  - {address: A, amount: 5, source: s}\n", 5, "openings[0]", "chain"},
		{"an opening without address", head + "openings:\n  - {chain: CHAIN, amount: 5, source: s}\n", 5, "openings[0]", "address"},
		{"an opening without amount", head + "openings:\n  - {chain: CHAIN, address: A, source: s}\n", 5, "openings[0]", "amount"},
		{"an opening of an impossible address", head + "openings:\n  - {chain: CHAIN, address: \"@\", amount: 5, source: s}\n", 5, "openings[0].address", "want letters"},
		{"an opening of an impossible amount", head + "openings:\n  - {chain: CHAIN, address: A, amount: x, source: s}\n", 5, "openings[0].amount", "digits"},
		{"an opening of a token", head + "openings:\n  - {chain: CHAIN, address: A, amount: 5, asset: USDT, source: s}\n", 5, "openings[0].asset", "native coin only"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parseIncident(c.text)
			var at *tracer.FieldError
			require.ErrorAs(t, err, &at)
			require.Equal(t, "case.yaml", at.File)
			require.Equal(t, fmt.Sprintf("%d %s", c.line, c.field), fmt.Sprintf("%d %s", at.Line, at.Field), err.Error())
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, fmt.Sprintf("case.yaml:%d: ", c.line))
			require.NotContains(t, err.Error(), "<nil>")
		})
	}
}

func TestIncidentWhole(t *testing.T) {
	text := head + `title: A theft
synthetic: true
rule_reason: the court asked for it
accounts: address
notes: ~
seeds:
  - {id: V1, output: "CHAIN:TXID:7", height: 12}
  - {id: V2, chain: CHAIN, tx: TXID, to: A, asset: native, amount: "110846000000000000000000", take: last}
  - {chain: CHAIN, address: B, from: 2022-03-29T11:19:50Z, to: 20220330T000000Z, amount: 5, take: first}
  - {chain: CHAIN, address: B, from: 100, to: 100}
stop: {hops: 100, until: 2022-12-31T00:00:00Z, dust: {native: "546"}, touched: 9}
openings:
  - {chain: CHAIN, address: A, asset: native, amount: "50", source: the bank}
`
	inc, err := parseIncident(text)
	require.NoError(t, err)
	hash, err := chains.ParseHash(txid)
	require.NoError(t, err)
	amount, err := chains.ParseAmount("110846000000000000000000")
	require.NoError(t, err)
	five := chains.Units(5)
	until := time.Date(2022, 12, 31, 0, 0, 0, 0, time.UTC)
	require.Equal(t, &tracer.Incident{
		ID: "case", Title: "A theft", Synthetic: true, Rule: tracer.FIFO, RuleReason: "the court asked for it",
		Accounts: tracer.AccountsAddress, SHA256: inc.SHA256,
		Seeds: []tracer.Seed{
			{ID: "V1", Chain: chain, Asset: chains.Native, Out: &chains.OutPoint{Tx: hash, Index: 7}, Height: 12},
			{ID: "V2", Chain: chain, Asset: chains.Native, Tx: &hash, Address: "A", Amount: &amount, Last: true, Height: -1},
			{
				ID: "V3", Chain: chain, Asset: chains.Native, Address: "B", Amount: &five, Height: -1,
				From: tracer.Bound{Time: time.Date(2022, 3, 29, 11, 19, 50, 0, time.UTC)},
				To:   tracer.Bound{Time: time.Date(2022, 3, 30, 0, 0, 0, 0, time.UTC)},
			},
			{ID: "V4", Chain: chain, Asset: chains.Native, Address: "B", Height: -1, From: tracer.Bound{Height: 100}, To: tracer.Bound{Height: 100}},
		},
		Stop:     tracer.Stop{Hops: 100, Until: &until, Touched: 9, Dust: map[chains.Asset]chains.Amount{chains.Native: chains.Units(546)}},
		Openings: []tracer.Opening{{Chain: chain, Address: "A", Asset: chains.Native, Amount: chains.Units(50), Source: "the bank"}},
	}, inc)
	require.Len(t, inc.SHA256, 64)
	other, err := parseIncident(text + "# the same, but not the same file\n")
	require.NoError(t, err)
	require.NotEqual(t, inc.SHA256, other.SHA256)
}

func TestIncidentDefaults(t *testing.T) {
	inc, err := parseIncident(head + "seeds: [{output: \"CHAIN:TXID:0\"}]\n")
	require.NoError(t, err)
	require.Equal(t, tracer.AccountsOutput, inc.Accounts)
	require.Equal(t, tracer.Stop{Touched: tracer.DefaultTouched}, inc.Stop)
	require.Equal(t, "V1", inc.Seeds[0].ID)
}

// A rule is declared before any result: none is ever assumed.
func TestIncidentNeedsARule(t *testing.T) {
	for _, text := range []string{
		"clew: incident/1\nid: case\nseeds: [{output: \"CHAIN:TXID:0\"}]\n",
		"clew: incident/1\nid: case\nrule:\nseeds: [{output: \"CHAIN:TXID:0\"}]\n",
	} {
		_, err := parseIncident(text)
		require.ErrorContains(t, err, "field rule: ")
	}
}

// Nothing in the file is passed over: neither a second document nor a second statement of
// the same balance.
func TestIncidentNothingIgnored(t *testing.T) {
	_, err := parseIncident(head + "seeds: [{output: \"CHAIN:TXID:0\"}]\n---\nstop: {hops: 5}\n")
	require.Error(t, err)
	_, err = parseIncident(head + "seeds: [{output: \"CHAIN:TXID:0\"}]\nopenings:\n" +
		"  - {chain: CHAIN, address: A, amount: 5, source: s}\n  - {chain: CHAIN, address: A, amount: 6, source: s}\n")
	require.ErrorContains(t, err, "openings[1]")
}

func TestParseSeed(t *testing.T) {
	hash, err := chains.ParseHash(txid)
	require.NoError(t, err)
	day := func(h, m, s int) time.Time { return time.Date(2022, 3, 29, h, m, s, 0, time.UTC) }
	for text, want := range map[string]tracer.Seed{
		"CHAIN:TXID:0":          {Out: &chains.OutPoint{Tx: hash}},
		"CHAIN:TXID:4294967295": {Out: &chains.OutPoint{Tx: hash, Index: 1<<32 - 1}},
		"CHAIN:TXID:A":          {Tx: &hash, Address: "A"},
		"CHAIN:TXID:A:native":   {Tx: &hash, Address: "A"},
		"CHAIN:A@5..5":          {Address: "A", From: tracer.Bound{Height: 5}, To: tracer.Bound{Height: 5}},
		"CHAIN:A:native@0..9":   {Address: "A", To: tracer.Bound{Height: 9}},
		"CHAIN:A@20220329T111950Z..2022-03-29T11:19:51Z": {
			Address: "A", From: tracer.Bound{Time: day(11, 19, 50)}, To: tracer.Bound{Time: day(11, 19, 51)},
		},
		"CHAIN:A@2022-03-29T13:19:50+02:00..20220329T120000Z": {
			Address: "A", From: tracer.Bound{Time: day(11, 19, 50)}, To: tracer.Bound{Time: day(12, 0, 0)},
		},
		"CHAIN:A@7..20220329T120000Z": {Address: "A", From: tracer.Bound{Height: 7}, To: tracer.Bound{Time: day(12, 0, 0)}},
	} {
		text = strings.NewReplacer("TXID", txid, "CHAIN", string(chain)).Replace(text)
		want.ID, want.Chain, want.Asset, want.Height = "V9", chain, chains.Native, -1
		got, err := tracer.ParseSeed("V9", text, plain{})
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
}

func TestParseSeedErrors(t *testing.T) {
	for text, says := range map[string]string{
		"":                         "unknown chain",
		"TXID:0":                   "unknown chain",
		"pound:TXID:0":             "unknown chain",
		"CHAIN:":                   "want CHAIN:TXID:VOUT",
		"CHAIN:TXID":               "want CHAIN:TXID:VOUT",
		"CHAIN:ab:0":               "64 hex digits",
		"CHAIN:TXID:":              "address",
		"CHAIN:TXID:A:USDT":        "native coin only",
		"CHAIN:TXID:A:b:native":    "address",
		"CHAIN:A@5":                "FROM..TO",
		"CHAIN:A@":                 "FROM..TO",
		"CHAIN:A@5..":              "want a height, or a time",
		"CHAIN:A@..5":              "want a height, or a time",
		"CHAIN:A@-5..5":            "want a height, or a time",
		"CHAIN:A@9..5":             "ends before it starts",
		"CHAIN:A@2022-02-30..5":    "want a height, or a time",
		"CHAIN:@1..5":              "address",
		"CHAIN:A:USDT@1..5":        "native coin only",
		"CHAIN:A@20220402..30..40": "want a height, or a time",
	} {
		text = strings.NewReplacer("TXID", txid, "CHAIN", string(chain)).Replace(text)
		_, err := tracer.ParseSeed("V1", text, plain{})
		require.ErrorContains(t, err, says, text)
		require.ErrorContains(t, err, "seed ", text)
	}
}

// What is no YAML is named with the line up to which it is none, whatever the parser counts.
func TestSyntaxErrorNamesItsLine(t *testing.T) {
	for _, c := range []struct {
		name, text string
		line       int
	}{
		{"in the first line", "a: b: c\nd: e\n", 1},
		{"a second mapping", "clew: incident/1\nid: x\nrule: fifo: b\nseeds: []\n", 3},
		{"a tab", "clew: incident/1\nid: x\n\trule: fifo\nseeds: []\n", 3},
		{"a string that is not closed", "clew: incident/1\n\nid: \"x\nrule: fifo\n", 3},
		{"a list that is not closed", "clew: incident/1\nseeds:\n  - {id: V1\n", 3},
		{"an indentation", "clew: incident/1\nseeds:\n- {id: a}\n notes: 1\n", 4},
		{"an escape", "clew: incident/1\nid: \"\\q\"\n", 2},
		{"an anchor", "clew: incident/1\nid: *nope\nrule: fifo\n", 2},
		{"a control character", "clew: incident/1\nid: \x01\nrule: fifo\n", 2},
		{"content", "clew: incident/1\nid: x\nrule: fifo\nseeds: [\n", 4},
		{"behind a second document", "clew: incident/1\nid: x\n---\nb: : c\n", 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := tracer.ParseIncident("case.yaml", []byte(c.text), plain{})
			var field *tracer.FieldError
			require.ErrorAs(t, err, &field)
			require.Equal(t, c.line, field.Line, err)
			require.Empty(t, field.Field)
			require.ErrorContains(t, err, fmt.Sprintf("case.yaml:%d: this is not YAML: ", c.line))
		})
	}
}

// What an incident says of chains of accounts.
func TestIncidentAccounts(t *testing.T) {
	id := strings.Repeat("ab", 32)
	text := "clew: incident/1\nid: x\nrule: fifo\n" +
		"seeds:\n  - {chain: \"eip155:77\", tx: 0x" + id + ", to: T, asset: USD}\n  - {chain: polygon, address: T, asset: USD/17, from: 1, to: 2}\n" +
		"  - {chain: polygon, address: T, from: 1, to: 2}\n  - {chain: polygon, address: T, asset: \"claimed:usd\", from: 1, to: 2}\n" +
		"stop: {dust: {native: \"1\", USD: \"2\"}}\n" +
		"known:\n  - {chain: polygon, address: P, kind: bridge, protocol: nomad, entity: them, source: a note}\n" +
		"adopt:\n  - {from: \"polygon:0x" + id + "\", to: \"bsc:" + id + ":W:USD\", units: \"5\", reason: why}\n" +
		"openings:\n  - {chain: polygon, address: T, asset: USD, amount: \"9\", source: s}\n" +
		"statement:\n  - {asset: ELIXIR, decimals: 2, taken: \"4074960.77\", rows: [{what: sold, amount: \"174960\"}, {what: held, amount: \"3900000\"}], source: report}\n" +
		"  - {asset: FEW, taken: \"1\", rows: [{what: sold, amount: \"1.25\"}], source: report}\n"
	inc, err := tracer.ParseIncident("x.yaml", []byte(text), plain{})
	require.NoError(t, err)
	require.Equal(t, chains.Chain("eip155:77"), inc.Seeds[0].Chain)
	require.Equal(t, id, inc.Seeds[0].Tx.String())
	require.Equal(t, []chains.Asset{"USD", "USD/17", chains.Native, "claimed:usd"}, []chains.Asset{inc.Seeds[0].Asset, inc.Seeds[1].Asset, inc.Seeds[2].Asset, inc.Seeds[3].Asset})
	require.Equal(t, map[chains.Asset]chains.Amount{chains.Native: chains.Units(1), "USD": chains.Units(2)}, inc.Stop.Dust)
	require.Equal(t, []tracer.Known{{Chain: "polygon", Address: "P", Kind: "bridge", Entity: "them", Protocol: "nomad", Source: "a note"}}, inc.Known)
	require.Equal(t, chains.Chain("bsc"), inc.Adopt[0].To.Chain)
	require.Equal(t, chains.Asset("USD"), inc.Adopt[0].To.Asset)
	require.Equal(t, chains.Units(5), *inc.Adopt[0].Units)
	require.Equal(t, chains.Asset("USD"), inc.Openings[0].Asset)
	require.Equal(t, []string{"0.77", "-0.25"}, []string{inc.Statement[0].Unaccounted, inc.Statement[1].Unaccounted})
}

func TestIncidentAccountsErrors(t *testing.T) {
	id := strings.Repeat("ab", 32)
	head := "clew: incident/1\nid: x\nrule: fifo\nseeds: [{chain: polygon, address: T, from: 1, to: 2}]\n"
	known := "known:\n  - {chain: polygon, address: P, kind: wallet, source: s}\n"
	for _, c := range []struct{ name, text, where, says string }{
		{"an unknown field", head + "known:\n  - {chain: polygon, who: P}\n", "6: field known[0].who", "unknown field"},
		{"no source", head + "known:\n  - {chain: polygon, address: P, kind: wallet}\n", "6: field known[0]", "needs chain, address, kind and source"},
		{"tiho", strings.Replace(head, "fifo", "tiho", 1), "1: field rule", "defined for outputs only"},
		{"a bridge", head + "known:\n  - {chain: polygon, address: P, kind: bridge, protocol: nomat, source: s}\n", "6: field known[0].protocol", "want one of nomad"},
		{"a kind", head + "known:\n  - {chain: polygon, address: P, kind: thief, source: s}\n", "6: field known[0].kind", "want one of"},
		{"twice", head + known + "  - {chain: polygon, address: P, kind: pool, source: s}\n", "7: field known[1]", "stands twice"},
		{"outputs", head + "known:\n  - {chain: bitcoin, address: P, kind: pool, source: s}\n", "6: field known[0]", "keeps value in outputs"},
		{"no reason", head + "adopt:\n  - {from: \"polygon:" + id + "\", to: \"polygon:" + id + ":W\"}\n", "6: field adopt[0]", "and a reason"},
		{"adopted by outputs", head + "adopt:\n  - {from: \"bitcoin:" + id + "\", to: \"polygon:" + id + ":W\", reason: r}\n", "6: field adopt[0]", "chains of accounts"},
		{"adopted window", head + "adopt:\n  - {from: \"polygon:" + id + "\", to: \"polygon:W@1..2\", reason: r}\n", "6: field adopt[0]", "in a transaction"},
		{"adopted nothing", head + "adopt:\n  - {from: \"polygon:" + id + "\", to: \"polygon:" + id + ":W\", units: \"0\", reason: r}\n", "6: field adopt[0]", "adopts nothing"},
		{"a float", head + "statement:\n  - {asset: A, taken: 1e3, source: s}\n", "6: field statement[0].taken", "decimal number"},
		{"too fine", head + "statement:\n  - {asset: A, decimals: 1, taken: \"1.25\", source: s}\n", "6: field statement[0].taken", "more than 1 decimals"},
		{"no taken", head + "statement:\n  - {asset: A, source: s}\n", "6: field statement[0]", "needs asset, taken"},
		{"an asset", "clew: incident/1\nid: x\nrule: fifo\nseeds: [{chain: polygon, address: T, asset: \"a:b\", from: 1, to: 2}]\n", "4: field seeds[0].asset", "want native or a token's address"},
		{"a number of a token", "clew: incident/1\nid: x\nrule: fifo\nseeds: [{chain: polygon, address: T, asset: A/01, from: 1, to: 2}]\n", "4: field seeds[0].asset", "decimal digits"},
		{"a token of outputs", "clew: incident/1\nid: x\nrule: fifo\nseeds: [{chain: bitcoin, address: T, asset: A, from: 1, to: 2}]\n", "4: field seeds[0].asset", "native coin only"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := tracer.ParseIncident("x.yaml", []byte(c.text), plain{})
			require.ErrorContains(t, err, "x.yaml:"+c.where)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestParseSeedAssets(t *testing.T) {
	id := strings.Repeat("ab", 32)
	for text, want := range map[string][2]string{
		"polygon:0x" + id + ":T:USD":       {"T", "USD"},
		"eip155:77:" + id + ":T":           {"T", "native"},
		"polygon:T:USD@1..2":               {"T", "USD"},
		"polygon:" + id + ":T:claimed:usd": {"T", "claimed:usd"},
		"ethereum:" + id + ":T:USD/5":      {"T", "USD/5"},
		"polygon:" + id + ":7":             {"7", "native"},
	} {
		s, err := tracer.ParseSeed("V1", text, plain{})
		require.NoError(t, err, text)
		require.Equal(t, want, [2]string{string(s.Address), string(s.Asset)}, text)
		require.Nil(t, s.Out)
	}
}

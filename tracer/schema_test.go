package tracer_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

// valid checks a value's JSON against a schema of docs/schema.
func valid(t *testing.T, schema string, v any) {
	t.Helper()
	data, err := json.Marshal(v)
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err)
	f, err := os.Open("../docs/schema/" + schema + ".schema.json")
	require.NoError(t, err)
	text, err := jsonschema.UnmarshalJSON(f)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource(schema, text))
	s, err := c.Compile(schema)
	require.NoError(t, err)
	require.NoError(t, s.Validate(doc))
}

func TestTraceKeepsItsSchema(t *testing.T) {
	byAccount, _ := vectorA(t, 1)
	valid(t, "clew.trace-1", byAccount)

	b := newBook()
	seed, other := b.mine("A", 1000), b.mine("B", 500)
	outs := b.spend([]chains.OutPoint{seed, other}, pay{"C", 700}, pay{"data", 100}, pay{"D", 690})
	b.spend(outs[:1], pay{"E", 650})
	lost := b.spend(outs[2:], pay{"F", 680})
	unknown := lost[0]
	unknown.Index = 7
	b.spend([]chains.OutPoint{lost[0], unknown}, pay{"G", 900})
	trace := b.run(t, "title: t\nnotes: n\nstop: {hops: 9, until: 2030-01-01T00:00:00Z, dust: {native: \"10\"}}\nseeds:\n"+outSeed("V1", seed))
	require.NotEmpty(t, trace.Gaps)
	valid(t, "clew.trace-1", trace)

	one, two, seeds := twoChains()
	two.tx("C", usd("", "pool", 100))
	two.tx("R", tok("R", "pool", 57), usd("pool", "R", 9))
	statement := "statement:\n  - {asset: TKN, decimals: 2, taken: \"100\", rows: [{what: sold, amount: \"60.5\"}], source: a note}\n"
	valid(t, "clew.trace-1", newWorld(one, two).must(t, statement+seeds))

	b = newBook()
	b.opt.Earlier = []tracer.Declaration{{SHA256: strings.Repeat("0a", 32), When: "2026-01-02T03:04:05Z", Rule: "lifo", Accounts: "output"}}
	cased := b.run(t, "case:\n  "+strings.ReplaceAll(strings.TrimSpace(wholeCase), "\n", "\n  ")+"\nseeds:\n"+outSeed("V1", b.mine("A", 1000)))
	require.Equal(t, b.opt.Earlier, cased.Incident.Earlier)
	require.Equal(t, 123, cased.Incident.Case.BatesStart)
	valid(t, "clew.trace-1", cased)

	data, err := json.Marshal(trace)
	require.NoError(t, err)
	var again tracer.Trace
	require.NoError(t, json.Unmarshal(data, &again))
	twice, err := json.Marshal(&again)
	require.NoError(t, err)
	require.Equal(t, string(data), string(twice))
}

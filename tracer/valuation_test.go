package tracer_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

const valued = chains.Asset("claimed:usd")

func val(from, to string, units uint64) mv { return mv{from, to, valued, units} }

// listed are transfers with values: S steals from nobody that the list names; what P pays is worth
// more than what it got.
func listed() (*evmBook, chains.TxID, string) {
	b := newEVM(ethereum)
	b.noState = true
	b.tokens[valued] = chains.Token{Asset: valued, Symbol: "USD", Decimals: 2}
	stolen := b.tx("S", val("S", "P", 100))
	paid := b.tx("P", val("P", "X", 103))
	b.tx("P", val("P", "Y", 1))
	return b, paid, "seeds:\n" + txSeed("V1", ethereum, stolen, "P", valued)
}

// Amounts that are somebody's valuation add up for nobody: contact is followed, no rule divides.
func TestValuationIsContactAlone(t *testing.T) {
	b, paid, seeds := listed()
	trace, err := b.try(t, seeds)
	require.NoError(t, err)
	require.NoError(t, trace.Check())
	contact := strings.Repeat("null ", 6)
	require.Equal(t, map[string]string{"claimed:usd X": contact + "103"}, went(trace, paid))
	require.Equal(t, []string{"balance claimed:usd X: " + contact + "103", "balance claimed:usd Y: " + contact + "1"}, lies(trace))
	for _, r := range tracer.Rules() {
		rows, ok := trace.Conservation.Get(r)
		require.Equal(t, r == tracer.Poison, ok, r)
		require.Len(t, rows, map[bool]int{true: 1}[ok])
		for _, e := range trace.Endpoints {
			_, based := e.ByBasis.Get(r)
			require.Equal(t, ok, based)
		}
	}
	require.Equal(t, tracer.FIFO, trace.Incident.Rule)
	require.Equal(t, []tracer.AssetInfo{{Chain: ethereum, Asset: valued, Symbol: "USD", Decimals: 2, Claimed: true}}, trace.Assets)
	var why []string
	for _, g := range trace.Gaps {
		why = append(why, g.What+": "+g.Why)
		require.NotContains(t, g.What, "opening balances")
	}
	require.Contains(t, why, "amounts of claimed:usd in 3 accounts: amounts are somebody's valuation, each movement at its own minute, and no coins: what comes to an account and what leaves it do not add up (2 payments are of more than was seen to come)")
}

// Coins beside a valuation are accounted for as ever.
func TestValuationBesideCoins(t *testing.T) {
	b := newEVM(ethereum)
	stolen := b.tx("S", coin("", "S", 9), coin("S", "P", 9), val("S", "P", 100))
	b.tx("P", coin("P", "X", 5), val("P", "X", 40))
	trace, err := b.try(t, "seeds:\n"+txSeed("V1", ethereum, stolen, "P", chains.Native)+txSeed("V2", ethereum, stolen, "P", valued))
	require.NoError(t, err)
	require.NoError(t, trace.Check())
	require.Contains(t, lies(trace), "balance native X: "+same("5"))
	require.Contains(t, lies(trace), "balance claimed:usd X: "+strings.Repeat("null ", 6)+"40")
	rows, ok := trace.Conservation.Get(tracer.FIFO)
	require.True(t, ok)
	require.Len(t, rows, 1)
	require.Equal(t, chains.Native, rows[0].Asset)
}

// A trace that states what no rule can say was changed.
func TestCheckRefusesDividedValuation(t *testing.T) {
	b, _, seeds := listed()
	for name, change := range map[string]func(*tracer.Trace){
		"of which the rule says nothing": func(x *tracer.Trace) {
			x.Hops[0].Traced.Null[tracer.FIFO], x.Hops[0].TracedBySeed[0].Traced.Null[tracer.FIFO] = false, false
		},
		"endpoint": func(x *tracer.Trace) {
			e := &x.Endpoints[0]
			e.Traced.Null[tracer.FIFO], e.TracedBySeed[0].Traced.Null[tracer.FIFO], e.ByBasis.Null[tracer.FIFO] = false, false, false
		},
		"has 1 rows, want 0": func(x *tracer.Trace) {
			x.Conservation.Null[tracer.FIFO] = false
			x.Conservation.Value[tracer.FIFO] = []tracer.ConservationRow{{Chain: ethereum, Asset: valued, Difference: "0"}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			trace, err := b.try(t, seeds)
			require.NoError(t, err)
			text, err := json.Marshal(trace)
			require.NoError(t, err)
			var read tracer.Trace
			require.NoError(t, json.Unmarshal(text, &read))
			require.NoError(t, read.Check())
			change(&read)
			require.ErrorIs(t, read.Check(), tracer.ErrAltered)
			require.ErrorContains(t, read.Check(), name)
		})
	}
}

func TestValuationHasNoPartsAndNoDust(t *testing.T) {
	_, id, seeds := listed()
	for want, rest := range map[string]string{
		"a part of it is no part of the money": "seeds:\n  - {chain: ethereum, tx: " + id.String() + ", to: P, asset: \"claimed:usd\", amount: \"5\", take: first}\n",
		"that could be too little":             seeds + "stop: {dust: {\"claimed:usd\": \"5\"}}\n",
	} {
		_, err := tracer.ParseIncident("incident.yaml", []byte("clew: incident/1\nid: case\nrule: fifo\n"+rest), plain{})
		require.ErrorContains(t, err, want)
	}
}

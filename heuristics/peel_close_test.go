package heuristics_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"clew/chains"
)

// What enters a run leaves it as payments, tip and fees, to the unit, whatever coins come on the way; where
// a value is not known, that is said.
func TestPeelsClose(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var p peeling
		var tx *chains.Tx
		rest, n := rapid.Uint64Range(1<<20, 1<<40).Draw(rt, "in"), rapid.IntRange(4, 12).Draw(rt, "steps")
		for i := range n {
			more := rapid.SampledFrom([]uint64{0, 0, 1, 1 << 19, 1 << 41}).Draw(rt, "more")
			fee, paid := rapid.Uint64Range(0, 500).Draw(rt, "fee"), rapid.Uint64Range(1, 50_000).Draw(rt, "paid")
			data := rapid.SampledFrom([]uint64{0, 0, 7}).Draw(rt, "data")
			tx = p.pay(tx, 1, paid, rest+more-fee-paid-data, data)
			tx.Outputs[2].Type = chains.ScriptNullData
			if i == 0 {
				tx.Inputs[0].Spent.Value = rest
			}
			if more > 0 {
				beside(tx, more)
				tx.Inputs[1].Prev.Tx[1] = byte(i)
			}
			rest = tx.Outputs[1].Value
		}
		run := p.runs(nil)[0]
		require.Len(rt, run.Txs, n-1)
		require.True(rt, run.Closed)
		in, out := run.ValueIn, run.TipValue+run.Fees
		for _, a := range run.Added {
			require.NotEqual(rt, run.Txs[0], a.Tx)
			require.Equal(rt, 1, a.Input)
			in += a.Value
		}
		for _, paid := range run.Paid {
			out += paid.Value
		}
		require.Equal(rt, in, out)
		var fees uint64
		for _, tx := range p.txs[:n-1] {
			for _, in := range tx.Inputs {
				fees += in.Spent.Value
			}
			for _, out := range tx.Outputs[:2] {
				fees -= out.Value
			}
		}
		require.Equal(rt, fees, run.Fees)
		p.txs[1].Inputs[0].Known = false
		require.False(rt, p.runs(nil)[0].Closed)
	})
}

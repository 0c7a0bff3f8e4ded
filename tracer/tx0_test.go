package tracer_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

// A Tx0 is passed, with a finding on all that leaves it and one on the coordinator's fee.
func TestTx0IsPassed(t *testing.T) {
	for _, pots := range []string{"output", "address"} {
		t.Run(pots, func(t *testing.T) {
			b := newBook()
			v := b.mine("V", 4_000_000)
			outs := b.spend([]chains.OutPoint{v}, pay{"data", 0}, pay{"F", 50_000}, pay{"C", 930_000}, pay{"P", 1_006_050}, pay{"Q", 1_006_050}, pay{"R", 1_006_050})
			b.spend(outs[3:4], pay{"S", 1_006_000})
			incident := "accounts: " + pots + "\nseeds:\n" + outSeed("V1", v)
			trace := b.run(t, incident)
			sound(t, trace)
			require.Len(t, trace.Findings, 2)
			whole, fee := trace.Findings[0], trace.Findings[1]
			require.Equal(t, "coinjoin/whirlpool-tx0", whole.Heuristic)
			require.Contains(t, whole.Says, "prepares a Whirlpool mix: 3 outputs")
			require.Equal(t, "coinjoin/whirlpool-tx0", fee.Heuristic)
			require.Equal(t, []string{"F"}, fee.Addresses)
			require.Contains(t, fee.Says, "output 1, of 50000 units of native, is what the pool's coordinator asks")
			for _, h := range trace.Hops {
				if h.Legs[0].TxID != outs[0].Tx {
					require.Empty(t, h.Findings)
					continue
				}
				want := []string{whole.ID}
				if address(trace, h.Legs[0].To) == "F" {
					want = append(want, fee.ID)
				}
				require.Equal(t, want, h.Findings, "hop %d", h.Number)
			}
			i := slices.IndexFunc(trace.Endpoints, func(e tracer.Endpoint) bool { return address(trace, e.Node) == "S" })
			require.GreaterOrEqual(t, i, 0, "it goes on")

			b.opt.Without = []string{"coinjoin"}
			require.Empty(t, b.run(t, incident).Findings)
			b.opt.Without = nil
			b.txs[1].Outputs[1].Value-- // and a unit more for the miner
			require.Len(t, b.run(t, incident).Findings, 1, "another fee is not told")
		})
	}
}

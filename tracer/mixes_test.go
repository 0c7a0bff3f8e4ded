package tracer_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

// coinJoinCase is a Wasabi 1 CoinJoin of one stolen input and two others, behind which the first of its
// equal outputs meets clean and stolen money.
func coinJoinCase() (b *book, seeds string, mix chains.TxID) {
	b = newBook()
	v, other := b.mine("V", 40), b.mine("V2", 7)
	outs := b.spend([]chains.OutPoint{v, b.mine("W", 35), b.mine("X", 45)},
		pay{coordinator, 1}, pay{"A", 30}, pay{"B", 30}, pay{"C", 30}, pay{"D", 25})
	b.mixes[len(b.txs)-1] = true
	b.spend([]chains.OutPoint{outs[1], b.mine("Y", 10)}, pay{"E", 40})
	b.spend([]chains.OutPoint{other}, pay{"F", 7})
	return b, "seeds:\n" + outSeed("V1", v) + outSeed("V2", other), outs[0].Tx
}

func kinds(trace *tracer.Trace) (out []string) {
	for _, h := range trace.Hops {
		out = append(out, string(h.Kind)+" "+h.Legs[0].Positions[0].Kind+" "+h.Legs[0].Positions[0].Value)
	}
	return out
}

// At a mix every rule ends, poison too, with the set and the finding.
func TestMixEnds(t *testing.T) {
	for _, pots := range []string{"output", "address"} {
		t.Run(pots, func(t *testing.T) {
			b, seeds, mix := coinJoinCase()
			trace := b.run(t, "accounts: "+pots+"\n"+seeds)
			sound(t, trace)
			require.Equal(t, []string{"mixer vin 0", "transfer vout 0"}, kinds(trace))
			e := trace.Endpoints[0]
			require.Equal(t, tracer.ReasonMixer, e.Reason)
			require.Equal(t, "vin 0", e.Position)
			require.Equal(t, chains.Units(40), e.Units)
			require.Contains(t, e.Note, "anonymity set of at most 3")
			for _, r := range tracer.Rules() {
				if a, says := e.Traced.Get(r); says {
					require.Equal(t, chains.Units(40), a, r)
				}
			}
			f := trace.Findings[0]
			require.Equal(t, "coinjoin/wasabi1", f.Heuristic)
			require.Equal(t, 3, f.Set)
			require.Equal(t, []string{f.ID}, trace.Hops[0].Findings)
			i := slices.IndexFunc(trace.Nodes, func(n tracer.Node) bool { return n.ID == e.Node })
			require.Equal(t, tracer.NodeMixer, trace.Nodes[i].Kind)
			require.Equal(t, mix.String(), trace.Nodes[i].TxID)
			require.Empty(t, trace.Gaps)
		})
	}
}

// An input of unknown value changes nothing at a mix, where no rule divides.
func TestMixWithUnknownInput(t *testing.T) {
	for pots, gaps := range map[string]int{"output": 0, "address": 1} {
		b, seeds, _ := coinJoinCase()
		tx := b.txs[4]
		require.Len(t, tx.Outputs, 5)
		tx.Inputs[1].Known, tx.Inputs[1].Spent = false, chains.Output{}
		trace := b.run(t, "accounts: "+pots+"\n"+seeds)
		require.Equal(t, []string{"mixer vin 0", "transfer vout 0"}, kinds(trace), pots)
		require.Equal(t, tracer.ReasonMixer, trace.Endpoints[0].Reason)
		require.Len(t, trace.Gaps, gaps, pots)
	}
}

// Through a mix everything is an inference, and nothing behind it becomes better known.
func TestThroughMix(t *testing.T) {
	for _, pots := range []string{"output", "address"} {
		t.Run(pots, func(t *testing.T) {
			b, seeds, mix := coinJoinCase()
			b.opt.Through, b.opt.Without = []string{"coinjoin"}, []string{"dust"}
			trace := b.run(t, "accounts: "+pots+"\n"+seeds)
			sound(t, trace)
			require.Equal(t, []string{"coinjoin"}, trace.Through)
			links := 0
			for _, h := range trace.Hops {
				behind := h.Legs[0].TxID == mix || h.Legs[0].TxID == b.txs[6].ID
				for _, r := range tracer.Rules() {
					if basis, says := h.Basis.Get(r); says && behind {
						require.Equal(t, tracer.Inference, basis, "hop %d under %s", h.Number, r)
					} else if says {
						require.Equal(t, tracer.Whole, basis, "the other seed")
					}
				}
				if h.Legs[0].TxID == mix && h.Kind == tracer.HopTransfer {
					links++
					require.Len(t, h.Findings, 2, "that of the mix, and that of the output")
					i := slices.IndexFunc(trace.Findings, func(f tracer.Finding) bool { return f.ID == h.Findings[1] })
					require.NotNil(t, trace.Findings[i].LinkPPM)
				}
			}
			require.Equal(t, 5, links)
			for _, e := range trace.Endpoints {
				for r := range e.ByBasis.Value {
					if e.ByBasis.Null[r] {
						continue
					}
					whole := e.ByBasis.Value[r].Parts[tracer.Whole].Plus(e.ByBasis.Value[r].Parts[tracer.ByRule])
					require.Equal(t, e.Units == chains.Units(7), !whole.IsZero(), "%s of %s", tracer.Rule(r), e.Units)
				}
			}
		})
	}
}

// Without it a mix is a transaction like any other.
func TestWithoutCoinJoin(t *testing.T) {
	for _, name := range []string{"coinjoin", "coinjoin/wasabi1"} {
		b, seeds, mix := coinJoinCase()
		b.opt.Without = []string{name, "dust", "co-spend", name}
		trace := b.run(t, seeds)
		require.Equal(t, []string{"co-spend", name, "dust"}, trace.Without, "sorted, each once")
		require.Equal(t, map[string]string{"0": "1", "1": "30", "2": "9", "3": "0", "4": "0", "fee": "0"}, traced(trace, mix, tracer.FIFO))
		require.Empty(t, trace.Findings)
		b.opt.Without = []string{"coinjoin/whirlpool"}
		require.Equal(t, tracer.ReasonMixer, b.run(t, seeds).Endpoints[0].Reason, "another kind")
	}
}

// What may be left out and gone through is named where something else is asked.
func TestUnknownChoices(t *testing.T) {
	b, seeds, _ := coinJoinCase()
	for says, opt := range map[string]tracer.Options{
		`without "magic": want one of coinjoin, `:    {Without: []string{"magic"}},
		`through "peel": want one of coinjoin, `:     {Through: []string{"peel"}},
		`through coinjoin: without names it too`:     {Through: []string{"coinjoin"}, Without: []string{"coinjoin"}},
		`through coinjoin/wasabi1: without names it`: {Through: []string{"coinjoin/wasabi1"}, Without: []string{"coinjoin"}},
	} {
		b.opt = opt
		_, err := b.try(seeds)
		require.ErrorContains(t, err, says)
	}
}

// A seed that lies in an output of a mix is followed from there.
func TestSeedBehindMix(t *testing.T) {
	b, _, mix := coinJoinCase()
	trace := b.run(t, "seeds:\n"+outSeed("V1", chains.OutPoint{Tx: mix, Index: 1}))
	require.Equal(t, "40", trace.Hops[0].Legs[0].Units.String())
	require.Equal(t, tracer.ReasonUnspent, trace.Endpoints[0].Reason)
}

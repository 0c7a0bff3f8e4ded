package tracer_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/heuristics"
	"clew/tracer"
)

// findingOf returns a finding of a trace by its id.
func findingOf(t *testing.T, trace *tracer.Trace, id string) tracer.Finding {
	t.Helper()
	i := slices.IndexFunc(trace.Findings, func(f tracer.Finding) bool { return f.ID == id })
	require.GreaterOrEqual(t, i, 0)
	return trace.Findings[i]
}

// The node of a mix says which it is, and what was found.
func TestMixIsNamed(t *testing.T) {
	b, seeds, _ := coinJoinCase()
	trace := b.run(t, seeds)
	i := slices.IndexFunc(trace.Nodes, func(n tracer.Node) bool { return n.Kind == tracer.NodeMixer })
	require.Equal(t, "coinjoin/wasabi1", trace.Nodes[i].Entity)
	require.Equal(t, trace.Findings[0].Says, trace.Nodes[i].Label)
}

// An account gives to a mix in several inputs at once: one hop. What leaves it afterwards carries on
// what it left in it then.
func TestAccountGoesIntoMix(t *testing.T) {
	b := newBook()
	v, more, kept := b.mine("V", 40), b.mine("V", 20), b.mine("V", 10)
	outs := b.spend([]chains.OutPoint{b.mine("W", 35), v, b.mine("X", 45), more},
		pay{coordinator, 1}, pay{"A", 30}, pay{"B", 30}, pay{"C", 30}, pay{"D", 49})
	b.spend([]chains.OutPoint{kept}, pay{"Z", 10})
	trace := b.run(t, "accounts: address\nseeds:\n"+outSeed("V1", kept))
	require.Equal(t, []string{"mixer vin 1", "transfer vout 0"}, kinds(trace))
	mix := trace.Hops[0]
	require.Equal(t, outs[0].Tx, mix.Legs[0].TxID)
	require.Equal(t, []tracer.Position{{Kind: "vin", Value: "1"}, {Kind: "vin", Value: "3"}}, mix.Legs[0].Positions)
	require.Equal(t, "vin 1", trace.Endpoints[0].Position)
	require.Equal(t, []string{mix.ID}, trace.Hops[1].Inputs)
}

// Each output behind a mix says with which traced input it is linked most, the first of equals; without
// the mappings, among how many it is one: outputs of its value, or else owners of what entered.
func TestLinksThroughMix(t *testing.T) {
	b := newBook()
	from := []chains.OutPoint{b.mine("V", 31), b.mine("W", 35), b.mine("W", 5), b.mine("X", 45), b.mine("U", 40), b.mine("T", 4)}
	outs := b.spend(from, pay{coordinator, 1}, pay{"A", 30}, pay{"B", 30}, pay{"C", 30}, pay{"D", 5})
	seeds := "seeds:\n" + outSeed("V1", from[0]) + outSeed("V2", from[3]) + outSeed("V3", from[4])
	b.opt.Through = []string{"coinjoin"}

	b.opt.Without = []string{"dust", "co-spend"}
	trace := b.run(t, seeds)
	mapped, ok := heuristics.Mapping(b.txs[6], heuristics.Steps(1_000_000))
	require.True(t, ok)
	links := map[int]bool{}
	for _, h := range trace.Hops {
		if h.Kind == tracer.HopFee {
			continue
		}
		output := int(h.Legs[0].Positions[0].Value[0] - '0')
		most, input := -1, 0
		for _, i := range []int{0, 3, 4} {
			if ppm := mapped.Link(i, output); ppm > most {
				most, input = ppm, i
			}
		}
		links[most] = true
		var said []string
		for _, id := range h.Findings {
			if f := findingOf(t, trace, id); f.Heuristic == "mapping" {
				require.Equal(t, most, *f.LinkPPM, "output %d", output)
				said = append(said, f.Says)
			}
		}
		require.Len(t, said, 1)
		require.Contains(t, said[0], "with input "+string(rune('0'+input))+",", "output %d", output)
	}
	require.Greater(t, len(links), 1, "not all alike")

	b.opt.Without = []string{"dust", "mapping", "mix-change"}
	for _, f := range b.run(t, seeds).Findings {
		require.NotEqual(t, "mapping", f.Heuristic)
	}
	b.txs[6].Inputs[5].Known, b.txs[6].Inputs[5].Spent = false, chains.Output{}
	trace = b.run(t, seeds)
	want := map[string]int{"0": 200_000, "1": 333_333, "2": 333_333, "3": 333_333, "4": 200_000}
	for _, h := range trace.Hops {
		require.Equal(t, outs[0].Tx, h.Legs[0].TxID)
		f := findingOf(t, trace, h.Findings[len(h.Findings)-1])
		require.NotEqual(t, "mapping", f.Heuristic)
		require.Equal(t, want[h.Legs[0].Positions[0].Value], *f.LinkPPM)
	}
	require.Len(t, trace.Hops, 5)
}

// Dust behind a mix says both.
func TestDustThroughMix(t *testing.T) {
	b, seeds, mix := coinJoinCase()
	b.opt.Through = []string{"coinjoin"}
	trace := b.run(t, seeds)
	for _, h := range trace.Hops {
		if h.Legs[0].TxID == mix && h.Kind == tracer.HopTransfer {
			var says []string
			for _, id := range h.Findings {
				says = append(says, findingOf(t, trace, id).Heuristic)
			}
			require.Contains(t, says, "dust")
			require.Greater(t, len(says), 2, "the mix, the link and the dust: %v", says)
		}
	}
}

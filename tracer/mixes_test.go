package tracer_test

import (
	"slices"
	"strconv"
	"strings"
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

// What the note of an endpoint says the anonymity set covers: one output's value of what entered, and
// what fits as the change of the rest is a finding of its own.
func TestSetCoversOneOutput(t *testing.T) {
	const m = 1_000_000
	round := func(last uint64, clean ...uint64) func(*book) (chains.OutPoint, []chains.OutPoint) {
		return func(b *book) (chains.OutPoint, []chains.OutPoint) {
			v := b.mine("V", 40*m)
			in := []chains.OutPoint{v}
			for i, u := range clean {
				in = append(in, b.mine("W"+strconv.Itoa(i), u))
			}
			return v, b.spend(in, pay{coordinator, 1}, pay{"A", 30 * m}, pay{"B", 30 * m}, pay{"C", 30 * m}, pay{"D", last}, pay{"E", 4 * m})
		}
	}
	for _, c := range []struct {
		name  string
		build func(*book) (chains.OutPoint, []chains.OutPoint)
		note  string
		says  string // of the change; "" where none is named
	}{
		{"change fits", round(9_950_000, 35*m, 45*m),
			"of 40000000 units of native at most 30000000 units of native came out in one of 3 outputs of 30000000 units of native each, an anonymity set of at most 3; the other 10000000 units of native are fees and change, which may be told apart",
			"input 0 gave 40000000 units of native, of which at most 30000000 units of native are in one of the outputs that look alike. If the owner gave nothing else, the other 10000000 units of native, less fees, came out as change, and output 4 alone, of 9950000 units of native, fits to that"},
		{"no change fits", round(9_500_000, 35*m, 45*m), "the other 10000000 units of native are fees and change", ""},
		{"less than the value", func(b *book) (chains.OutPoint, []chains.OutPoint) {
			v := b.mine("V", 20*m)
			return v, b.spend([]chains.OutPoint{v, b.mine("V", 11*m), b.mine("X", 80*m)}, pay{coordinator, 1}, pay{"A", 30 * m}, pay{"B", 30 * m}, pay{"C", 30 * m}, pay{"D", 9 * m})
		}, "it came out in one of 3 outputs of 30000000 units of native each, perhaps with more: an anonymity set of at most 3", ""},
		{"Whirlpool", func(b *book) (chains.OutPoint, []chains.OutPoint) {
			v, in := b.mine("V", 5*m+300), []chains.OutPoint{}
			for i := range 4 {
				in = append(in, b.mine("W"+strconv.Itoa(i), 5*m))
			}
			return v, b.spend(append(in, v), pay{"A", 5 * m}, pay{"B", 5 * m}, pay{"C", 5 * m}, pay{"D", 5 * m}, pay{"E", 5 * m})
		}, "all but 300 units of native of fees came out in one of 5 outputs of 5000000 units of native each: an anonymity set of at most 5", ""},
		{"Wasabi 2", func(b *book) (chains.OutPoint, []chains.OutPoint) {
			v := b.mine("V", 3*m)
			in := []chains.OutPoint{v}
			for i := range 4 {
				in = append(in, b.mine("W"+strconv.Itoa(i), uint64(200_000-i)))
			}
			return v, b.spend(in, pay{"A", 1_062_882}, pay{"B", 1_062_882}, pay{"C", 531_441}, pay{"D", 200_000}, pay{"E", 131_072}, pay{"F", 65_536})
		}, "it came out in outputs of many values, each a set of its own; the largest, 2 outputs of 1062882 units of native each, hides an owner among at most 2", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBook()
			v, outs := c.build(b)
			b.mixes[b.byID[outs[0].Tx]] = true
			trace := b.run(t, "seeds:\n"+outSeed("V1", v))
			require.Equal(t, tracer.ReasonMixer, trace.Endpoints[0].Reason)
			require.Contains(t, trace.Endpoints[0].Note, c.note)
			require.NotNil(t, trace.Findings[0].SetUnits)
			i := slices.IndexFunc(trace.Findings, func(f tracer.Finding) bool { return f.Heuristic == "mix-change" })
			require.Equal(t, c.says != "", i >= 0)
			if i < 0 {
				return
			}
			f := trace.Findings[i]
			require.Equal(t, c.says, f.Says)
			require.Equal(t, []string{"D"}, f.Addresses)
			require.Equal(t, "emulated", f.Error.Data)
			require.Equal(t, f.ID, trace.Hops[0].Findings[1])
			b.opt.Without = []string{"mix-change"}
			require.Len(t, b.run(t, "seeds:\n"+outSeed("V1", v)).Hops[0].Findings, 1)
			b.opt = tracer.Options{Through: []string{"coinjoin"}}
			trace = b.run(t, "seeds:\n"+outSeed("V1", v))
			for _, h := range trace.Hops {
				change := h.Legs[0].Positions[0].Value == "4"
				require.Equal(t, change, slices.Contains(h.Findings, f.ID), "hop %d", h.Number)
			}
		})
	}
}

// An account gives what all its inputs are worth.
func TestAccountGivesAllItsInputs(t *testing.T) {
	const m = 1_000_000
	b := newBook()
	v, w := b.mine("V", 20*m), b.mine("V", 20*m)
	outs := b.spend([]chains.OutPoint{v, b.mine("W", 95*m), w}, pay{coordinator, 1}, pay{"A", 30 * m}, pay{"B", 30 * m}, pay{"C", 30 * m}, pay{"D", 9_950_000})
	b.mixes[b.byID[outs[0].Tx]] = true
	trace := b.run(t, "accounts: address\nseeds:\n"+outSeed("V1", v)+outSeed("V2", w))
	require.Contains(t, trace.Endpoints[0].Note, "of 40000000 units of native at most")
	require.Contains(t, trace.Findings[1].Says, "inputs 0, 2 gave 40000000 units of native")
}

// A link that was not computed is no measured one, and no other CoinJoin.
func TestLinkNotComputed(t *testing.T) {
	b, seeds, mix := coinJoinCase()
	b.opt.Through, b.opt.Without = []string{"coinjoin"}, []string{"dust", "mapping"}
	trace := b.run(t, seeds)
	said := map[string]string{}
	for _, f := range trace.Findings {
		if f.Heuristic == "mix-link" {
			require.Nil(t, f.Error)
			require.Equal(t, mix.String(), f.TxID)
			said[f.Says] = strconv.Itoa(*f.LinkPPM)
		}
	}
	const uncomputed = "; which inputs it is linked to was not computed"
	require.Equal(t, map[string]string{
		"output 0: 1/3, for one of 3 addresses that entered, as its value is like no other's" + uncomputed: "333333",
		"output 1: 1/3, for one of 3 outputs of this value" + uncomputed:                                   "333333",
		"output 2: 1/3, for one of 3 outputs of this value" + uncomputed:                                   "333333",
		"output 3: 1/3, for one of 3 outputs of this value" + uncomputed:                                   "333333",
		"output 4: 1/3, for one of 3 addresses that entered, as its value is like no other's" + uncomputed: "333333",
	}, said)
	require.Equal(t, 1, strings.Count(strings.Join(heuristicsOf(trace), " "), "coinjoin/"), "one CoinJoin is one finding")
}

func heuristicsOf(trace *tracer.Trace) (names []string) {
	for _, f := range trace.Findings {
		names = append(names, f.Heuristic)
	}
	return names
}

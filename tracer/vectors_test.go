package tracer_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

func outSeed(id string, o chains.OutPoint) string {
	return fmt.Sprintf("  - {id: %s, output: \"%s:%s\"}\n", id, chain, o)
}

// Vector A: one account. In: clean 100; stolen 50; clean 30; out 60; out 90; in clean 40;
// out 20. Each arrival and withdrawal is a transaction of the address P.
func vectorA(t *testing.T, scale uint64) (*tracer.Trace, [3]chains.TxID) {
	b := newBook()
	clean1 := b.mine("P", 100*scale)
	stolen := b.mine("P", 50*scale)
	clean2 := b.mine("P", 30*scale)
	w1 := b.spend([]chains.OutPoint{clean1, stolen, clean2}, pay{"X", 60 * scale}, pay{"P", 120 * scale})
	w2 := b.spend(w1[1:], pay{"Y", 90 * scale}, pay{"P", 30 * scale})
	clean3 := b.mine("P", 40*scale)
	w3 := b.spend([]chains.OutPoint{w2[1], clean3}, pay{"Z", 20 * scale}, pay{"P", 50 * scale})
	trace := b.run(t, "accounts: address\nseeds:\n"+outSeed("V1", stolen))
	return trace, [3]chains.TxID{w1[0].Tx, w2[0].Tx, w3[0].Tx}
}

func TestVectorA(t *testing.T) {
	for _, c := range []struct {
		rule  tracer.Rule
		scale uint64
		want  [4]string // W1, W2, W3, left; "" where no hop stands
	}{
		{tracer.FIFO, 1, [4]string{"0", "50", "0", "0"}},
		{tracer.LIFO, 1, [4]string{"30", "20", "0", "0"}},
		{tracer.ProRata, 42, [4]string{"700", "1050", "100", "250"}},
		{tracer.ProRata, 1, [4]string{"17", "25", "2", "6"}},
		{tracer.LIBR, 1, [4]string{"0", "20", "0", "30"}},
		{tracer.PIFO, 1, [4]string{"50", "0", "0", "0"}},
		{tracer.Poison, 1, [4]string{"60", "90", "20", "50"}},
		{tracer.TIHO, 1, [4]string{"null", "null", "null", "null"}},
	} {
		t.Run(fmt.Sprintf("%s by %d", c.rule, c.scale), func(t *testing.T) {
			trace, w := vectorA(t, c.scale)
			for i, tx := range w {
				require.Equal(t, c.want[i], traced(trace, tx, c.rule)["0"], "W%d", i+1)
			}
			left := "0"
			for _, e := range trace.Endpoints {
				if e.Reason == tracer.ReasonBalance && address(trace, e.Node) == "P" {
					v, ok := e.Traced.Get(c.rule)
					left = v.String()
					if !ok {
						left = "null"
					}
				}
			}
			require.Equal(t, c.want[3], left, "left at the end")
		})
	}
}

func address(trace *tracer.Trace, node string) string {
	for _, n := range trace.Nodes {
		if n.ID == node {
			return n.Address
		}
	}
	return ""
}

// Vector B: two victims. In V1 100, V2 100; out 100; in V3 100; 200 left.
func TestVectorB(t *testing.T) {
	b := newBook()
	v1, v2 := b.mine("P", 100), b.mine("P", 100)
	out := b.spend([]chains.OutPoint{v1, v2}, pay{"X", 100}, pay{"P", 100})
	v3 := b.mine("P", 100)
	_ = out
	trace := b.run(t, "accounts: address\nseeds:\n"+outSeed("V1", v1)+outSeed("V2", v2)+outSeed("V3", v3))
	for rule, want := range map[tracer.Rule]string{
		tracer.FIFO: "0/100/100", tracer.LIFO: "100/0/100", tracer.ProRata: "50/50/100",
	} {
		left := map[string]string{"V1": "0", "V2": "0", "V3": "0"}
		for _, e := range trace.Endpoints {
			if address(trace, e.Node) != "P" {
				continue
			}
			for _, s := range e.TracedBySeed {
				v, _ := s.Traced.Get(rule)
				left[s.Seed] = v.String()
			}
		}
		require.Equal(t, want, left["V1"]+"/"+left["V2"]+"/"+left["V3"], rule.String())
	}
}

// Vector C: inputs [3 stolen, 7 clean], outputs [4, 6], no fee; by 5 for whole units, and
// by 1 for prorata's whole units.
func TestVectorC(t *testing.T) {
	for _, c := range []struct {
		rule  tracer.Rule
		scale uint64
		want  [2]string
	}{
		{tracer.Poison, 1, [2]string{"4", "6"}},
		{tracer.ProRata, 5, [2]string{"6", "9"}},
		{tracer.ProRata, 1, [2]string{"1", "2"}},
		{tracer.FIFO, 1, [2]string{"3", "0"}},
		{tracer.LIFO, 1, [2]string{"0", "3"}},
		{tracer.TIHO, 1, [2]string{"0", "3"}},
		{tracer.LIBR, 1, [2]string{"0", "3"}},
		{tracer.PIFO, 1, [2]string{"3", "0"}},
	} {
		b := newBook()
		stolen, clean := b.mine("A", 3*c.scale), b.mine("B", 7*c.scale)
		outs := b.spend([]chains.OutPoint{stolen, clean}, pay{"X", 4 * c.scale}, pay{"Y", 6 * c.scale})
		trace := b.run(t, "seeds:\n"+outSeed("V1", stolen))
		got := traced(trace, outs[0].Tx, c.rule)
		require.Equal(t, map[string]string{"0": c.want[0], "1": c.want[1]}, got, "%s by %d", c.rule, c.scale)
	}
}

// Vector D: inputs [2 clean, 3 stolen, 5 clean], outputs [4, 5.5], fee 0.5; by 20.
func TestVectorD(t *testing.T) {
	b := newBook()
	in := []chains.OutPoint{b.mine("A", 40), b.mine("B", 60), b.mine("C", 100)}
	outs := b.spend(in, pay{"X", 80}, pay{"Y", 110})
	trace := b.run(t, "seeds:\n"+outSeed("V1", in[1]))
	for rule, want := range map[tracer.Rule]map[string]string{
		tracer.FIFO:    {"0": "40", "1": "20", "fee": "0"},
		tracer.ProRata: {"0": "24", "1": "33", "fee": "3"},
		tracer.LIFO:    {"0": "0", "1": "60", "fee": "0"},
		tracer.Poison:  {"0": "80", "1": "110", "fee": "10"},
		tracer.TIHO:    {"0": "0", "1": "60", "fee": "0"},
	} {
		require.Equal(t, want, traced(trace, outs[0].Tx, rule), rule.String())
	}
}

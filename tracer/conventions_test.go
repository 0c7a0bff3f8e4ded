package tracer_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

// One named case for each convention that fixes the numbers. Each is built so that the
// opposite convention gives another number.

type ruleWant map[tracer.Rule]map[string]string

func outs(values ...string) map[string]string {
	m := map[string]string{}
	for i, v := range values {
		if v != "" {
			m[fmt.Sprint(i)] = v
		}
	}
	return m
}

func withFee(m map[string]string, fee string) map[string]string {
	m["fee"] = fee
	return m
}

func TestConventionsOfOrder(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(b *book) (seeds string, last chains.TxID)
		want  ruleWant
	}{
		{"inputs enter by index", func(b *book) (string, chains.TxID) {
			clean, stolen := b.mine("A", 5), b.mine("B", 5)
			o := b.spend([]chains.OutPoint{stolen, clean}, pay{"X", 4}, pay{"Y", 6})
			return outSeed("V1", stolen), o[0].Tx
		}, ruleWant{tracer.FIFO: outs("4", "1"), tracer.LIFO: outs("0", "5")}},

		{"outputs leave by index, the fee last", func(b *book) (string, chains.TxID) {
			stolen, clean := b.mine("A", 5), b.mine("B", 5)
			o := b.spend([]chains.OutPoint{stolen, clean}, pay{"X", 2}, pay{"Y", 5})
			return outSeed("V1", stolen), o[0].Tx
		}, ruleWant{
			tracer.FIFO: withFee(outs("2", "3"), "0"), tracer.LIFO: withFee(outs("0", "2"), "3"),
			tracer.LIBR: withFee(outs("0", "2"), "3"), tracer.PIFO: withFee(outs("2", "3"), "0"),
			tracer.TIHO: withFee(outs("0", "5"), "0"), tracer.Poison: withFee(outs("2", "5"), "3"),
		}},

		{"lots lie in the order in which they left the pot before", func(b *book) (string, chains.TxID) {
			stolen, clean := b.mine("A", 4), b.mine("B", 6)
			first := b.spend([]chains.OutPoint{stolen, clean}, pay{"X", 10})
			o := b.spend(first, pay{"Y", 4}, pay{"Z", 6})
			return outSeed("V1", stolen), o[0].Tx
		}, ruleWant{
			tracer.FIFO: outs("4", "0"),
			// Newest first leaves clean, then stolen: the next pot's newest is the stolen one.
			tracer.LIFO: outs("4", "0"),
			tracer.LIBR: outs("0", "4"), tracer.PIFO: outs("4", "0"),
		}},

		{"a withdrawal of 0 makes no hop", func(b *book) (string, chains.TxID) {
			stolen := b.mine("A", 4)
			o := b.spend([]chains.OutPoint{stolen}, pay{"X", 0}, pay{"Y", 4}, pay{"Z", 0})
			return outSeed("V1", stolen), o[0].Tx
		}, ruleWant{tracer.FIFO: outs("", "4"), tracer.Poison: outs("", "4")}},

		{"tiho: ties go to the lower index, what is left to the smaller, the fee last", func(b *book) (string, chains.TxID) {
			stolen, clean := b.mine("A", 15), b.mine("B", 15)
			o := b.spend([]chains.OutPoint{stolen, clean}, pay{"W", 2}, pay{"X", 8}, pay{"Y", 8}, pay{"Z", 3})
			return outSeed("V1", stolen), o[0].Tx
		}, ruleWant{tracer.TIHO: withFee(outs("0", "8", "7", "0"), "0")}},

		{"tiho: a fee larger than any output is still last", func(b *book) (string, chains.TxID) {
			stolen, clean := b.mine("A", 5), b.mine("B", 15)
			o := b.spend([]chains.OutPoint{stolen, clean}, pay{"X", 2}, pay{"Y", 4})
			return outSeed("V1", stolen), o[0].Tx
		}, ruleWant{tracer.TIHO: withFee(outs("1", "4"), "0")}},

		{"prorata: of what the pot holds at that moment", func(b *book) (string, chains.TxID) {
			stolen, clean := b.mine("A", 3), b.mine("B", 5)
			o := b.spend([]chains.OutPoint{stolen, clean}, pay{"X", 3}, pay{"Y", 3}, pay{"Z", 2})
			// 9/8 → 1 of 3; then 2 of 5 for 3: 6/5 → 1; then 1 of 2. By the first total: 1, 1, 0.
			return outSeed("V1", stolen), o[0].Tx
		}, ruleWant{tracer.ProRata: outs("1", "1", "1")}},

		{"prorata: remaining units to the largest fraction", func(b *book) (string, chains.TxID) {
			stolen, clean := b.mine("A", 8), b.mine("B", 2)
			o := b.spend([]chains.OutPoint{stolen, clean}, pay{"X", 1}, pay{"Y", 9})
			return outSeed("V1", stolen), o[0].Tx
		}, ruleWant{tracer.ProRata: outs("1", "7")}},

		{"prorata: a tie goes to the seed, clean last", func(b *book) (string, chains.TxID) {
			clean, stolen := b.mine("B", 5), b.mine("A", 5)
			o := b.spend([]chains.OutPoint{clean, stolen}, pay{"X", 1}, pay{"Y", 9})
			return outSeed("V1", stolen), o[0].Tx
		}, ruleWant{tracer.ProRata: outs("1", "4")}},

		{"poison: the whole of every output, and it never decays", func(b *book) (string, chains.TxID) {
			stolen, clean := b.mine("A", 1), b.mine("B", 99)
			first := b.spend([]chains.OutPoint{clean, stolen}, pay{"X", 90}, pay{"Y", 5})
			o := b.spend([]chains.OutPoint{first[0], b.mine("C", 10)}, pay{"P", 70}, pay{"Q", 25})
			return outSeed("V1", stolen), o[0].Tx
		}, ruleWant{tracer.Poison: withFee(outs("70", "25"), "5"), tracer.FIFO: withFee(outs("0", "0"), "0")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBook()
			seeds, last := c.build(b)
			trace := b.run(t, "seeds:\n"+seeds)
			sound(t, trace)
			for rule, want := range c.want {
				require.Equal(t, want, traced(trace, last, rule), rule.String())
			}
		})
	}
}

// perSeed returns what a rule traces of each seed into each output index or "fee".
func perSeed(trace *tracer.Trace, tx chains.TxID, r tracer.Rule) map[string]string {
	m := map[string]string{}
	for _, h := range trace.Hops {
		if h.Legs[0].TxID != tx {
			continue
		}
		for _, s := range h.TracedBySeed {
			if v, ok := s.Traced.Get(r); ok && !v.IsZero() {
				m[h.Legs[0].Positions[0].Value] += s.Seed + "=" + v.String() + " "
			}
		}
	}
	return m
}

// Between victims: order of entry for the rules that have an order, the earlier seed of the
// incident where prorata ties. The seed that enters first is the later one of the incident.
func TestConventionsBetweenVictims(t *testing.T) {
	build := func(amounts ...uint64) (*book, string, chains.TxID) {
		b := newBook()
		v2, clean, v1 := b.mine("B", amounts[0]), b.mine("C", amounts[1]), b.mine("A", amounts[2])
		o := b.spend([]chains.OutPoint{v2, clean, v1}, pay{"X", amounts[3]}, pay{"Y", amounts[4]})
		return b, "seeds:\n" + outSeed("V1", v1) + outSeed("V2", v2), o[0].Tx
	}
	t.Run("order of entry", func(t *testing.T) {
		b, seeds, tx := build(4, 4, 4, 6, 6)
		trace := b.run(t, seeds)
		for rule, want := range map[tracer.Rule][2]string{
			tracer.FIFO:   {"V2=4 ", "V1=4 "},
			tracer.LIFO:   {"V1=4 ", "V2=4 "},
			tracer.LIBR:   {"V2=2 ", "V1=4 V2=2 "},
			tracer.PIFO:   {"V1=2 V2=4 ", "V1=2 "},
			tracer.TIHO:   {"V1=2 V2=4 ", "V1=2 "},
			tracer.Poison: {"V1=6 V2=6 ", "V1=6 V2=6 "},
		} {
			require.Equal(t, map[string]string{"0": want[0], "1": want[1]}, perSeed(trace, tx, rule), rule.String())
		}
	})
	t.Run("prorata ties go to the earlier seed", func(t *testing.T) {
		b, seeds, tx := build(5, 5, 5, 1, 14)
		require.Equal(t, "V1=1 ", perSeed(b.run(t, seeds), tx, tracer.ProRata)["0"])
		b, seeds, tx = build(5, 5, 5, 2, 13)
		require.Equal(t, "V1=1 V2=1 ", perSeed(b.run(t, seeds), tx, tracer.ProRata)["0"], "clean last")
	})
}

// Value that is traced already is never seeded again: of change that comes back only what
// no conserving rule traces is new.
func TestConventionSeededOnce(t *testing.T) {
	b := newBook()
	b.mine("M", 1)
	v := b.mine("P", 10)
	clean := b.mine("M", 10)
	o := b.spend([]chains.OutPoint{v, clean}, pay{"X", 10}, pay{"P", 10})
	window := fmt.Sprintf("seeds:\n  - {id: V1, chain: %s, address: P, from: 1, to: 3}\n", chain)
	trace := b.run(t, window)
	// The change carries 0 under fifo and 10 under lifo: nothing of it is new.
	require.Len(t, trace.Seeds, 1)
	require.Equal(t, chains.Units(10), trace.Seeds[0].Units)
	require.Equal(t, outs("10", "0"), traced(trace, o[0].Tx, tracer.FIFO))

	b = newBook()
	v, clean = b.mine("P", 4), b.mine("M", 16)
	b.spend([]chains.OutPoint{v, clean}, pay{"X", 10}, pay{"P", 10})
	trace = b.run(t, fmt.Sprintf("seeds:\n  - {id: V1, chain: %s, address: P, from: 0, to: 2}\n", chain))
	require.Len(t, trace.Seeds, 2)
	require.Equal(t, chains.Units(6), trace.Seeds[1].Units, "10 less the 4 that lifo traces there")
	for _, e := range trace.Endpoints {
		if e.Position == "1" {
			require.Equal(t, "6 10 8 10 6 6 10", fmt.Sprint(values(e.Traced)), "the same 6 under every rule")
		}
	}
}

func values(p tracer.Traced) string {
	var s string
	for i, r := range tracer.Rules() {
		v, ok := p.Get(r)
		if i > 0 {
			s += " "
		}
		if !ok {
			s += "null"
			continue
		}
		s += v.String()
	}
	return s
}

// A part of an amount is its first units, or its last.
func TestConventionParts(t *testing.T) {
	for _, c := range []struct {
		take string
		fifo map[string]string
	}{{"first", outs("3", "0")}, {"last", outs("0", "3")}} {
		b := newBook()
		v := b.mine("A", 10)
		o := b.spend([]chains.OutPoint{v}, pay{"X", 5}, pay{"Y", 5})
		trace := b.run(t, fmt.Sprintf("seeds:\n  - {id: V1, output: \"%s:%s\", amount: \"3\", take: %s}\n", chain, v, c.take))
		require.Equal(t, c.fifo, traced(trace, o[0].Tx, tracer.FIFO), c.take)
	}
	// Of a transaction's several outputs, the last units are those of the last output.
	b := newBook()
	o := b.spend([]chains.OutPoint{b.mine("M", 10)}, pay{"P", 4}, pay{"Q", 1}, pay{"P", 5})
	trace := b.run(t, fmt.Sprintf("seeds:\n  - {id: V1, chain: %s, tx: %s, to: P, amount: \"7\", take: last}\n", chain, o[0].Tx))
	got := map[string]string{}
	for _, s := range trace.Seeds {
		got[s.Position] = s.Units.String()
	}
	require.Equal(t, map[string]string{"0": "2", "2": "5"}, got)
}

// An input of unknown value: total and fee are unknown, so every conserving rule ends in a
// gap there and poison goes on.
func TestConventionUnknownInput(t *testing.T) {
	b := newBook()
	v := b.mine("A", 10)
	o := b.spend([]chains.OutPoint{v, {Tx: chains.TxID{9}}}, pay{"X", 8}, pay{"Y", 30})
	next := b.spend(o[:1], pay{"Z", 8})
	trace := b.run(t, "seeds:\n"+outSeed("V1", v))
	sound(t, trace)
	require.Equal(t, outs("null", "null"), traced(trace, o[0].Tx, tracer.FIFO))
	require.Equal(t, outs("8", "30"), traced(trace, o[0].Tx, tracer.Poison))
	require.Equal(t, outs("8"), traced(trace, next[0].Tx, tracer.Poison))
	require.Len(t, trace.Gaps, 1)
	require.Equal(t, o[0].Tx.String(), trace.Gaps[0].TxID)
	gaps := 0
	for _, e := range trace.Endpoints {
		if e.Reason == tracer.ReasonGap {
			gaps++
			require.Equal(t, "10 10 10 10 10 10 0", values(e.Traced))
		}
	}
	require.Equal(t, 1, gaps)
}

// How an amount is known: whole as long as nothing clean was in any pot on its way, else by
// rule, and by rule from there on.
func TestConventionBasis(t *testing.T) {
	b := newBook()
	v := b.mine("A", 10)
	whole := b.spend([]chains.OutPoint{v}, pay{"X", 6}, pay{"Y", 4})
	mixed := b.spend([]chains.OutPoint{whole[0], b.mine("M", 4)}, pay{"P", 6}, pay{"Q", 4})
	again := b.spend(mixed[:1], pay{"R", 6})
	trace := b.run(t, "seeds:\n"+outSeed("V1", v))
	basis := func(tx chains.TxID, r tracer.Rule) string {
		for _, h := range trace.Hops {
			if h.Legs[0].TxID == tx {
				if v, ok := h.Basis.Get(r); ok {
					return v.String()
				}
				return "null"
			}
		}
		return "no hop"
	}
	require.Equal(t, "whole", basis(whole[0].Tx, tracer.FIFO))
	require.Equal(t, "whole", basis(whole[0].Tx, tracer.Poison))
	require.Equal(t, "rule", basis(mixed[0].Tx, tracer.FIFO), "although all six are stolen under fifo")
	require.Equal(t, "rule", basis(mixed[0].Tx, tracer.Poison))
	require.Equal(t, "rule", basis(again[0].Tx, tracer.FIFO), "as strong as the weakest on the way")
	for _, e := range trace.Endpoints {
		split, _ := e.ByBasis.Get(tracer.FIFO)
		if address(trace, e.Node) == "Y" {
			require.Equal(t, chains.Units(4), split.Parts[tracer.Whole])
		}
		if address(trace, e.Node) == "R" {
			require.Equal(t, chains.Units(6), split.Parts[tracer.ByRule])
		}
	}
}

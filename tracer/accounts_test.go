package tracer_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

// Conventions of addresses as pots on a UTXO chain.

// arrivals returns what a rule traces into each address of a transaction, and the fee.
func arrivals(trace *tracer.Trace, tx chains.TxID, r tracer.Rule) map[string]string {
	m := map[string]string{}
	for _, h := range trace.Hops {
		if leg := h.Legs[0]; leg.TxID == tx {
			v, ok := h.Traced.Get(r)
			to := address(trace, leg.To)
			if h.Kind == tracer.HopFee {
				to = "fee"
			}
			m[to] = v.String()
			if !ok {
				m[to] = "null"
			}
		}
	}
	return m
}

// endings returns for each address "REASON: units under each rule".
func endings(trace *tracer.Trace) map[string]string {
	m := map[string]string{}
	for _, e := range trace.Endpoints {
		to := address(trace, e.Node)
		if e.Reason == tracer.ReasonFee {
			to = "fee"
		}
		m[to] = string(e.Reason) + ": " + values(e.Traced)
	}
	return m
}

func TestAccountsNetOnly(t *testing.T) {
	b := newBook()
	v := b.mine("P", 10)
	self := b.spend([]chains.OutPoint{v}, pay{"P", 4}, pay{"P", 6})
	o := b.spend(self, pay{"X", 3}, pay{"P", 7})
	trace := b.run(t, "accounts: address\nseeds:\n"+outSeed("V1", v))
	require.Empty(t, arrivals(trace, self[0].Tx, tracer.Poison), "the same account on both ends moves nothing")
	require.Equal(t, map[string]string{"X": "3"}, arrivals(trace, o[0].Tx, tracer.FIFO), "the change is no movement")
}

func TestAccountsOrderOfGiversAndReceivers(t *testing.T) {
	b := newBook()
	v, c1, c2 := b.mine("P", 6), b.mine("Q", 4), b.mine("Q", 6)
	// First inputs: Q, then P. First outputs: X, then Y, although Y's largest comes first.
	o := b.spend([]chains.OutPoint{c1, v, c2}, pay{"X", 1}, pay{"Y", 7}, pay{"X", 6})
	trace := b.run(t, "accounts: address\nseeds:\n"+outSeed("V1", v))
	require.Equal(t, map[string]string{"X": "0", "Y": "4", "fee": "2"}, arrivals(trace, o[0].Tx, tracer.FIFO))
	require.Equal(t, map[string]string{"X": "6", "Y": "0", "fee": "0"}, arrivals(trace, o[0].Tx, tracer.LIFO))
	require.Equal(t, map[string]string{"X": "null", "Y": "null", "fee": "null"}, arrivals(trace, o[0].Tx, tracer.TIHO))
}

// What an account held before the first traced arrival is its oldest lot, and clean.
func TestAccountsOpening(t *testing.T) {
	b := newBook()
	b.mine("P", 10)
	v := b.mine("P", 10)
	o := b.spend([]chains.OutPoint{v}, pay{"X", 10})
	incident := "accounts: address\nseeds:\n" + outSeed("V1", v)
	t.Run("told by the source", func(t *testing.T) {
		trace := b.run(t, incident)
		require.Equal(t, map[string]string{"X": "0"}, arrivals(trace, o[0].Tx, tracer.FIFO), "the coin spent is not what decides")
		require.Equal(t, map[string]string{"X": "10"}, arrivals(trace, o[0].Tx, tracer.LIFO))
	})
	stated := func(units int) string {
		return fmt.Sprintf("openings:\n  - {chain: %s, address: P, amount: \"%d\", source: statement}\n", chain, units)
	}
	t.Run("told by the source, stated otherwise", func(t *testing.T) {
		trace := b.run(t, incident+stated(4))
		require.Equal(t, map[string]string{"X": "0"}, arrivals(trace, o[0].Tx, tracer.FIFO), "the chain's own number counts")
		require.Len(t, trace.Gaps, 1)
		require.Equal(t, "opening balance of P: 10 units of native by the chain, 4 as stated (statement)", trace.Gaps[0].What)
		require.Equal(t, v.Tx.String(), trace.Gaps[0].TxID)
		require.Empty(t, b.run(t, incident+stated(10)).Gaps, "they agree")
	})
	t.Run("stated, and known to nobody else", func(t *testing.T) {
		trace := b.runOnePass(t, incident+stated(4)+"  - {chain: "+string(chain)+", address: X, amount: \"0\", source: statement}\n")
		require.Equal(t, map[string]string{"X": "6"}, arrivals(trace, o[0].Tx, tracer.FIFO))
	})
	t.Run("known to nobody", func(t *testing.T) {
		inc, err := tracer.ParseIncident("incident.yaml", []byte("clew: incident/1\nid: test\nrule: fifo\n"+incident), plain{})
		require.NoError(t, err)
		_, err = tracer.Run(context.Background(), inc, chain, onePass{b.rewind()}, plain{}, tracer.Options{})
		require.ErrorIs(t, err, chains.ErrIncomplete)
		require.ErrorContains(t, err, "openings", "the error says the way out")
	})
}

// onePass hides what a book knows of balances, as one pass over a node's blocks does.
type onePass struct{ tracer.Source }

// runOnePass traces an incident where nobody knows what accounts held before.
func (b *book) runOnePass(t *testing.T, yaml string) *tracer.Trace {
	t.Helper()
	inc, err := tracer.ParseIncident("incident.yaml", []byte("clew: incident/1\nid: test\nrule: fifo\n"+yaml), plain{})
	require.NoError(t, err)
	trace, err := tracer.Run(context.Background(), inc, chain, onePass{b.rewind()}, plain{}, tracer.Options{})
	require.NoError(t, err)
	return trace
}

// More is paid out than was seen: the difference is the oldest lot, clean, in a column of
// its own and a gap.
func TestAccountsUnexplained(t *testing.T) {
	b := newBook()
	c := b.mine("P", 10)
	v := b.mine("P", 8)
	o := b.spend([]chains.OutPoint{c, v}, pay{"Y", 4}, pay{"Z", 8}, pay{"P", 6})
	stated := "openings:\n"
	for name, units := range map[string]int{"P": 2, "Y": 0, "Z": 0} {
		stated += fmt.Sprintf("  - {chain: %s, address: %s, amount: \"%d\", source: statement}\n", chain, name, units)
	}
	trace := b.runOnePass(t, "accounts: address\n"+stated+"seeds:\n"+outSeed("V1", v))
	require.Equal(t, map[string]string{"Y": "0", "Z": "8"}, arrivals(trace, o[0].Tx, tracer.FIFO),
		"2 unexplained and 2 clean leave before the 8 stolen")
	require.Equal(t, map[string]string{"Y": "3", "Z": "5"}, arrivals(trace, o[0].Tx, tracer.ProRata), "8 of 12")
	rows, _ := trace.Conservation.Get(tracer.FIFO)
	require.Equal(t, chains.Units(2), rows[0].Unexplained)
	require.Len(t, trace.Gaps, 1)
	require.Equal(t, o[0].Tx.String(), trace.Gaps[0].TxID)
}

// Poison holds an account from the touch on: every balance and outflow, whole.
func TestAccountsPoisonStays(t *testing.T) {
	b := newBook()
	v := b.mine("P", 1)
	b.spend([]chains.OutPoint{v}, pay{"X", 1})
	clean := b.mine("P", 50)
	o := b.spend([]chains.OutPoint{clean}, pay{"Y", 20}, pay{"P", 30})
	trace := b.run(t, "accounts: address\nseeds:\n"+outSeed("V1", v))
	require.Equal(t, map[string]string{"Y": "20"}, arrivals(trace, o[0].Tx, tracer.Poison))
	require.Equal(t, map[string]string{
		"X": "balance: 1 1 1 1 1 null 1", "Y": "balance: 0 0 0 0 0 null 20", "P": "balance: 0 0 0 0 0 null 30",
	}, endings(trace))
	for _, e := range trace.Endpoints {
		require.Equal(t, e.Range.Min, e.Range.Max, "poison and tiho stand outside the range")
	}
	sound(t, trace)
}

// libr: the claim sinks with the lowest balance and never refills from clean money.
func TestAccountsLowestIntermediateBalance(t *testing.T) {
	b := newBook()
	c := b.mine("P", 50)
	v := b.mine("P", 50)
	b.spend([]chains.OutPoint{c, v}, pay{"X", 80}, pay{"P", 20})
	b.mine("P", 100)
	trace := b.run(t, "accounts: address\nseeds:\n"+outSeed("V1", v))
	for _, e := range trace.Endpoints {
		if v, _ := e.Traced.Get(tracer.LIBR); address(trace, e.Node) == "P" {
			require.Equal(t, chains.Units(20), v)
		}
	}
}

// An output that is a seed is itself, although its address receives more in the same
// transaction.
func TestAccountsSeedOneOfTwoOutputs(t *testing.T) {
	b := newBook()
	o := b.spend([]chains.OutPoint{b.mine("M", 30)}, pay{"P", 10}, pay{"P", 20})
	trace := b.run(t, "accounts: address\nseeds:\n"+outSeed("V1", o[1]))
	require.Equal(t, chains.Units(20), trace.Seeds[0].Units)
	require.Equal(t, "1", trace.Seeds[0].Position)
	trace = b.run(t, "accounts: address\nseeds:\n"+outSeed("V1", o[1])+outSeed("V2", o[0]))
	require.Len(t, trace.Seeds, 2)
	require.Equal(t, chains.Units(10), trace.Seeds[1].Units)
}

// tiho ends at accounts, so it decides nothing there: neither what is new of a receipt nor
// what is dust.
func TestAccountsTihoDecidesNothing(t *testing.T) {
	b := newBook()
	v := b.mine("P", 5)
	// Clean money leaves P in order of entry under every rule that is computed; tiho alone,
	// were it computed, would give all the stolen value to the larger receiver.
	o := b.spend([]chains.OutPoint{v, b.mine("Q", 5)}, pay{"X", 4}, pay{"Y", 6})
	trace := b.run(t, "accounts: address\nseeds:\n"+outSeed("V1", v)+outSeed("V2", o[1]))
	for _, s := range trace.Seeds {
		if s.ID == "V2" {
			require.Equal(t, chains.Units(1), s.Units, "lifo traces 5 of the 6 there")
		}
	}
	b = newBook()
	v = b.mine("P", 4)
	small := b.spend([]chains.OutPoint{v, b.mine("Q", 4), b.mine("R", 4)}, pay{"X", 3}, pay{"Y", 6}, pay{"Z", 3})
	trace = b.run(t, "accounts: address\nstop: {dust: {native: \"4\"}}\nseeds:\n"+outSeed("V1", v))
	require.Equal(t, map[string]string{"X": "3", "Y": "1", "Z": "0"}, arrivals(trace, small[0].Tx, tracer.FIFO))
	require.Contains(t, endings(trace)["Y"], "dust: ", "tiho would trace 4 there")
}

// A receiver's place is its first output, although it stands among the inputs before.
func TestAccountsReceiverAmongInputs(t *testing.T) {
	b := newBook()
	r, v, c := b.mine("R", 1), b.mine("P", 5), b.mine("Q", 5)
	o := b.spend([]chains.OutPoint{r, v, c}, pay{"X", 5}, pay{"R", 6})
	trace := b.run(t, "accounts: address\nseeds:\n"+outSeed("V1", v))
	require.Equal(t, map[string]string{"X": "5", "R": "0"}, arrivals(trace, o[0].Tx, tracer.FIFO))
}

// Where clean money has lain beside stolen money in an account, a rule decided what leaves.
func TestAccountsBasis(t *testing.T) {
	b := newBook()
	v, c := b.mine("P", 5), b.mine("Q", 3)
	alone := b.spend([]chains.OutPoint{v}, pay{"X", 1}, pay{"P", 4})
	beside := b.spend([]chains.OutPoint{c}, pay{"P", 3})
	after := b.spend([]chains.OutPoint{alone[1], beside[0]}, pay{"Y", 4}, pay{"P", 3})
	trace := b.run(t, "accounts: address\nseeds:\n"+outSeed("V1", v))
	want := map[chains.TxID]string{alone[0].Tx: "whole", after[0].Tx: "rule"}
	for _, h := range trace.Hops {
		basis, ok := h.Basis.Get(tracer.FIFO)
		require.True(t, ok)
		require.Equal(t, want[h.Legs[0].TxID], basis.String())
	}
	require.Len(t, trace.Hops, 2)
}

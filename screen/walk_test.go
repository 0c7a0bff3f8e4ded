package screen_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/screen"
	"clew/store"
)

// walkOf is a walk over the blocks of w, which it saves.
func walkOf(t *testing.T, w *world) screen.WalkOf {
	t.Helper()
	w.save(0)
	v, err := w.st.View(t.Context(), regtest, store.Latest)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, v.Close()) })
	return screen.WalkOf{Facts: v, Chain: regtest, Codec: bitcoin.Codec{}, Hits: w.index}
}

func startAt(o chains.OutPoint) screen.WalkStart {
	return screen.WalkStart{Place: screen.Place{Chain: regtest, Tx: o.Tx, Vout: o.Index, Asset: chains.Native}}
}

func back(t *testing.T, of screen.WalkOf, starts ...chains.OutPoint) *screen.WalkResult {
	t.Helper()
	return goes(t, of, false, starts...)
}

func goes(t *testing.T, of screen.WalkOf, forward bool, starts ...chains.OutPoint) *screen.WalkResult {
	t.Helper()
	var at []screen.WalkStart
	for _, o := range starts {
		at = append(at, startAt(o))
	}
	found, err := screen.Walk(t.Context(), of, forward, at...)
	require.NoError(t, err)
	return found
}

func alike(units uint64) screen.Split[chains.Amount] {
	return screen.Split[chains.Amount]{FIFO: chains.Units(units), ProRata: chains.Units(units)}
}

func under(fifo, pro uint64) screen.Split[chains.Amount] {
	return screen.Split[chains.Amount]{FIFO: chains.Units(fifo), ProRata: chains.Units(pro)}
}

// TestWalkTakesTheOldestInputFirst divides what two people pay together: under fifo the first output is
// the first input's, in proportion both have their part of each.
func TestWalkTakesTheOldestInputFirst(t *testing.T) {
	w := newWorld(t)
	a, b := w.mine(pay{"a", 60}), w.mine(pay{"b", 40})
	w.block()
	tx := w.tx([]chains.OutPoint{out(a, 0), out(b, 0)}, pay{"x", 70}, pay{"y", 20})
	of := walkOf(t, w)

	found := back(t, of, out(tx, 0))
	require.Len(t, found.Ends, 2)
	require.Equal(t, under(60, 42), found.Ends[0].Units)
	require.Equal(t, under(10, 28), found.Ends[1].Units)
	require.Equal(t, 2, found.Ends[0].Hops, "the transaction that paid, and the one that issued")
	require.Equal(t, screen.Mining, found.Ends[0].Found.Category)
	require.Equal(t, "explained", found.Ended)

	found = back(t, of, out(tx, 1))
	require.Equal(t, under(20, 8), found.Ends[0].Units, "the second input alone, under fifo")
	require.Equal(t, under(0, 12), found.Ends[1].Units)

	found = goes(t, of, true, out(b, 0))
	require.Len(t, found.Ends, 3)
	require.Equal(t, under(10, 28), found.Ends[0].Units, "the largest under any rule first")
	require.Equal(t, under(20, 8), found.Ends[1].Units)
	require.Equal(t, under(10, 4), found.Ends[2].Units)
	require.Equal(t, "the fee", found.Ends[2].Note, "it leaves last")
	require.True(t, found.Ends[0].Still)
}

// TestWalkGivesWhatIsLeftToTheLargestFraction: of 2 units of 3, to which 1 and 2 were brought, ⅔ and 1⅓
// are 1 and 1.
func TestWalkGivesWhatIsLeftToTheLargestFraction(t *testing.T) {
	w := newWorld(t)
	a, b := w.mine(pay{"a", 1}), w.mine(pay{"b", 2})
	w.block()
	tx := w.tx([]chains.OutPoint{out(a, 0), out(b, 0)}, pay{"x", 2}, pay{"y", 1})
	for _, e := range back(t, walkOf(t, w), out(tx, 0)).Ends {
		require.Equal(t, chains.Units(1), e.Units.ProRata)
	}
}

func TestWalkShowsItsWay(t *testing.T) {
	w := newWorld(t)
	a, b := w.mine(pay{"a", 60}), w.mine(pay{"b", 40})
	w.block()
	first := w.tx([]chains.OutPoint{out(a, 0)}, pay{"c", 60})
	w.block()
	second := w.tx([]chains.OutPoint{out(b, 0), out(first, 0)}, pay{"d", 50}, pay{"e", 50})
	of := walkOf(t, w)

	found := back(t, of, out(second, 1))
	require.Equal(t, a, found.Ends[0].At.Tx)
	p := found.Ends[0].Path(10)
	require.Equal(t, under(50, 30), p.Units)
	require.Len(t, p.Steps, 3)
	for i, want := range []struct {
		tx       chains.TxID
		from, to string
		units    uint64
	}{{a, "", "a", 60}, {first, "a", "c", 60}, {second, "c", "e", 50}} {
		s := p.Steps[i]
		require.Equal(t, want.tx.String(), s.TxID)
		require.Equal(t, chains.Units(want.units), s.Units)
		require.Equal(t, text(want.to), s.To)
		require.Equal(t, want.from == "", s.From == "")
		require.Equal(t, p.Units, s.Carried)
		require.Equal(t, "rule", s.Basis, "another's money lay in the last transaction")
		require.Equal(t, "proven", s.Evidence)
	}
	require.Equal(t, out(second, 1).String(), p.Steps[2].ToOut)
	require.Equal(t, out(first, 0).String(), p.Steps[2].FromOut)

	short := found.Ends[0].Path(2)
	require.Equal(t, 1, short.Omitted)
	require.Equal(t, []string{a.String(), second.String()}, []string{short.Steps[0].TxID, short.Steps[1].TxID})

	whole := back(t, of, out(first, 0)).Ends[0].Path(0)
	require.Equal(t, "whole", whole.Steps[0].Basis)

	ahead := goes(t, of, true, out(a, 0)).Ends[0].Path(0)
	require.Equal(t, []string{first.String(), second.String()}, []string{ahead.Steps[0].TxID, ahead.Steps[1].TxID})
}

// TestWalkEndsAtWhoeverIsKnown asks who gave, at the time at which they did.
func TestWalkEndsAtWhoeverIsKnown(t *testing.T) {
	w := newWorld(t)
	a := w.mine(pay{"hot wallet", 100})
	w.block()
	tx := w.tx([]chains.OutPoint{out(a, 0)}, pay{"x", 100})
	of := walkOf(t, w)
	of.Who = &attributes{who: name("hot wallet")}

	found := back(t, of, out(tx, 0))
	require.Len(t, found.Ends, 1)
	require.Equal(t, 1, found.Ends[0].Hops)
	require.Equal(t, screen.Exchange, found.Ends[0].Found.Category)
	require.Equal(t, time.Unix(w.blocks[1].Ref.Time, 0).UTC(), of.Who.(*attributes).at)
	require.Equal(t, 1, found.Transactions, "who is known is not read")

	found = goes(t, of, true, out(a, 0))
	require.True(t, found.Ends[0].Still, "whom the start is of, it does not ask")
}

func TestWalkEndsInAMix(t *testing.T) {
	w := newWorld(t)
	var in []chains.OutPoint
	for i, units := range []uint64{5_000_000, 5_000_000, 5_010_000, 5_010_000, 5_010_000} {
		in = append(in, out(w.mine(pay{"m" + string(rune('a'+i)), units}), 0))
	}
	w.block()
	mix := w.tx(in, pay{"p", 5_000_000}, pay{"q", 5_000_000}, pay{"r", 5_000_000}, pay{"s", 5_000_000}, pay{"t", 5_000_000})
	w.block()
	tx := w.tx([]chains.OutPoint{out(mix, 2)}, pay{"x", 5_000_000})
	of := walkOf(t, w)

	found := back(t, of, out(tx, 0))
	require.Len(t, found.Ends, 1)
	e := found.Ends[0]
	require.Equal(t, screen.Mixer, e.Found.Category)
	require.Equal(t, "whirlpool", e.Found.Entity)
	require.Contains(t, e.Note, "a Whirlpool mix: 5 inputs, 5 outputs")
	require.Equal(t, 2, e.Hops)
	require.Equal(t, alike(5_000_000), e.Units)
	p := e.Path(0)
	require.Equal(t, []string{mix.String(), tx.String()}, []string{p.Steps[0].TxID, p.Steps[1].TxID})
	require.Empty(t, p.Steps[0].From, "several gave")

	found = goes(t, of, true, in[3])
	require.Equal(t, screen.Mixer, found.Ends[0].Found.Category)
	require.Equal(t, 1, found.Ends[0].Hops)
}

// TestWalkHasBudgets cuts a chain of 30 payments.
func TestWalkHasBudgets(t *testing.T) {
	w := newWorld(t)
	last := out(w.mine(pay{"a", 100}), 0)
	for range 30 {
		w.block()
		last = out(w.tx([]chains.OutPoint{last}, pay{"a", 100}), 0)
	}
	of := walkOf(t, w)

	of.Budget = screen.Budget{Hops: 7}
	found := back(t, of, last)
	require.Equal(t, 7, found.Transactions)
	require.Equal(t, 7, found.Deep)
	require.Equal(t, "budget hops", found.Ended+" "+found.Limit)
	require.Equal(t, alike(100), found.Rests[0].Units)

	of.Budget = screen.Budget{Transactions: 9, Hops: 20}
	found = back(t, of, last)
	require.Equal(t, 9, found.Transactions)
	require.Equal(t, "budget transactions", found.Ended+" "+found.Limit)

	// Time, which passes by 10 ms at each look, ends it where a count ends it too.
	at := time.Unix(0, 0)
	timed := of
	timed.Budget = screen.Budget{Milliseconds: 100}
	timed.Now = func() time.Time { at = at.Add(10 * time.Millisecond); return at }
	byTime := back(t, timed, last)
	require.Equal(t, "budget milliseconds", byTime.Ended+" "+byTime.Limit)
	require.Equal(t, 10, byTime.Transactions)
	of.Budget, of.Limit = screen.Budget{Transactions: byTime.Transactions}, "milliseconds"
	byCount := back(t, of, last)
	require.Equal(t, byTime.Rests, byCount.Rests)
	require.Equal(t, byTime.Limit, byCount.Limit)

	timed.Budget = screen.Budget{Milliseconds: 1}
	start := startAt(last)
	start.Tx = &w.blocks[len(w.blocks)-1].Txs[1]
	found, err := screen.Walk(t.Context(), timed, false, start)
	require.NoError(t, err)
	require.Equal(t, 1, found.Transactions, "time never ends it before its first transaction")

	of.Budget, of.Limit = screen.Budget{}, ""
	require.Equal(t, "explained", back(t, of, last).Ended)
}

// TestWalkReadsTheMostValueFirst has two branches; a budget for one is spent on the larger.
func TestWalkReadsTheMostValueFirst(t *testing.T) {
	w := newWorld(t)
	small, large := out(w.mine(pay{"a", 10}), 0), out(w.mine(pay{"b", 90}), 0)
	for range 5 {
		w.block()
		small, large = out(w.tx([]chains.OutPoint{small}, pay{"a", 10}), 0), out(w.tx([]chains.OutPoint{large}, pay{"b", 90}), 0)
	}
	w.block()
	tx := w.tx([]chains.OutPoint{small, large}, pay{"x", 100})
	of := walkOf(t, w)
	of.Budget = screen.Budget{Transactions: 7}
	found := back(t, of, out(tx, 0))
	require.Len(t, found.Ends, 1)
	require.Equal(t, alike(90), found.Ends[0].Units)
	require.Equal(t, alike(10), found.Rests[0].Units)
}

// TestWalkCountsWhatMeetsAgainOnce parts value and joins it, many times over: each transaction is read
// once, and the sums are exact.
func TestWalkCountsWhatMeetsAgainOnce(t *testing.T) {
	w := newWorld(t)
	from := []chains.OutPoint{out(w.mine(pay{"a", 1_000_003}), 0)}
	for range 40 {
		w.block()
		tx := w.tx(from, pay{"a", 700_001}, pay{"a", 300_002})
		from = []chains.OutPoint{out(tx, 1), out(tx, 0)}
	}
	of := walkOf(t, w)
	found := back(t, of, from...)
	require.Equal(t, 41, found.Transactions)
	require.Len(t, found.Ends, 1)
	require.Equal(t, alike(1_000_003), found.Ends[0].Units)
	require.Equal(t, chains.Units(1_000_003), found.Whole[chains.Native])
}

// TestWalkLeavesWhatItDoesNotKnow: an input of unknown value, a chain that was not read from its start,
// and one with a hole.
func TestWalkLeavesWhatItDoesNotKnow(t *testing.T) {
	w := newWorld(t)
	a := w.mine(pay{"a", 50})
	w.block()
	elsewhere := chains.OutPoint{Tx: chains.TxID{9}}
	w.outs[elsewhere] = chains.Output{Value: 50, Address: name("z"), Type: chains.ScriptP2WPKH}
	tx := w.tx([]chains.OutPoint{elsewhere, out(a, 0)}, pay{"x", 80})
	unclear := &w.blocks[1].Txs[1]
	unclear.Inputs[0].Known, unclear.Inputs[0].Spent = false, chains.Output{}
	w.outs[chains.OutPoint{Tx: chains.TxID{8}}] = chains.Output{Value: 70, Address: name("z"), Type: chains.ScriptP2WPKH}
	far := w.tx([]chains.OutPoint{{Tx: chains.TxID{8}}}, pay{"y", 70})
	of := walkOf(t, w)

	found := back(t, of, out(tx, 0))
	require.Empty(t, found.Ends)
	require.Equal(t, alike(80), found.Rests[0].Units)
	require.Contains(t, found.Rests[0].Why, "value is not known")
	require.Equal(t, "store", found.Ended)
	require.Equal(t, tx.String(), found.Gaps[0].TxID)
	require.Contains(t, found.Gaps[0].What, elsewhere.String())

	found = back(t, of, out(far, 0))
	require.Contains(t, found.Rests[0].Why, "outside of what was read")
	require.Equal(t, "store", found.Ended)
}

func TestWalkForwardSaysWhereTheChainHasAHole(t *testing.T) {
	w := newWorld(t)
	a := w.mine(pay{"a", 50})
	for range 4 {
		w.block()
	}
	b := w.mine(pay{"b", 20})
	l, err := w.st.Load(t.Context(), regtest)
	require.NoError(t, err)
	for _, i := range []int{0, 1, 4, 5} {
		require.NoError(t, l.Add(w.blocks[i]))
	}
	require.NoError(t, l.Flush(t.Context()))
	require.NoError(t, l.Close())
	v, err := w.st.View(t.Context(), regtest, store.Latest)
	require.NoError(t, err)
	of := screen.WalkOf{Facts: v, Chain: regtest, Codec: bitcoin.Codec{}}
	found := goes(t, of, true, out(a, 0), out(b, 0))
	require.Equal(t, alike(50), found.Rests[0].Units)
	require.Contains(t, found.Rests[0].Why, "hole")
	require.True(t, found.Ends[0].Still)
	require.Equal(t, alike(20), found.Ends[0].Units)
	require.NoError(t, v.Close())
}

// TestWalkEndsWhereAnIncidentTracesAll: under a rule that traces all that lies there it ends, and under
// the other it goes on.
func TestWalkEndsWhereAnIncidentTracesAll(t *testing.T) {
	w := newWorld(t)
	theft, clean := w.mine(pay{"thief", 60}), w.mine(pay{"b", 40})
	w.block()
	both60 := w.tx([]chains.OutPoint{out(theft, 0), out(clean, 0)}, pay{"c", 60}, pay{"d", 40})
	w.save(0)
	w.steal("theft", out(theft, 0))
	n := len(w.blocks)
	w.block()
	tx := w.tx([]chains.OutPoint{out(both60, 0)}, pay{"x", 60})
	w.save(n)
	v, err := w.st.View(t.Context(), regtest, store.Latest)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, v.Close()) })
	of := screen.WalkOf{Facts: v, Chain: regtest, Codec: bitcoin.Codec{}, Hits: w.index}

	found := back(t, of, out(tx, 0))
	hits := slices.DeleteFunc(slices.Clone(found.Ends), func(e screen.WalkEnd) bool { return len(e.Hits) == 0 })
	require.Len(t, hits, 2)
	require.Equal(t, out(both60, 0).Tx, hits[0].At.Tx, "all of it under fifo")
	require.Equal(t, under(60, 0), hits[0].Units)
	require.Equal(t, 1, hits[0].Hops)
	require.Equal(t, theft, hits[1].At.Tx, "the seed, in proportion")
	require.Equal(t, under(0, 36), hits[1].Units)

	of.Hits = w.index.Stale("theft", "the block left")
	for _, e := range back(t, of, out(tx, 0)).Ends {
		require.Empty(t, e.Hits, "what is stale ends nothing")
	}
}

func TestWalkRefusesAStartThatIsNotThere(t *testing.T) {
	w := newWorld(t)
	a := w.mine(pay{"a", 50})
	of := walkOf(t, w)
	for _, at := range []screen.WalkStart{startAt(out(a, 1)), startAt(out(chains.TxID{7}, 0))} {
		_, err := screen.Walk(t.Context(), of, false, at)
		require.ErrorIs(t, err, chains.ErrNotFound)
		require.True(t, strings.HasPrefix(err.Error(), "walk back on bitcoin-regtest: "), err.Error())
	}
	_, err := screen.Walk(t.Context(), of, true, startAt(out(a, 0)), startAt(out(a, 0)))
	require.ErrorContains(t, err, "twice")
}

// attributes knows one address, and when it was asked.
type attributes struct {
	who chains.Address
	at  time.Time
}

// Attribute is of screen.Attributor.
func (k *attributes) Attribute(_ context.Context, _ chains.Chain, a chains.Address, at time.Time) (screen.Attribution, bool, error) {
	if a == k.who {
		k.at = at
	}
	return screen.Attribution{Category: screen.Exchange, KnownBy: screen.ByLabel, Ends: true}, a == k.who, nil
}

package screen_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/screen"
	"clew/store"
)

// bazaar is a market without chance: blocks are written from a height on.
func bazaar(t *testing.T, blocks func(*market)) screen.WalkOf {
	t.Helper()
	return bazaarFrom(t, 0, blocks)
}

func bazaarFrom(t *testing.T, from int, blocks func(*market)) screen.WalkOf {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "bazaar.db"), store.Options{Create: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	m := &market{st: st, held: map[string]uint64{}}
	blocks(m)
	l, err := st.Load(t.Context(), polygon)
	require.NoError(t, err)
	for _, b := range m.blocks[from:] {
		require.NoError(t, l.Add(b))
	}
	require.NoError(t, l.Flush(t.Context()))
	require.NoError(t, l.Close())
	v, err := st.View(t.Context(), polygon, store.Latest)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, v.Close()) })
	return screen.WalkOf{Facts: v, Chain: polygon, Codec: evm.Codec{}}
}

// did adds a block with one transaction, and returns its id.
func (m *market) did(sender string, moves ...move) chains.TxID {
	m.block()
	m.deed(sender, moves...)
	return m.blocks[len(m.blocks)-1].Txs[0].ID
}

func went(t *testing.T, of screen.WalkOf, forward bool, tx chains.TxID, to string, asset chains.Asset) *screen.WalkResult {
	t.Helper()
	found, err := screen.Walk(t.Context(), of, forward, screen.WalkStart{Place: screen.Place{Chain: polygon, Tx: tx, Account: account(to), Asset: asset}})
	require.NoError(t, err)
	return found
}

var gold, grain = goods[1], goods[2]

// TestWalkOnAccountsCountsWhatASwapGave: 7 of gold were 3 of native; what is asked in gold is explained in
// gold, though it came as native.
func TestWalkOnAccountsCountsWhatASwapGave(t *testing.T) {
	var last chains.TxID
	of := bazaar(t, func(m *market) {
		m.did("a", move{"", "a", chains.Native, 2})
		m.did("b", move{"", "b", chains.Native, 1})
		m.did("b", move{"b", "a", chains.Native, 1})
		m.did("a", move{"a", "pool", chains.Native, 3}, move{"pool", "a", gold, 7})
		last = m.did("a", move{"a", "c", gold, 5})
	})
	found := went(t, of, false, last, "c", gold)
	require.Equal(t, chains.Units(5), found.Whole[gold])
	require.Len(t, found.Ends, 2)
	first, second := found.Ends[0], found.Ends[1]
	require.Equal(t, gold, first.Asset)
	require.Equal(t, chains.Native, first.At.Asset)
	require.Equal(t, under(4, 3), first.Units, "the first two of three became ⌊7·2/3⌋ = 4")
	require.Equal(t, under(1, 2), second.Units)
	require.Equal(t, 3, first.Hops, "the payment, the swap, the issue")
	require.Equal(t, screen.Mining, first.Found.Category)
	p := first.Path(0)
	require.Len(t, p.Steps, 4)
	require.Equal(t, "conversion", p.Steps[0].Basis)
	require.Equal(t, chains.Native, p.Steps[0].Asset)
	require.Equal(t, chains.Units(2), p.Steps[0].Carried.FIFO, "in the step's own asset")
	require.Equal(t, chains.Units(4), p.Steps[3].Carried.FIFO)
	require.Equal(t, "0x"+last.String(), p.Steps[3].TxID)
	require.Equal(t, evm.Codec{}.FormatAddress(polygon, account("pool")), p.Steps[2].From)

	ahead := went(t, of, true, found.Ends[1].At.Tx, "b", chains.Native)
	require.Len(t, ahead.Ends, 1, "of one unit, which became three of gold, nothing is divided")
	require.Equal(t, account("c"), ahead.Ends[0].At.Account)
	require.Equal(t, alike(1), ahead.Ends[0].Units)
}

// TestWalkOnAccountsTellsUnitsApartInASwap: of four that were exchanged one to one, the last two were b's.
func TestWalkOnAccountsTellsUnitsApartInASwap(t *testing.T) {
	var bought, last chains.TxID
	of := bazaar(t, func(m *market) {
		m.did("a", move{"", "a", grain, 2})
		bought = m.did("b", move{"", "a", grain, 2})
		m.did("a", move{"a", "pool", grain, 4}, move{"pool", "a", gold, 4})
		m.did("a", move{"a", "z", gold, 2})
		last = m.did("a", move{"a", "c", gold, 2})
	})
	found := went(t, of, false, last, "c", gold)
	require.Len(t, found.Ends, 2)
	for _, e := range found.Ends {
		want := under(0, 1)
		if e.At.Tx == bought {
			want = under(2, 1)
		}
		require.Equal(t, want, e.Units)
	}
}

func TestWalkOnAccountsPassesContractsThatKeepNothing(t *testing.T) {
	var last, kept chains.TxID
	of := bazaar(t, func(m *market) {
		m.did("a", move{"", "a", gold, 100})
		last = m.did("a", move{"a", "router", gold, 60}, move{"router", "c", gold, 60})
		kept = m.did("c", move{"c", "vault", gold, 10})
	})
	found := went(t, of, false, last, "c", gold)
	require.Len(t, found.Ends, 1)
	require.Equal(t, alike(60), found.Ends[0].Units)
	require.Equal(t, 2, found.Ends[0].Hops, "a contract on the way is no hop")
	require.Len(t, found.Ends[0].Path(0).Steps, 3)

	ahead := went(t, of, true, last, "c", gold)
	require.Len(t, ahead.Ends, 2)
	require.True(t, ahead.Ends[0].Still)
	require.Equal(t, alike(50), ahead.Ends[0].Units)
	require.Equal(t, screen.Contract, ahead.Ends[1].Found.Category)
	require.Equal(t, kept, ahead.Ends[1].At.Tx)
	require.Equal(t, account("vault"), ahead.Ends[1].At.Account)
}

// TestWalkOnAccountsDoesNotKnowWhatWasThereBefore reads a chain from its second block on.
func TestWalkOnAccountsDoesNotKnowWhatWasThereBefore(t *testing.T) {
	var last chains.TxID
	of := bazaarFrom(t, 1, func(m *market) {
		m.did("a", move{"", "a", gold, 100})
		m.did("b", move{"", "a", gold, 20})
		last = m.did("a", move{"a", "c", gold, 60})
	})
	found := went(t, of, false, last, "c", gold)
	require.Len(t, found.Ends, 1)
	require.Equal(t, alike(20), found.Ends[0].Units)
	require.Equal(t, alike(40), found.Rests[0].Units)
	require.Equal(t, "store", found.Ended)
	require.Contains(t, found.Gaps[0].Why, "more than what was read")
	require.Equal(t, "0x"+last.String(), found.Gaps[0].TxID)
}

// TestWalkOnAccountsHasBudgets: of two who paid, the history of the one who paid more is read first, and
// that of an account which never rests is left out.
func TestWalkOnAccountsHasBudgets(t *testing.T) {
	var last, busy chains.TxID
	of := bazaar(t, func(m *market) {
		m.did("a", move{"", "a", gold, 100})
		m.did("b", move{"", "b", gold, 100})
		m.did("a", move{"a", "x", gold, 30})
		m.did("b", move{"b", "x", gold, 50})
		last = m.did("x", move{"x", "y", gold, 80})
		m.block()
		for range 1_100 {
			m.deed("hub", move{"", "hub", gold, 1})
		}
		busy = m.did("hub", move{"hub", "y", gold, 700})
	})
	of.Budget = screen.Budget{Transactions: 6}
	found := went(t, of, false, last, "y", gold)
	require.Equal(t, 6, found.Transactions, "the start, three of x, two of b")
	require.Equal(t, "budget transactions", found.Ended+" "+found.Limit)
	require.Len(t, found.Ends, 1)
	require.Equal(t, alike(50), found.Ends[0].Units)
	require.Equal(t, alike(30), found.Rests[0].Units)

	of.Budget = screen.Budget{Hops: 2}
	found = went(t, of, false, last, "y", gold)
	require.Empty(t, found.Ends)
	require.Equal(t, "budget hops", found.Ended+" "+found.Limit)

	of.Budget = screen.Budget{}
	require.Equal(t, "explained", went(t, of, false, last, "y", gold).Ended)
	found = went(t, of, false, busy, "y", gold)
	require.Empty(t, found.Ends)
	require.Contains(t, found.Rests[0].Why, "longer than a walk reads")
	require.Equal(t, "more than 1000 transactions", found.Gaps[0].Why)
	require.Equal(t, "store", found.Ended)
}

// TestWalkOnAccountsEndsAtWhoeverIsKnown, but not at the subject's own account.
func TestWalkOnAccountsEndsAtWhoeverIsKnown(t *testing.T) {
	var paid, again chains.TxID
	of := bazaar(t, func(m *market) {
		m.did("a", move{"", "a", gold, 100})
		paid = m.did("a", move{"a", "x", gold, 100})
		again = m.did("x", move{"x", "y", gold, 40})
	})
	of.Who = &attributes{who: account("a")}
	found := went(t, of, false, again, "y", gold)
	require.Equal(t, screen.Exchange, found.Ends[0].Found.Category)
	require.Equal(t, 2, found.Ends[0].Hops)
	require.Equal(t, account("a"), found.Ends[0].At.Account)

	of.Who = &attributes{who: account("x")}
	require.Equal(t, 1, went(t, of, false, again, "y", gold).Ends[0].Hops)
	ahead := went(t, of, true, paid, "x", gold)
	require.Equal(t, 0, ahead.Ends[0].Hops, "it lies where somebody is known")
	of.Own = []chains.Address{account("x")}
	ahead = went(t, of, true, paid, "x", gold)
	require.True(t, ahead.Ends[0].Still)
	require.Equal(t, alike(60), ahead.Ends[0].Units)
}

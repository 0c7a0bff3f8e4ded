package screen_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/screen"
)

// What an incident traces to an address is a share of all that it was paid, and not of what the incident
// traced: nobody has an address blocked by sending some stolen coins to it.
func TestShareIsOfAll(t *testing.T) {
	w := newWorld(t)
	first := w.mine(pay{"victim", 50_000}, pay{"miner", 4_999_900})
	w.block()
	stolen := w.tx([]chains.OutPoint{out(first, 0)}, pay{"thief", 50_000})
	w.block()
	w.tx([]chains.OutPoint{out(stolen, 0)}, pay{"customer", 50_000})
	w.tx([]chains.OutPoint{out(first, 1)}, pay{"customer", 4_999_900})
	w.save(0)
	w.steal("theft", out(stolen, 0))
	for _, how := range []func(*screen.Request){deep, func(*screen.Request) {}} {
		v := w.screen(addressOf("customer"), how)
		require.Equal(t, screen.Match, v.Outcome)
		require.Equal(t, screen.Review, v.Action, v.Says)
		require.Equal(t, chains.Units(5_049_900), v.Value[0].Units)
		require.Equal(t, int64(9_901), exposure(v, screen.Stolen)[0].SharePPM.FIFO)
	}
	// Without the blocks what it is a share of is not known.
	cfg := w.config(2)
	cfg.Heads, cfg.Chains = nil, nil
	s, err := screen.New(cfg)
	require.NoError(t, err)
	v := ask(t, s, addressOf("customer"))
	require.Equal(t, screen.Match, v.Outcome)
	require.Equal(t, screen.Review, v.Action)
	require.True(t, v.Value[0].Partial)
	require.Equal(t, "stolen", v.Fired[0].Rule)
	require.Contains(t, v.Says, "that were looked at (there is more, and the share of all is not known)")
	require.Contains(t, v.Fired[0].NotBlock, "stolen: stolen by fifo: its share of all that there is, of which not all was looked at, asks for 10 %")
}

// A deposit that its transaction does not pay is no deposit, whatever is said of the address.
func TestDepositThatIsNotPaid(t *testing.T) {
	w, paid := theft(t)
	w.label("listed", "sanctioned", "Listed")
	require.Equal(t, screen.Match, w.screen(addressOf("listed")).Outcome)
	for _, subject := range []string{depositOf(paid, "listed"), outputOf(paid, 9)} {
		v := w.screen(subject)
		require.Equal(t, screen.NotCovered, v.Outcome)
		require.Empty(t, v.Exposure)
		require.Equal(t, "the transaction pays nothing there", v.Coverage.Gaps[0].Why)
		require.Contains(t, v.Says, "the transaction pays nothing there")
	}
}

// What is said of whoever is paid by a deposit says nothing of where it comes from.
func TestDepositToSomebodyLabelled(t *testing.T) {
	w, paid := theft(t)
	w.block()
	on := w.tx([]chains.OutPoint{out(paid, 0)}, pay{"next", 69_000})
	w.save(4)
	w.label("next", "exchange", "A bank")
	v := w.screen(depositOf(on, "next"))
	require.Equal(t, screen.Match, v.Outcome)
	require.Equal(t, units(60_000, 41_400), exposure(v, screen.Stolen)[0].Units)
}

// Stolen value that has not moved goes nowhere: where it goes, and how it came, are told apart.
func TestWhereStolenValueLies(t *testing.T) {
	w, paid := theft(t)
	for _, how := range []func(*screen.Request){deep, func(*screen.Request) {}} {
		v := w.screen(addressOf("deposit"), forward, how)
		require.Equal(t, screen.Match, v.Outcome)
		require.Equal(t, screen.Block, v.Action)
		require.Contains(t, v.Says, "0.0006 of 0.0007 rBTC (85.7142 %) came here from an alleged theft (incident theft)")
		require.NotContains(t, v.Says, "goes to")
		lies := exposure(v, screen.Unmoved)
		require.Len(t, lies, 1)
		require.Equal(t, units(70_000, 70_000), lies[0].Units)
		require.Contains(t, lies[0].Note, "there it lies on the trace of incident theft")
		came := exposure(v, screen.Stolen)
		require.Len(t, came, 1)
		require.Equal(t, screen.Own, came[0].Distance)
		require.Equal(t, units(60_000, 42_000), came[0].Units)
		require.Equal(t, int64(600_000), came[0].SharePPM.ProRata)
		require.NotEmpty(t, came[0].Paths)
	}
	// What was on the trace when it came, and is paid on, goes to whoever got it.
	w.block()
	w.tx([]chains.OutPoint{out(paid, 0)}, pay{"bank", 70_000})
	w.save(4)
	w.label("bank", "exchange", "Bank")
	v := w.screen(addressOf("deposit"), forward)
	require.Equal(t, units(70_000, 70_000), exposure(v, screen.Exchange)[0].Units)
	require.Empty(t, exposure(v, screen.Unmoved))
	require.Contains(t, v.Says, "came here from")
}

// A walk that somebody gave less than the rules do, or that explained nothing in its budget, clears nobody.
func TestCutShortIsNotClear(t *testing.T) {
	w, paid := long(t, 40)
	subject := outputOf(paid, 0)
	given := func(b screen.Budget) func(*screen.Request) { return func(r *screen.Request) { r.Budget = &b } }
	require.Equal(t, screen.Clear, w.screen(subject, given(screen.Budget{})).Outcome)
	require.Equal(t, screen.Clear, w.screen(subject, given(screen.Budget{Hops: 45, Transactions: 100})).Outcome, "it needed no more")
	v := w.screen(subject, given(screen.Budget{Hops: 5}))
	require.Equal(t, screen.NotCovered, v.Outcome)
	require.Equal(t, screen.Review, v.Action)
	require.Contains(t, v.Says, "it was given 5 hops, and the rules give 50")
	v = w.screen(subject, given(screen.Budget{Transactions: 5}))
	require.Equal(t, screen.NotCovered, v.Outcome)
	require.Contains(t, v.Says, "it ended after 5 transactions, and the rules give 500")

	w, paid = long(t, 60)
	v = w.screen(outputOf(paid, 0))
	require.Equal(t, screen.EndedBudget, v.Coverage.Ended)
	require.Equal(t, screen.NotCovered, v.Outcome)
	require.Contains(t, v.Says, "its budget ended before anything was explained")
}

// Why a verdict changed names the block that left, though the chain is longer than before, and what became of
// the incident.
func TestChangesNameTheBlockThatLeft(t *testing.T) {
	w, paid := theft(t)
	before := w.screen(depositOf(paid, "deposit"))
	w.blocks = w.blocks[:3]
	w.salt = "other"
	for range 3 {
		w.block()
	}
	l, err := w.st.Load(t.Context(), regtest)
	require.NoError(t, err)
	require.NoError(t, l.Rewind(t.Context(), 2))
	for _, b := range w.blocks[3:] {
		require.NoError(t, l.Add(b))
	}
	require.NoError(t, l.Flush(t.Context()))
	require.NoError(t, l.Close())
	w.index = w.index.Without("theft")
	s := w.screener()
	after := ask(t, s, depositOf(paid, "deposit"))
	changes := s.Changes(t.Context(), before, after)
	require.NotEmpty(t, changes)
	require.Contains(t, changes[0].Why, "block 3 of bitcoin-regtest ("+before.Pins.Blocks[0].Hash+") left the main chain in a reorganisation")
	require.NotContains(t, changes[0].Why, "was read on")
	require.Contains(t, changes[0].Why, "incident theft was removed")
	require.NotContains(t, changes[0].Why, "or its trace")
	require.Contains(t, screen.Changes(before, after)[0].Why, "was read on", "which two verdicts alone do not tell")
}

// What of an incident went into a mix is said of whatever came out of it.
func TestStolenThatEnteredAMix(t *testing.T) {
	w := newWorld(t)
	first := w.mine(pay{"thief", 150_000}, pay{"a", 160_000}, pay{"b", 170_000})
	w.block()
	mixed := w.tx([]chains.OutPoint{out(first, 0), out(first, 1), out(first, 2)},
		pay{"o 1", 100_000}, pay{"o 2", 100_000}, pay{"o 3", 100_000}, pay{"c 1", 49_900}, pay{"c 2", 60_000}, pay{"c 3", 70_000})
	w.save(0)
	w.steal("theft", out(first, 0))
	v := w.screen(outputOf(mixed, 1))
	found := exposure(v, screen.Mixer)
	require.Len(t, found, 1)
	require.Equal(t, units(100_000, 100_000), found[0].Units)
	require.Contains(t, found[0].Note, "0.0015 rBTC (fifo), 0.0015 rBTC (pro rata) of incident theft went into the mix")
	require.Len(t, v.Pins.Incidents, 1)
}

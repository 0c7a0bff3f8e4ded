package screen_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/screen"
)

// What others give in a transaction to which an address gives itself is a receipt, and only its own part is
// change: whoever adds an input of the receiver hides nothing.
func TestAddressThatGivesItself(t *testing.T) {
	w := newWorld(t)
	first := w.mine(pay{"x", 10_000}, pay{"thief", 20_000}, pay{"listed", 20_000})
	w.block()
	mixed := w.tx([]chains.OutPoint{out(first, 0), out(first, 1)}, pay{"x", 30_000})
	w.block()
	again := w.tx([]chains.OutPoint{out(mixed, 0)}, pay{"x", 29_000}, pay{"else", 900})
	w.block()
	w.tx([]chains.OutPoint{out(first, 2), out(again, 0)}, pay{"x", 49_000})
	w.save(0)
	w.label("listed", "sanctioned", "Listed")
	w.label("thief", "exchange", "Bank")
	v := w.screen(addressOf("x"), deep)
	require.Equal(t, chains.Units(50_000), v.Value[0].Units, "10,000, and 20,000, and 20,000: nothing twice")
	require.Equal(t, units(20_000, 20_000), exposure(v, screen.Exchange)[0].Units)
	require.Equal(t, units(20_000, 20_000), exposure(v, screen.Sanctioned)[0].Units)
	require.Equal(t, units(10_000, 10_000), exposure(v, screen.Mining)[0].Units)
	require.False(t, v.Value[0].Partial)

	w.steal("theft", out(first, 1))
	for _, how := range []func(*screen.Request){deep, func(*screen.Request) {}} {
		v = w.screen(addressOf("x"), how)
		require.Equal(t, screen.Match, v.Outcome)
		require.Equal(t, screen.Block, v.Action)
		var stolen chains.Amount
		for _, e := range exposure(v, screen.Stolen) {
			stolen = stolen.Plus(e.Units.FIFO)
		}
		require.False(t, stolen.Less(chains.Units(20_000)), "never less than came of the theft: %s", stolen)
	}
}

// An address that only pays itself is paid once.
func TestChangeIsNoReceipt(t *testing.T) {
	w := newWorld(t)
	last := w.mine(pay{"x", 10_000})
	for i := range 5 {
		w.block()
		last = w.tx([]chains.OutPoint{out(last, 0)}, pay{"x", 10_000 - uint64(i+1)})
	}
	w.save(0)
	v := w.screen(addressOf("x"), deep)
	require.Equal(t, chains.Units(10_000), v.Value[0].Units)
	// Others giving next to nothing does not make it more.
	w = newWorld(t)
	last = w.mine(pay{"x", 10_000}, pay{"y", 600})
	for i := range uint32(5) {
		dust := w.mine(pay{fmt.Sprint("z", i), 100})
		last = w.tx([]chains.OutPoint{out(last, 0), out(dust, 0)}, pay{"x", 10_100 + 100*uint64(i)})
	}
	w.save(0)
	v = w.screen(addressOf("x"), deep)
	require.Equal(t, chains.Units(10_500), v.Value[0].Units)
	require.Equal(t, units(0, 0), v.Value[0].Unknown)
}

package screen_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/screen"
)

// A deposit in many parts, each as small as dust, is a deposit.
func TestManySmallOutputsAreMoney(t *testing.T) {
	w := newWorld(t)
	first := w.mine(pay{"thief", 100_000})
	w.block()
	var parts []pay
	for range 100 {
		parts = append(parts, pay{"deposit", 250})
	}
	paid := w.tx([]chains.OutPoint{out(first, 0)}, append(parts, pay{"thief", 75_000})...)
	w.save(0)
	w.steal("theft", out(first, 0))
	for _, subject := range []string{depositOf(paid, "deposit"), addressOf("deposit")} {
		for _, how := range []func(*screen.Request){deep, func(*screen.Request) {}} {
			v := w.screen(subject, how)
			require.Equal(t, screen.Match, v.Outcome)
			require.Equal(t, screen.Block, v.Action)
			require.Equal(t, units(25_000, 25_000), exposure(v, screen.Stolen)[0].Units)
			require.Empty(t, v.Unasked)
		}
	}
	v := w.screen(outputOf(paid, 3), deep)
	require.Equal(t, screen.Clear, v.Outcome, "one of them alone is dust")
	require.Len(t, v.Unasked, 1)
}

// Dust that comes in many transactions is told up to a bound, and counts as value once it is much.
func TestDustOverTime(t *testing.T) {
	for _, c := range []struct {
		sent    int
		unasked int
		gaps    int
		outcome screen.Outcome
	}{
		{5, 5, 0, screen.Clear},
		{40, 20, 1, screen.Clear},
		{60, 0, 0, screen.Match},
	} {
		w := newWorld(t)
		last := w.mine(pay{"thief", 100_000}, pay{"bank", 100_000})
		w.block()
		first := last
		asked := w.tx([]chains.OutPoint{out(last, 1)}, pay{"customer", 100_000})
		held := uint64(100_000)
		for range c.sent {
			w.block()
			held -= 250
			last = w.tx([]chains.OutPoint{out(last, 0)}, pay{"thief", held}, pay{"customer", 250})
		}
		w.save(0)
		w.steal("theft", out(first, 0))
		v := w.screen(addressOf("customer"), deep)
		require.Equal(t, c.outcome, v.Outcome, c.sent)
		require.Len(t, v.Unasked, c.unasked)
		require.Len(t, v.Coverage.Gaps, c.gaps)
		want := uint64(100_000)
		if c.unasked == 0 {
			want += 250 * uint64(c.sent)
		}
		require.Equal(t, chains.Units(want), v.Value[0].Units, "of %s", asked)
	}
}

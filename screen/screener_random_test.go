package screen_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"clew/chains"
	"clew/screen"
)

// who are the people of a random world, few enough to meet again.
var who = []string{"ann", "bob", "cat", "dan", "eve", "fay", "gus", "hal"}

// randomWorld makes a chain in which value parts and meets again, people of whom something is claimed,
// and incidents that trace some of it.
func randomWorld(t *testing.T, r *rapid.T) (w *world, txs []chains.TxID) {
	w = newWorld(t)
	var coins []chains.OutPoint
	pays := func(total uint64) (out []pay) {
		for range rapid.IntRange(1, 3).Draw(r, "outputs") {
			if total == 0 {
				break
			}
			units := rapid.Uint64Range(1, total).Draw(r, "units")
			out = append(out, pay{rapid.SampledFrom(who).Draw(r, "to"), units})
			total -= units
		}
		return out
	}
	keep := func(id chains.TxID, n int) {
		txs = append(txs, id)
		for i := range n {
			coins = append(coins, out(id, uint32(i)))
		}
	}
	for range rapid.IntRange(2, 8).Draw(r, "blocks") {
		paid := pays(rapid.Uint64Range(1, 50_000).Draw(r, "mined"))
		keep(w.mine(paid...), len(paid))
		for range rapid.IntRange(0, 4).Draw(r, "transactions") {
			var from []chains.OutPoint
			total := uint64(0)
			for range min(len(coins), rapid.IntRange(1, 3).Draw(r, "inputs")) {
				i := rapid.IntRange(0, len(coins)-1).Draw(r, "coin")
				total += w.outs[coins[i]].Value
				from = append(from, coins[i])
				coins = append(coins[:i], coins[i+1:]...)
			}
			if paid := pays(total); len(from) > 0 && len(paid) > 0 {
				keep(w.tx(from, paid...), len(paid))
			}
		}
	}
	w.save(0)
	for i, category := range []string{"exchange", "mixing_service", "sanctioned"} {
		if rapid.Bool().Draw(r, category) {
			w.label(who[len(who)-1-i], category, "Some "+category)
		}
	}
	for i := range rapid.IntRange(0, 2).Draw(r, "incidents") {
		id := rapid.SampledFrom(txs).Draw(r, "stolen")
		w.steal(fmt.Sprintf("theft-%d", i), out(id, 0))
	}
	return w, txs
}

// Whatever the world and the question: the sums of a verdict hold, it reads back, it is the same when
// asked again, and when it is made again from its pins.
func TestRandomWorlds(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w, txs := randomWorld(t, r)
		s := w.screener()
		for range 12 {
			id := rapid.SampledFrom(txs).Draw(r, "tx")
			person := rapid.SampledFrom(who).Draw(r, "person")
			sub := screen.Subject{Chain: regtest, Direction: rapid.SampledFrom([]screen.Direction{screen.Source, screen.Destination}).Draw(r, "direction")}
			switch sub.Kind = rapid.SampledFrom([]screen.Kind{screen.KindAddress, screen.KindDeposit, screen.KindOutput, screen.KindTransaction}).Draw(r, "kind"); sub.Kind {
			case screen.KindAddress:
				sub.Address = text(person)
			case screen.KindDeposit:
				sub.Address, sub.TxID = text(person), id.String()
			case screen.KindOutput:
				vout := uint32(rapid.IntRange(0, 2).Draw(r, "vout"))
				sub.TxID, sub.Vout = id.String(), &vout
			case screen.KindTransaction:
				sub.TxID = id.String()
			}
			q := screen.Request{Subject: sub, Deep: rapid.Bool().Draw(r, "deep")}
			if rapid.Bool().Draw(r, "bounded") {
				q.Budget = &screen.Budget{Hops: rapid.IntRange(0, 4).Draw(r, "hops"), Transactions: rapid.IntRange(1, 9).Draw(r, "most")}
			}
			v, err := s.Screen(t.Context(), q)
			require.NoError(r, err)
			checkVerdict(r, s, v, q)
			require.NotEqual(r, screen.Failed, v.Outcome, "%s", v.Error)
			full, err := s.Screen(t.Context(), screen.Request{Subject: sub, Deep: true})
			require.NoError(r, err)
			checkStolen(r, w, sub, full)
			checkExplained(r, w, full)
		}
	})
}

// checkExplained checks that where a walk explained all, nothing is unknown: what incidents tell of a
// receipt is what a walk from there meets of them. In proportion each transaction may round.
func checkExplained(t require.TestingT, w *world, v *screen.Verdict) {
	if v.Coverage.Ended != screen.EndedExplained {
		return
	}
	txs := 0
	for _, b := range w.blocks {
		for i := range b.Txs {
			txs += len(b.Txs[i].Inputs) + len(b.Txs[i].Outputs)
		}
	}
	for i := range v.Value {
		require.Equal(t, "0", v.Value[i].Unknown.FIFO.String())
		require.False(t, chains.Units(uint64(txs)).Less(v.Value[i].Unknown.ProRata), "%s is more than rounding", v.Value[i].Unknown.ProRata)
	}
}

// checkStolen compares what a verdict says of one output with what each incident alone traced there.
func checkStolen(t require.TestingT, w *world, sub screen.Subject, v *screen.Verdict) {
	if sub.Kind != screen.KindOutput || sub.Direction != screen.Source || len(v.Value) == 0 || len(w.traces) != 1 {
		return
	}
	id, err := chains.ParseHash(sub.TxID)
	require.NoError(t, err)
	hits := w.index.At(screen.Place{Chain: regtest, Tx: id, Vout: *sub.Vout, Asset: chains.Native})
	want, got := units(0, 0), units(0, 0)
	if len(hits) > 0 {
		want = hits[0].Units
	}
	for _, e := range exposure(v, screen.Stolen) {
		got = screen.Split[chains.Amount]{FIFO: got.FIFO.Plus(e.Units.FIFO), ProRata: got.ProRata.Plus(e.Units.ProRata)}
	}
	require.Equal(t, want.FIFO, got.FIFO)
}

package screen_test

import (
	"flag"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/store"
	"clew/tracer"
)

// wander makes a random chain of a few names that pay each other, and returns its unspent outputs and
// those that were ever made.
func wander(t *rapid.T, w *world) (made []chains.OutPoint) {
	names := []string{"a", "b", "c", "d", "e"}
	var unspent []chains.OutPoint
	keep := func(id chains.TxID, n int) {
		for i := range n {
			unspent, made = append(unspent, out(id, uint32(i))), append(made, out(id, uint32(i)))
		}
	}
	for range rapid.IntRange(3, 12).Draw(t, "blocks") {
		var pays []pay
		for range rapid.IntRange(1, 2).Draw(t, "mined") {
			pays = append(pays, pay{rapid.SampledFrom(names).Draw(t, "miner"), rapid.Uint64Range(2000, 9000).Draw(t, "reward")})
		}
		keep(w.mine(pays...), len(pays))
		for range rapid.IntRange(0, 3).Draw(t, "transactions") {
			var from []chains.OutPoint
			total := uint64(0)
			for range rapid.IntRange(1, 3).Draw(t, "inputs") {
				if len(unspent) == 0 {
					break
				}
				i := rapid.IntRange(0, len(unspent)-1).Draw(t, "input")
				from, total = append(from, unspent[i]), total+w.outs[unspent[i]].Value
				unspent = slices.Delete(unspent, i, i+1)
			}
			pays = nil
			for range rapid.IntRange(1, 4).Draw(t, "outputs") {
				units := rapid.Uint64Range(0, total).Draw(t, "units")
				total -= units
				pays = append(pays, pay{rapid.SampledFrom(names).Draw(t, "to"), units})
			}
			if len(from) > 0 {
				keep(w.tx(from, pays...), len(pays))
			}
		}
	}
	return made
}

// TestIndexOfRandomTraces: whatever a trace says of outputs, addresses or clusters as pots, the index says
// the same, and each way leads from a seed.
func TestIndexOfRandomTraces(t *testing.T) {
	for _, pots := range []string{"output", "address", "cluster"} {
		t.Run(pots, func(t *testing.T) {
			several := 0
			few(t)
			rapid.Check(t, func(r *rapid.T) {
				w := newWorld(t)
				trace := randomTrace(t, r, w, pots)
				if trace == nil {
					return
				}
				requireTold(r, trace)
				requirePaths(r, trace)
				several += requireTogether(r, trace)
			})
			require.Equal(t, pots != "output", several > 0, "arrivals in several outputs were met")
		})
	}
}

// few makes a property try some cases where the command line does not say how many.
func few(t *testing.T) {
	t.Helper()
	set := false
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == "rapid.checks" })
	if !set {
		require.NoError(t, flag.Set("rapid.checks", "25"))
		require.NoError(t, flag.Set("rapid.nofailfile", "true"))
		t.Cleanup(func() { require.NoError(t, flag.Set("rapid.checks", "100")) })
	}
}

// randomTrace traces up to three outputs of a random chain; nil where nothing was seeded.
func randomTrace(t *testing.T, r *rapid.T, w *world, pots string) *tracer.Trace {
	made := wander(r, w)
	w.save(0)
	text := "clew: incident/1\nid: random\ntitle: Random\nrule: fifo\nrule_reason: a test\naccounts: " + pots + "\nseeds:\n"
	seeded := map[chains.OutPoint]bool{}
	for i := range rapid.IntRange(1, 3).Draw(r, "seeds") {
		o := rapid.SampledFrom(made).Draw(r, "seed")
		if !seeded[o] && worth(w, o) > 0 {
			seeded[o] = true
			text += fmt.Sprintf("  - {id: V%d, output: \"%s:%s\"}\n", i+1, regtest, o)
		}
	}
	if len(seeded) == 0 {
		return nil
	}
	inc, err := tracer.ParseIncident("random.yaml", []byte(text), bitcoin.Codec{})
	require.NoError(r, err)
	src, err := w.st.Source(t.Context(), regtest, store.Latest)
	require.NoError(r, err)
	trace, err := tracer.Run(t.Context(), inc, regtest, src, bitcoin.Codec{}, tracer.Options{})
	require.NoError(r, src.Close())
	if err != nil { // a seed of which its own address spends as much in the same transaction is none
		require.ErrorIs(r, err, chains.ErrNotFound)
		return nil
	}
	return trace
}

// worth is what an output of a world was made with.
func worth(w *world, o chains.OutPoint) uint64 {
	for _, b := range w.blocks {
		for i := range b.Txs {
			if b.Txs[i].ID == o.Tx {
				return b.Txs[i].Outputs[o.Index].Value
			}
		}
	}
	return 0
}

// requireTogether counts the outputs that answer with an arrival that came in several.
func requireTogether(t require.TestingT, trace *tracer.Trace) (n int) {
	for _, want := range tell(t, trace) {
		if !want.shared.ProRata.IsZero() {
			n++
		}
	}
	return n
}

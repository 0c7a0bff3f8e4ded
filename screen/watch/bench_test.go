package watch_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/screen/watch"
	"clew/store/journal"
)

// crowd is a chain with blocks of 2,000 transactions each, and a number of watched addresses of which
// none but a few are in it.
func crowd(tb testing.TB, watches int) (r *rig, c *made) {
	tb.Helper()
	r = newRig(tb)
	r.sink("end-1")
	c = newMade(r)
	coin := c.block("miner")
	pays := make([]pay, 2000)
	for i := range pays {
		pays[i] = pay{fmt.Sprint("user ", i), 2e6}
	}
	c.block("miner")
	c.tx([]chains.OutPoint{coin}, pays...)
	c.save()
	for first := 0; first < watches; first += 5000 {
		r.do(func(tx *journal.Tx) error {
			for i := first; i < min(first+5000, watches); i++ {
				w, err := watch.New(subjectOf(tb, at(fmt.Sprint("watched ", i))), watch.Settings{Seen: watch.WithChain})
				if err == nil {
					err = tx.PutWatch(w)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	r.onBlocks()
	return r, c
}

// full adds a block of 2,000 payments, of which n are to watched addresses.
func (c *made) full(n int) {
	before := c.blocks[len(c.blocks)-1]
	c.block("miner")
	for i := range 2000 {
		prev := chains.OutPoint{Tx: before.Txs[1].ID, Index: uint32(i)}
		if len(before.Txs) > 2 {
			prev = chains.OutPoint{Tx: before.Txs[i+1].ID}
		}
		to := fmt.Sprint("user ", before.Ref.Height, i)
		if i < n {
			to = fmt.Sprint("watched ", i)
		}
		c.tx([]chains.OutPoint{prev}, pay{to, 2e6})
	}
}

// BenchmarkOnBlocks looks through a block of 2,000 transactions for many watched addresses. ns/op is
// for one block; figures of which way is the better one are those of perBlock.
func BenchmarkOnBlocks(b *testing.B) {
	for _, watches := range []int{900, 1100, 20_000, 100_000} {
		b.Run(fmt.Sprint(watches), func(b *testing.B) {
			r, c := crowd(b, watches)
			b.ResetTimer()
			for range b.N {
				b.StopTimer()
				c.full(0)
				c.save()
				b.StartTimer()
				r.onBlocks()
			}
		})
	}
}

// However many places are watched, and whichever way they are looked for, the same is told.
func TestManyPlaces(t *testing.T) {
	tells := map[int][]string{}
	for _, watches := range []int{900, 1100} { // asked for each, and found in whole blocks
		r, c := crowd(t, watches)
		r.watch(at("user 7"), watch.Settings{Seen: 0}) // to be caught up
		c.full(5)
		c.save()
		r.onBlocks()
		tells[watches] = r.ids()
		require.Len(t, tells[watches], 7, "and user 7, who was paid, and pays on")
	}
	require.Equal(t, tells[900], tells[1100])
}

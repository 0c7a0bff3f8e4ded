package ingest_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"clew/chains/bitcoin/nodetest"
)

// wallet makes random payments on a real node: it fans out, merges, peels, pays the same
// addresses again and again, and spends what was made in the same block.
type wallet struct {
	t     testing.TB
	node  *nodetest.Node
	rng   *rand.Rand
	coins []nodetest.Coin // unspent
	made  []placed        // every output of value that was made
	clock time.Time       // of the node; ten minutes a block, sometimes back
}

// placed is an output and the block that it is in.
type placed struct {
	nodetest.Coin
	height int64
}

// newWallet starts with the outputs of a few coinbases.
func newWallet(t testing.TB, node *nodetest.Node, seed uint64) *wallet {
	t.Helper()
	w := &wallet{t: t, node: node, rng: rand.New(rand.NewPCG(seed, 11))}
	w.tick()
	coins := node.Fund(nodetest.P2WPKH(int(seed)), 2)
	split := nodetest.Split(t, coins[0], 6, nodetest.Anyone(1))
	node.MineBlock(nodetest.Anyone(0), split)
	w.coins = append(slices.Clone(split.Coins), coins[1])
	return w
}

// tick moves the clock of the node on; the times of blocks are then not in order.
func (w *wallet) tick() {
	if w.clock.IsZero() {
		var info struct{ Time int64 }
		w.node.RPC(&info, "getblockchaininfo")
		w.clock = time.Unix(max(info.Time, 1_767_323_045), 0) // a day in January 2026
	}
	w.clock = w.clock.Add(10 * time.Minute)
	now := w.clock
	if w.rng.IntN(4) == 0 {
		now = now.Add(-35 * time.Minute)
	}
	w.node.SetTime(now)
}

// mine mines blocks of up to four random payments each.
func (w *wallet) mine(blocks int) {
	w.t.Helper()
	for range blocks {
		var txs []nodetest.Tx
		for range w.rng.IntN(5) {
			txs = append(txs, w.pay())
		}
		w.tick()
		w.node.MineBlock(nodetest.Anyone(w.rng.IntN(4)), txs...)
		height := w.node.Height()
		for _, tx := range txs {
			for _, c := range tx.Coins {
				if c.Value > 0 {
					w.made = append(w.made, placed{c, height})
				}
			}
		}
	}
}

// pay spends some coins: one into many, many into one, one into a large and a small one, or
// anything.
func (w *wallet) pay() nodetest.Tx {
	w.t.Helper()
	in, out := 1+w.rng.IntN(4), 1+w.rng.IntN(4)
	switch w.rng.IntN(4) {
	case 0:
		in, out = 1, 3+w.rng.IntN(6)
	case 1:
		in, out = 2+w.rng.IntN(4), 1
	case 2:
		in, out = 1, 2
	}
	from := w.take(in)
	total := uint64(0)
	for _, c := range from {
		total += c.Value
	}
	var pays []nodetest.Pay
	for i := range out {
		pays = append(pays, nodetest.Pay{To: w.lock(), Value: w.rng.Uint64N(total + 1)})
		total -= pays[i].Value
	}
	if w.rng.IntN(3) > 0 { // else the rest is the fee
		pays[w.rng.IntN(out)].Value += total
	}
	if w.rng.IntN(6) == 0 {
		pays = append(pays, nodetest.Pay{To: nodetest.Data("note"), Value: 0})
	}
	tx := nodetest.Spend(w.t, from, pays...)
	for _, c := range tx.Coins[:out] {
		if c.Value > 0 {
			w.coins = append(w.coins, c)
		}
	}
	return tx
}

// take removes up to n coins, recent ones more often.
func (w *wallet) take(n int) []nodetest.Coin {
	var out []nodetest.Coin
	for range min(n, len(w.coins)) {
		i := w.rng.IntN(len(w.coins))
		if w.rng.IntN(2) == 0 {
			i = len(w.coins) - 1 - w.rng.IntN(min(4, len(w.coins)))
		}
		out = append(out, w.coins[i])
		w.coins = slices.Delete(w.coins, i, i+1)
	}
	return out
}

func (w *wallet) lock() nodetest.Lock {
	n := w.rng.IntN(6)
	switch w.rng.IntN(6) {
	case 0:
		return nodetest.P2WPKH(n)
	case 1:
		return nodetest.P2TR(n)
	case 2:
		return nodetest.Bare(n)
	case 3:
		return nodetest.P2SH(n)
	}
	return nodetest.Anyone(n)
}

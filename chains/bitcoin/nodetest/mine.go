package nodetest

import (
	"encoding/hex"
	"math/rand/v2"
	"time"

	"clew/chains"
	"clew/chains/bitcoin"
)

// Maturity is how many blocks must follow a coinbase before it can be spent, less one.
const Maturity = 100

// Mine mines blocks whose coinbases pay to lock, and returns the coinbases in order. They
// can be spent when Maturity more blocks follow.
func (n *Node) Mine(blocks int, to Lock) []Coin {
	n.t.Helper()
	coins := make([]Coin, blocks)
	for i, hash := range n.generate(blocks, to) {
		coins[i] = n.coinbase(hash, to)
	}
	return coins
}

// generate mines blocks with nothing in them and returns their hashes.
func (n *Node) generate(blocks int, to Lock) []chains.BlockHash {
	n.t.Helper()
	hashes := make([]chains.BlockHash, 0, blocks)
	if !n.program.submits {
		n.RPC(&hashes, "generatetodescriptor", blocks, to.descriptor())
		return hashes
	}
	for range blocks {
		hashes = append(hashes, n.submit(to, nil))
	}
	return hashes
}

// Fund mines coinbases to lock and then Maturity blocks to Anyone(0), so that all of them can
// be spent. On a bitcoind or litecoind, one is worth 50e8 units until block 150, then 25e8,
// and half as much after each 150 blocks more; on a btcd they are all worth 50e8.
func (n *Node) Fund(to Lock, coinbases int) []Coin {
	n.t.Helper()
	coins := n.Mine(coinbases, to)
	n.Skip(Maturity)
	return coins
}

// Skip mines blocks with nothing in them, to Anyone(0), and returns their hashes.
func (n *Node) Skip(blocks int) []chains.BlockHash {
	n.t.Helper()
	return n.generate(blocks, Anyone(0))
}

// MineBlock mines one block of exactly these transactions, in this order, whose coinbase
// pays to lock (subsidy without fees, which generateblock does not collect).
func (n *Node) MineBlock(to Lock, txs ...Tx) chains.BlockHash {
	n.t.Helper()
	if n.program.submits {
		return n.submit(to, txs)
	}
	raw := make([]string, len(txs))
	for i, tx := range txs {
		raw[i] = hex.EncodeToString(tx.Raw)
	}
	var made struct {
		Hash chains.BlockHash `json:"hash"`
	}
	n.RPC(&made, "generateblock", to.descriptor(), raw)
	return made.Hash
}

// coinbase returns the first output of a block's coinbase.
func (n *Node) coinbase(hash chains.BlockHash, to Lock) Coin {
	n.t.Helper()
	tx := n.Block(hash, 0).Txs[0]
	return Coin{Point: chains.OutPoint{Tx: tx.ID}, Value: tx.Outputs[0].Value, Lock: to}
}

// Block returns a block as the node's own bytes say, at the height that the caller states.
func (n *Node) Block(hash chains.BlockHash, height int64) *chains.Block {
	n.t.Helper()
	var text string
	n.RPC(&text, "getblock", hash.String(), 0)
	raw, err := hex.DecodeString(text)
	if err != nil {
		n.t.Fatalf("block %s: %v", hash, err)
	}
	block, err := bitcoin.DecodeBlock(n.Chain, raw, height)
	if err != nil {
		n.t.Fatalf("block %s: %v", hash, err)
	}
	return block
}

// Height returns the height of the last block.
func (n *Node) Height() int64 {
	n.t.Helper()
	var height int64
	n.RPC(&height, "getblockcount")
	return height
}

// HashAt returns the hash of the main chain's block at height.
func (n *Node) HashAt(height int64) chains.BlockHash {
	n.t.Helper()
	var hash chains.BlockHash
	n.RPC(&hash, "getblockhash", height)
	return hash
}

// Invalidate takes a block and all above it off the main chain: mining goes on below it.
func (n *Node) Invalidate(hash chains.BlockHash) {
	n.t.Helper()
	n.tip = nil
	n.RPC(nil, "invalidateblock", hash.String())
}

// Reconsider allows an invalidated block again: the longer chain wins.
func (n *Node) Reconsider(hash chains.BlockHash) {
	n.t.Helper()
	n.tip = nil
	n.RPC(nil, "reconsiderblock", hash.String())
}

// Prune removes blocks up to height, of a node started with -prune=1 and -txindex=0, and
// returns the last height that is gone. Whole files go: with -fastprune they are small.
func (n *Node) Prune(height int64) int64 {
	n.t.Helper()
	var last int64
	n.RPC(&last, "pruneblockchain", height)
	return last
}

// SetTime stops the node's clock at the given moment. Blocks take their times from it, at
// least one second after the median of the eleven before.
func (n *Node) SetTime(now time.Time) {
	n.t.Helper()
	n.RPC(nil, "setmocktime", now.Unix())
}

// Fill mines blocks of txs transactions each, beside their coinbases. Each transaction
// merges two coins and pays two, to addresses of which some are used again and again; the
// same seed and clock give the same blocks. It returns the hashes of the blocks with
// transactions, and the coins that are left. It takes a coinbase of its own: Maturity+2
// blocks come first.
func (n *Node) Fill(blocks, txs int, seed uint64) ([]chains.BlockHash, []Coin) {
	n.t.Helper()
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // the same numbers each time are wanted
	coin := n.Fund(Anyone(0), 1)[0]
	split := Split(n.t, coin, 2*txs, Anyone(0))
	n.MineBlock(Anyone(0), split)
	pool, hashes := split.Coins, []chains.BlockHash{}
	for range blocks {
		random.Shuffle(len(pool), func(i, j int) { pool[i], pool[j] = pool[j], pool[i] })
		made := make([]Tx, txs)
		for i := range made {
			in := pool[2*i : 2*i+2]
			sum := in[0].Value + in[1].Value
			first := sum/4 + random.Uint64N(sum/2)
			made[i] = Spend(n.t, in,
				Pay{To: Anyone(random.IntN(10 * txs)), Value: first},
				Pay{To: Anyone(random.IntN(100)), Value: sum - first})
		}
		for i, tx := range made {
			copy(pool[2*i:], tx.Coins)
		}
		hashes = append(hashes, n.MineBlock(Anyone(0), made...))
	}
	return hashes, pool
}

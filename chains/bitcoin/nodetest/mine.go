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

// Mine mines n blocks whose coinbases pay to lock, and returns the coinbases in order. They
// can be spent when Maturity more blocks follow.
func (b *Bitcoind) Mine(n int, to Lock) []Coin {
	b.t.Helper()
	var hashes []chains.BlockHash
	b.RPC(&hashes, "generatetodescriptor", n, to.descriptor())
	coins := make([]Coin, n)
	for i, hash := range hashes {
		coins[i] = b.coinbase(hash, to)
	}
	return coins
}

// Fund mines n coinbases to lock and then Maturity blocks to Anyone(0), so that all n can be
// spent. A coinbase is worth 50e8 units until block 150, then 25e8, and half as much after
// each 150 blocks more.
func (b *Bitcoind) Fund(to Lock, n int) []Coin {
	b.t.Helper()
	coins := b.Mine(n, to)
	b.Skip(Maturity)
	return coins
}

// Skip mines n blocks with nothing in them, to Anyone(0), and returns their hashes.
func (b *Bitcoind) Skip(n int) []chains.BlockHash {
	b.t.Helper()
	var hashes []chains.BlockHash
	b.RPC(&hashes, "generatetodescriptor", n, Anyone(0).descriptor())
	return hashes
}

// MineBlock mines one block of exactly these transactions, in this order, whose coinbase
// pays to lock (subsidy without fees, which generateblock does not collect).
func (b *Bitcoind) MineBlock(to Lock, txs ...Tx) chains.BlockHash {
	b.t.Helper()
	raw := make([]string, len(txs))
	for i, tx := range txs {
		raw[i] = hex.EncodeToString(tx.Raw)
	}
	var made struct {
		Hash chains.BlockHash `json:"hash"`
	}
	b.RPC(&made, "generateblock", to.descriptor(), raw)
	return made.Hash
}

// coinbase returns the first output of a block's coinbase.
func (b *Bitcoind) coinbase(hash chains.BlockHash, to Lock) Coin {
	b.t.Helper()
	tx := b.Block(hash, 0).Txs[0]
	return Coin{Point: chains.OutPoint{Tx: tx.ID}, Value: tx.Outputs[0].Value, Lock: to}
}

// Block returns a block as the node's own bytes say, at the height that the caller states.
func (b *Bitcoind) Block(hash chains.BlockHash, height int64) *chains.Block {
	b.t.Helper()
	var text string
	b.RPC(&text, "getblock", hash.String(), 0)
	raw, err := hex.DecodeString(text)
	if err != nil {
		b.t.Fatalf("block %s: %v", hash, err)
	}
	block, err := bitcoin.DecodeBlock("bitcoin-regtest", raw, height)
	if err != nil {
		b.t.Fatalf("block %s: %v", hash, err)
	}
	return block
}

// Height returns the height of the last block.
func (b *Bitcoind) Height() int64 {
	b.t.Helper()
	var height int64
	b.RPC(&height, "getblockcount")
	return height
}

// HashAt returns the hash of the main chain's block at height.
func (b *Bitcoind) HashAt(height int64) chains.BlockHash {
	b.t.Helper()
	var hash chains.BlockHash
	b.RPC(&hash, "getblockhash", height)
	return hash
}

// Invalidate takes a block and all above it off the main chain: mining goes on below it.
func (b *Bitcoind) Invalidate(hash chains.BlockHash) {
	b.t.Helper()
	b.RPC(nil, "invalidateblock", hash.String())
}

// Reconsider allows an invalidated block again: the longer chain wins.
func (b *Bitcoind) Reconsider(hash chains.BlockHash) {
	b.t.Helper()
	b.RPC(nil, "reconsiderblock", hash.String())
}

// Prune removes blocks up to height, of a node started with -prune=1 and -txindex=0, and
// returns the last height that is gone. Whole files go: with -fastprune they are small.
func (b *Bitcoind) Prune(height int64) int64 {
	b.t.Helper()
	var last int64
	b.RPC(&last, "pruneblockchain", height)
	return last
}

// SetTime stops the node's clock at the given moment. Blocks take their times from it, at
// least one second after the median of the eleven before.
func (b *Bitcoind) SetTime(now time.Time) {
	b.t.Helper()
	b.RPC(nil, "setmocktime", now.Unix())
}

// Fill mines blocks of txs transactions each, beside their coinbases. Each transaction
// merges two coins and pays two, to addresses of which some are used again and again; the
// same seed and clock give the same blocks. It returns the hashes of the blocks with
// transactions, and the coins that are left. It takes a coinbase of its own: Maturity+2
// blocks come first.
func (b *Bitcoind) Fill(blocks, txs int, seed uint64) ([]chains.BlockHash, []Coin) {
	b.t.Helper()
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // the same numbers each time are wanted
	coin := b.Fund(Anyone(0), 1)[0]
	split := Split(b.t, coin, 2*txs, Anyone(0))
	b.MineBlock(Anyone(0), split)
	pool, hashes := split.Coins, []chains.BlockHash{}
	for range blocks {
		random.Shuffle(len(pool), func(i, j int) { pool[i], pool[j] = pool[j], pool[i] })
		made := make([]Tx, txs)
		for i := range made {
			in := pool[2*i : 2*i+2]
			sum := in[0].Value + in[1].Value
			first := sum/4 + random.Uint64N(sum/2)
			made[i] = Spend(b.t, in,
				Pay{To: Anyone(random.IntN(10 * txs)), Value: first},
				Pay{To: Anyone(random.IntN(100)), Value: sum - first})
		}
		for i, tx := range made {
			copy(pool[2*i:], tx.Coins)
		}
		hashes = append(hashes, b.MineBlock(Anyone(0), made...))
	}
	return hashes, pool
}

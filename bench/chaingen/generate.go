// Package chaingen makes chains for measurements and tests: blocks in consensus bytes that
// look like Bitcoin's and that lead on from each other, kept in files, and a server that
// answers from them as a bitcoind would that never has to think.
//
// Signatures are not valid and the work is regtest's: only a program that leaves the checking
// of scripts to the node takes these blocks. Start reading at Generator.
package chaingen

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"slices"

	"clew/chains"
	"clew/chains/bitcoin"
)

// Chain is what the blocks are of: they need almost no work there.
const Chain = chains.Chain("bitcoin-regtest")

// coin is an output that can be spent.
type coin struct {
	tx    [32]byte // in wire order
	index uint32
	value uint64
	key   [20]byte
}

// Generator makes blocks that look like Bitcoin's of recent years: 2.2 inputs and 2.5 outputs
// a transaction, signatures of their usual size (but not valid), most outputs spent soon, half
// of all payments to an address that was used before, a few addresses used very often. The
// same seed gives the same bytes. It is used by one goroutine.
type Generator struct {
	txs    int // of a block, its coinbase among them
	rng    *rand.Rand
	height uint32
	prev   [32]byte
	coins  []coin
	keys   [][20]byte
	hot    [][20]byte

	raw, bare, spent []byte // of the transaction that is being made
}

// New returns a generator of blocks of txs transactions each, their coinbases among them:
// from 2 to 65,535.
func New(seed uint64, txs int) *Generator {
	g := &Generator{txs: txs, rng: rand.New(rand.NewPCG(seed, 1))}
	for range 64 {
		g.hot = append(g.hot, g.freshKey())
	}
	return g
}

// Branch returns a generator that goes on from the same block as g, with other blocks for
// each seed. Both can be used from then on.
func (g *Generator) Branch(seed uint64) *Generator {
	b := *g
	b.rng = rand.New(rand.NewPCG(seed, 2))
	b.coins, b.keys = slices.Clone(g.coins), slices.Clone(g.keys)
	b.raw, b.bare, b.spent = nil, nil, nil
	return &b
}

// Busiest returns one of the addresses that are used very often.
func (g *Generator) Busiest() chains.Address {
	a, _ := bitcoin.Classify(Chain, append([]byte{0, 20}, g.hot[0][:]...))
	return a
}

func (g *Generator) freshKey() (k [20]byte) {
	binary.LittleEndian.PutUint64(k[:], g.rng.Uint64())
	binary.LittleEndian.PutUint64(k[8:], g.rng.Uint64())
	return k
}

func (g *Generator) key() [20]byte {
	switch p := g.rng.IntN(100); {
	case p < 10:
		return g.hot[g.rng.IntN(len(g.hot))]
	case p < 50 && len(g.keys) > 0:
		return g.keys[len(g.keys)-1-g.rng.IntN(min(len(g.keys), 200_000))]
	}
	k := g.freshKey()
	g.keys = append(g.keys, k)
	return k
}

// recent is the number of coins at the end of the list from which most are taken.
const recent = 2000

// take removes a coin and returns it, a recent one more often than not.
func (g *Generator) take() coin {
	last := len(g.coins) - 1
	i := g.rng.IntN(last + 1)
	if g.rng.IntN(100) < 60 {
		i = last - g.rng.IntN(min(last+1, recent))
	}
	c := g.coins[i]
	// The coins that are recent stay so: in which order, nobody asks.
	edge := max(i, last-recent)
	g.coins[i], g.coins[edge] = g.coins[edge], g.coins[last]
	g.coins = g.coins[:last]
	return c
}

// Block returns the next block in consensus bytes, and what it spends as REST's spenttxouts.
// The first is block 0, which no node has: read from block 1 on.
func (g *Generator) Block() (block, spent []byte, err error) {
	var ids []chains.TxID
	body := bitcoinCount(nil, g.txs)
	spent = bitcoinCount(nil, g.txs)
	for i := range g.txs {
		if i == 0 {
			g.coinbase()
		} else {
			g.payment()
		}
		id := twice(g.bare)
		ids = append(ids, chains.Hash(id).Reversed())
		body, spent = append(body, g.raw...), append(spent, g.spent...)
	}
	root, err := bitcoin.MerkleRoot(ids)
	if err != nil {
		return nil, nil, err
	}
	header := bitcoin.Header{
		Version: 4, Prev: chains.Hash(g.prev).Reversed(), MerkleRoot: root,
		Time: 1_600_000_000 + 600*int64(g.height), Bits: 0x207fffff,
	}
	for bitcoin.CheckWork(Chain, header.Encode()) != nil { // two tries on average
		header.Nonce++
	}
	g.prev = twice(header.Encode())
	if g.height == 0 { // at that height the network's own block is named, not this one
		if g.prev, err = genesis(); err != nil {
			return nil, nil, err
		}
	}
	g.height++
	return append(header.Encode(), body...), spent, nil
}

// genesis returns the hash of the network's block 0, in the order of the wire.
func genesis() ([32]byte, error) {
	hash, err := chains.ParseHash(Chain.Info().Genesis)
	return hash.Reversed(), err
}

func twice(b []byte) [32]byte {
	once := sha256.Sum256(b)
	return sha256.Sum256(once[:])
}

// bitcoinCount appends n as a compact size.
func bitcoinCount(b []byte, n int) []byte {
	if n < 0xfd {
		return append(b, byte(n))
	}
	return append(b, 0xfd, byte(n), byte(n>>8))
}

// coinbase makes a coinbase. The first one pays enough outputs to begin with.
func (g *Generator) coinbase() {
	outs := 1
	if g.height == 0 {
		outs = 5000
	}
	g.raw = binary.LittleEndian.AppendUint32(g.raw[:0], 2)
	g.raw = append(g.raw, 1)
	g.raw = append(g.raw, make([]byte, 32)...)
	g.raw = binary.LittleEndian.AppendUint32(g.raw, 0xffffffff)
	g.raw = append(g.raw, 5, 4)
	g.raw = binary.LittleEndian.AppendUint32(g.raw, g.height)
	g.raw = binary.LittleEndian.AppendUint32(g.raw, 0xffffffff)
	start := len(g.coins)
	g.raw = g.outputs(g.raw, outs, uint64(outs)*1_250_000_000)
	g.raw = binary.LittleEndian.AppendUint32(g.raw, 0)
	g.bare, g.spent = append(g.bare[:0], g.raw...), append(g.spent[:0], 0)
	g.name(start)
}

// payment makes a transaction of P2WPKH inputs and outputs.
func (g *Generator) payment() {
	in := min([]int{1, 1, 1, 1, 1, 2, 2, 2, 3, 8}[g.rng.IntN(10)], len(g.coins))
	out := []int{1, 2, 2, 2, 2, 2, 2, 2, 2, 8}[g.rng.IntN(10)]
	g.bare = binary.LittleEndian.AppendUint32(g.bare[:0], 2)
	g.bare = bitcoinCount(g.bare, in)
	g.spent = bitcoinCount(g.spent[:0], in)
	total := uint64(0)
	for range in {
		c := g.take()
		total += c.value
		g.bare = append(g.bare, c.tx[:]...)
		g.bare = binary.LittleEndian.AppendUint32(g.bare, c.index)
		g.bare = append(g.bare, 0, 0xfd, 0xff, 0xff, 0xff)
		g.spent = output(g.spent, c.value, c.key)
	}
	start := len(g.coins)
	g.bare = g.outputs(g.bare, out, total-min(total, 500))
	g.bare = binary.LittleEndian.AppendUint32(g.bare, 0)
	g.name(start)

	n := len(g.bare) - 4
	g.raw = append(append(g.raw[:0], g.bare[:4]...), 0, 1)
	g.raw = append(g.raw, g.bare[4:n]...)
	for range in {
		g.raw = append(g.raw, 2)
		g.raw = append(g.raw, signature...)
		g.raw = append(g.raw, 33, 2)
		g.raw = append(g.raw, make([]byte, 32)...)
	}
	g.raw = append(g.raw, g.bare[n:]...)
}

// signature has the form of one with low r and s, and its length in front; it signs nothing.
var signature = slices.Concat([]byte{71, 0x30, 68, 2, 32}, make([]byte, 32), []byte{2, 32}, make([]byte, 32), []byte{1})

// outputs appends n outputs that share total, and their coins.
func (g *Generator) outputs(b []byte, n int, total uint64) []byte {
	b = bitcoinCount(b, n)
	for i := range n {
		v := total / uint64(n-i)
		if i < n-1 {
			v = v/2 + g.rng.Uint64N(v/2+1)
		}
		total -= v
		c := coin{index: uint32(i), value: v, key: g.key()}
		b = output(b, v, c.key)
		g.coins = append(g.coins, c)
	}
	return b
}

func output(b []byte, value uint64, key [20]byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, value)
	return append(append(b, 22, 0, 20), key[:]...)
}

// name gives the coins from start on the id of the transaction in g.bare.
func (g *Generator) name(start int) {
	id := twice(g.bare)
	for i := start; i < len(g.coins); i++ {
		g.coins[i].tx = id
	}
}

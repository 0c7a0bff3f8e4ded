package store_test

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"

	"clew/chains"
)

// generator makes blocks of a chain that looks like Bitcoin's of recent years: 2.2 inputs
// and 2.5 outputs a transaction, most outputs spent soon, half of all payments to an address
// that was used before, a few addresses used very often.
type generator struct {
	rng    *rand.Rand
	salt   uint64
	height int64
	prev   chains.BlockHash
	serial uint64
	coins  []coin // unspent
	addrs  []chains.Address
	hot    []chains.Address
}

type coin struct {
	at  chains.OutPoint
	out chains.Output
}

func newGenerator(seed uint64) *generator {
	g := &generator{rng: rand.New(rand.NewPCG(seed, 1)), salt: seed}
	for range 64 {
		g.hot = append(g.hot, g.freshAddress())
	}
	return g
}

// fork returns a generator that goes on from the same chain with other transactions.
func (g *generator) fork(salt uint64) *generator {
	f := *g
	f.salt, f.rng = salt, rand.New(rand.NewPCG(salt, 2))
	f.coins = append([]coin(nil), g.coins...)
	f.addrs = append([]chains.Address(nil), g.addrs...)
	return &f
}

func (g *generator) hash(kind byte) chains.Hash {
	g.serial++
	var b [17]byte
	b[0] = kind
	binary.LittleEndian.PutUint64(b[1:], g.salt)
	binary.LittleEndian.PutUint64(b[9:], g.serial)
	return sha256.Sum256(b[:])
}

func (g *generator) freshAddress() chains.Address {
	h := g.hash('a')
	h[0] = byte(chains.ScriptP2WPKH)
	return chains.Address(h[:21])
}

func (g *generator) address() chains.Address {
	switch p := g.rng.IntN(100); {
	case p < 10:
		return g.hot[g.rng.IntN(len(g.hot))]
	case p < 50 && len(g.addrs) > 0:
		recent := min(len(g.addrs), 200_000)
		return g.addrs[len(g.addrs)-1-g.rng.IntN(recent)]
	}
	a := g.freshAddress()
	g.addrs = append(g.addrs, a)
	return a
}

// take removes a coin and returns it, a recent one more often than not.
func (g *generator) take() coin {
	i := g.rng.IntN(len(g.coins))
	if g.rng.IntN(100) < 60 {
		i = len(g.coins) - 1 - g.rng.IntN(min(len(g.coins), 2000))
	}
	c := g.coins[i]
	// The recent ones stay in order at the end; an older one's place goes to the oldest of them.
	last := len(g.coins) - 1
	edge := max(0, last-2000)
	if i < edge {
		g.coins[i], i = g.coins[edge], edge
	}
	copy(g.coins[i:], g.coins[i+1:])
	g.coins = g.coins[:last]
	return c
}

// counts returns how many inputs and outputs a transaction has.
func (g *generator) counts() (in, out int) {
	in = []int{1, 1, 1, 1, 1, 2, 2, 2, 3, 8}[g.rng.IntN(10)]
	out = []int{1, 2, 2, 2, 2, 2, 2, 2, 2, 8}[g.rng.IntN(10)]
	return min(in, len(g.coins)), out
}

// block returns the next block with n transactions, the coinbase among them.
func (g *generator) block(n int) *chains.Block {
	b := &chains.Block{Prev: g.prev, Header: make([]byte, 80)}
	b.Ref = chains.BlockRef{Height: g.height, Hash: g.hash('b'), Time: 1_500_000_000 + 600*g.height}
	copy(b.Header[4:], g.prev[:])
	for i := range n {
		t := chains.Tx{ID: g.hash('t'), Block: b.Ref, Index: i, Version: 2, Evidence: chains.EvidenceProven, Coinbase: i == 0}
		g.fill(&t)
		b.Txs = append(b.Txs, t)
	}
	g.prev = b.Ref.Hash
	g.height++
	return b
}

// signed returns what an input shows that spends out: a key, at times a multisig script, and of a
// P2SH what is inside.
func (g *generator) signed(out *chains.Output) chains.Signed {
	s := chains.Signed{Form: chains.SignedRead | chains.SignedCompressed | chains.SignedECDSA}
	if g.serial%8 == 0 { // not rng: the same seed gives the same coins and addresses as ever
		s.M, s.N = 2, 3
	}
	if out.Type == chains.ScriptP2SH {
		inside := sha256.Sum256([]byte(out.Address))
		inside[0] = byte(chains.ScriptP2WPKH)
		s.Wraps = chains.Address(inside[:21])
	}
	return s
}

func (g *generator) fill(t *chains.Tx) {
	in, out := g.counts()
	left := uint64(50_0000_0000)
	if !t.Coinbase && in > 0 {
		left = 0
		for range in {
			c := g.take()
			t.Inputs = append(t.Inputs, chains.Input{Prev: c.at, Sequence: 0xfffffffd, Spent: c.out, Known: true, Signed: g.signed(&c.out)})
			left += c.out.Value
		}
	}
	for i := range out {
		v := left / uint64(out-i)
		left -= v
		o := chains.Output{Value: v, Address: g.address(), Type: chains.ScriptP2WPKH}
		if o.Address[1]%4 == 0 { // an address is always of one type
			o.Type = chains.ScriptP2SH
		}
		t.Outputs = append(t.Outputs, o)
		g.coins = append(g.coins, coin{chains.OutPoint{Tx: t.ID, Index: uint32(i)}, o})
	}
}

// blocks returns the next count blocks of n transactions each.
func (g *generator) blocks(count, n int) []*chains.Block {
	bs := make([]*chains.Block, count)
	for i := range bs {
		bs[i] = g.block(n)
	}
	return bs
}

// forget returns b as a node tells it that does not know spent outputs.
func forget(b *chains.Block) *chains.Block {
	c := *b
	c.Txs = append([]chains.Tx(nil), b.Txs...)
	for i := range c.Txs {
		t := &c.Txs[i]
		t.Inputs = append([]chains.Input(nil), t.Inputs...)
		for j := range t.Inputs {
			t.Inputs[j].Spent, t.Inputs[j].Known = chains.Output{}, false
		}
	}
	return &c
}

package store_test

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"

	"clew/chains"
)

const evmChain = chains.Chain("ethereum")

// accountGenerator makes blocks of a chain that looks like Ethereum's: transfers of the coin and of a few
// tokens, swaps with several logs, failures, events of bridges, and the protocol's own at the end.
type accountGenerator struct {
	generator
	people []chains.Address
	tokens []chains.Asset
}

func newAccountGenerator(seed uint64) *accountGenerator {
	g := &accountGenerator{generator: generator{rng: rand.New(rand.NewPCG(seed, 3)), salt: seed}}
	for range 300 {
		g.people = append(g.people, g.account())
	}
	for range 9 {
		g.tokens = append(g.tokens, mixed(g.account()))
	}
	g.tokens = append(g.tokens, g.tokens[0]+"/77", "claimed:usd")
	return g
}

// fork returns a generator that goes on from the same chain with other transactions.
func (g *accountGenerator) fork(salt uint64) *accountGenerator {
	f := *g
	f.salt, f.rng = salt, rand.New(rand.NewPCG(salt, 4))
	return &f
}

func (g *accountGenerator) account() chains.Address {
	h := g.hash('p')
	return chains.Address(h[:20])
}

// mixed writes an address as a token, some digits as capitals.
func mixed(a chains.Address) chains.Asset {
	text := []byte("0x" + hex.EncodeToString([]byte(a)))
	for i := 2; i < len(text); i++ {
		if text[i] >= 'a' && (int(text[i])+i)%2 == 0 {
			text[i] -= 'a' - 'A'
		}
	}
	return chains.Asset(text)
}

func (g *accountGenerator) who() chains.Address {
	if g.rng.IntN(4) == 0 {
		g.people[1+g.rng.IntN(len(g.people)-1)] = g.account() // the first one stays
	}
	return g.people[g.rng.IntN(len(g.people))]
}

func (g *accountGenerator) amount() chains.Amount {
	a := chains.Units(1 + g.rng.Uint64N(1e18))
	if g.rng.IntN(2) == 0 {
		a, _ = a.MulDiv(chains.Units(1e12), chains.Units(1))
	}
	return a
}

// block returns the next block with n transactions, and what happened outside of them.
func (g *accountGenerator) block(n int) *chains.Block {
	b := &chains.Block{Prev: g.prev, Header: make([]byte, 500)}
	b.Ref = chains.BlockRef{Height: g.height, Hash: g.hash('b'), Time: 1_650_000_000 + 12*g.height}
	copy(b.Header[4:], g.prev[:])
	for i := range n {
		t := chains.Tx{ID: g.hash('t'), Block: b.Ref, Index: i, Evidence: chains.EvidenceProven, Exec: g.exec(uint32(i))}
		b.Txs = append(b.Txs, t)
	}
	b.Txs = append(b.Txs, chains.Tx{
		ID: b.Ref.Hash, Block: b.Ref, Index: n, Coinbase: true, Evidence: chains.EvidenceProven,
		Exec: &chains.Execution{Moves: []chains.Move{{
			Kind: chains.MoveReward, Asset: chains.Native, To: g.who(), Amount: chains.Units(2e18), Evidence: chains.EvidenceAttested,
		}}},
	})
	g.prev = b.Ref.Hash
	g.height++
	return b
}

func (g *accountGenerator) exec(index uint32) *chains.Execution {
	e := &chains.Execution{Sender: g.who(), To: g.who(), Nonce: g.rng.Uint64N(1 << 40), Type: uint8(g.rng.IntN(5)), GasPrice: chains.Units(30e9)}
	if e.Type >= 2 {
		e.TipCap, e.FeeCap = chains.Units(g.rng.Uint64N(3)*1e9), chains.Units(60e9)
	}
	e.Moves = append(e.Moves,
		chains.Move{Kind: chains.MoveFee, Asset: chains.Native, From: e.Sender, Amount: chains.Units(1e15), Evidence: chains.EvidenceProven})
	switch p := g.rng.IntN(10); {
	case p == 0:
		e.Failed = true
		return e
	case p < 4:
		e.Moves = append(e.Moves, chains.Move{
			Kind: chains.MoveCall, Asset: chains.Native, From: e.Sender, To: e.To, Amount: g.amount(), Evidence: chains.EvidenceProven,
		})
		return e
	}
	for i := range 1 + g.rng.IntN(6)*g.rng.IntN(6) {
		e.Moves = append(e.Moves, chains.Move{
			Kind: chains.MoveToken, Asset: g.tokens[g.rng.IntN(len(g.tokens))], From: g.who(), To: g.who(), Amount: g.amount(),
			Index: 40*index + uint32(i), Evidence: chains.EvidenceProven,
		})
	}
	e.Ran = []chains.Address{e.To}
	e.Untraced = g.rng.IntN(50) == 0
	if g.rng.IntN(5) == 0 {
		e.Created = g.who()
		e.Events = []chains.Event{{
			Kind: chains.EventBridgeOut, Protocol: "nomad", Name: "Send", Emitter: g.who(), Others: []chains.Address{g.who()}, Registered: true, Index: 3,
			Key: fmt.Sprintf("0x%x", g.hash('k')), Peer: "polygon", Account: e.Sender, Asset: g.tokens[0], Amount: g.amount(),
			Fields: []chains.Field{{Name: "nonce", Value: "17"}, {Name: "root", Value: ""}},
		}}
	}
	return e
}

func (g *accountGenerator) blocks(count, n int) []*chains.Block {
	bs := make([]*chains.Block, count)
	for i := range bs {
		bs[i] = g.block(n)
	}
	return bs
}

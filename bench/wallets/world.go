// Package wallets plays wallets that pay each other and tells who owns each address: truth to measure
// heuristics with (bench/score).
//
// Each wallet has the habits of a program that is in use: how it takes coins, where it puts the
// change and on which kind of script, version, locktime and sequence, what its signatures look
// like. Exchanges with deposit addresses, custodians with several keys, a payment processor,
// launderers who peel, and rounds of JoinMarket, Wasabi, Whirlpool and payjoin are among them. It
// is written from what those programs do, as far as their source and documents say, and not from
// the heuristics that it measures; all the same it is our picture of wallets, and a measure on it
// says so.
//
// Transactions carry no scripts and no signatures that a node would take: their ids are hashes of
// what they say, and what signatures show of a wallet is told. Start reading at Make.
package wallets

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"

	"clew/chains"
	"clew/chains/bitcoin"
)

// Chain is what the transactions are of.
const Chain = chains.Chain("bitcoin")

// firstHeight is the height of the first block.
const firstHeight = 700_000

// What a transaction is in truth.
const (
	KindCoinbase      = "coinbase"
	KindPayment       = "payment"       // one owner pays others, perhaps with change
	KindBatch         = "batch"         // one owner pays many others
	KindConsolidation = "consolidation" // one owner, many coins into few
	KindSplit         = "split"         // one owner, into coins of its own
	KindPeel          = "peel"          // a step of a launderer's run
	KindPayjoin       = "payjoin"       // the paid one puts a coin of his own beside
	KindJoinMarket    = "joinmarket"
	KindWasabi1       = "wasabi1"
	KindWasabi2       = "wasabi2"
	KindWhirlpool     = "whirlpool"
	KindTx0           = "tx0"
)

// NoOwner is the owner of what nobody can spend, and the payer of what several pay.
const NoOwner = -1

// Truth is what the maker of a transaction knows of it.
type Truth struct {
	Kind string
	// Payer is the wallet that owns every input; NoOwner where several do, or none.
	Payer int
	// Change are the outputs, ascending, that come back to the payer in a payment, batch or peel.
	Change []int
}

// World is what the wallets did. It is not changed once it is made.
type World struct {
	// Txs are in the order of the chain, their Block and Index set; what they spend is known and
	// among them.
	Txs []chains.Tx
	// Truth is of each of Txs.
	Truth []Truth
	// Owner is the wallet of each address, that wrapped in a script among them. Two wallets never
	// share one.
	Owner map[chains.Address]int
	// Names are what the wallets are, by owner.
	Names []string
}

// Make plays some blocks of some 100 transactions each, after one for each coinbase that the
// wallets start with. The same seed and number give the same world on every machine.
func Make(seed uint64, blocks int) *World {
	p := &play{rng: rand.New(rand.NewPCG(seed, 4)), height: firstHeight, rate: 20}
	p.world.Owner = map[chains.Address]int{}
	p.settle()
	p.begin()
	p.seeds()
	for range blocks {
		p.open(p.anybody())
		for range 60 + p.rng.IntN(60) {
			p.act()
		}
	}
	return &p.world
}

// play is a world in the making.
type play struct {
	world   World
	rng     *rand.Rand
	height  int64
	index   int // of the next transaction in its block
	block   chains.BlockHash
	rate    int // satoshi a virtual byte that this block asks
	keys    uint64
	wallets []*wallet
	mixes   rounds
}

// lock is a script that one wallet can open.
type lock struct {
	owner   int
	address chains.Address
	form    chains.ScriptType
	wraps   chains.Address
	script  []byte
	m, n    uint8
}

// coin is an unspent output.
type coin struct {
	out    chains.OutPoint
	value  uint64
	lock   *lock
	height int64
	depth  int // the account inside of its wallet: a mixdepth, premix or postmix
}

// pay is an output to be.
type pay struct {
	lock   *lock
	value  uint64
	change bool
	depth  int // the account at its receiver
}

// open begins the next block, which miner mines, for a reward of any size: two purses that begin
// alike would leave equal changes behind. Fees move.
func (p *play) open(miner *wallet) {
	p.height++
	p.index = 0
	var seed [8]byte
	binary.LittleEndian.PutUint64(seed[:], uint64(p.height))
	p.block = sha256.Sum256(seed[:])
	p.rate = min(max(p.rate+p.rng.IntN(9)-4, 2), 120)
	p.emit(KindCoinbase, NoOwner, nil, []pay{{lock: miner.receive(p), value: 50_000_000 + p.rng.Uint64N(600_000_000)}}, miner.habit)
}

// fresh returns a number that no other call has returned, spread over 32 bytes.
func (p *play) fresh() [32]byte {
	p.keys++
	var seed [16]byte
	binary.LittleEndian.PutUint64(seed[:], p.keys)
	copy(seed[8:], "lock")
	return sha256.Sum256(seed[:])
}

// lock makes a script of the form that only owner can open.
func (p *play) lock(owner int, form chains.ScriptType, m, n uint8) *lock {
	k := p.fresh()
	l := &lock{owner: owner, form: form, m: m, n: n}
	switch form {
	case chains.ScriptP2PKH:
		l.script = slices.Concat([]byte{0x76, 0xa9, 20}, k[:20], []byte{0x88, 0xac})
	case chains.ScriptP2SH:
		l.script = slices.Concat([]byte{0xa9, 20}, k[:20], []byte{0x87})
		if n == 0 {
			inner := p.lock(owner, chains.ScriptP2WPKH, 0, 0)
			l.wraps = inner.address
		}
	case chains.ScriptP2WPKH:
		l.script = slices.Concat([]byte{0, 20}, k[:20])
	case chains.ScriptP2WSH:
		l.script = slices.Concat([]byte{0, 32}, k[:])
	case chains.ScriptP2TR:
		l.script = slices.Concat([]byte{0x51, 32}, k[:])
	default:
		panic(fmt.Sprintf("wallets: no wallet has scripts of type %s", form))
	}
	l.address, _ = bitcoin.Classify(Chain, l.script)
	p.world.Owner[l.address] = owner
	return l
}

// data is an output of nothing but data.
func (p *play) data(n int) *lock {
	k, l := p.fresh(), &lock{owner: NoOwner, form: chains.ScriptNullData}
	payload := slices.Concat(k[:], k[:], k[:])[:n]
	l.script = []byte{0x6a}
	if n > 75 {
		l.script = append(l.script, 0x4c)
	}
	l.script = slices.Concat(l.script, []byte{byte(n)}, payload)
	l.address, _ = bitcoin.Classify(Chain, l.script)
	return l
}

// emit puts a transaction at the end of the chain and its outputs into their owners' purses. What
// it spends must have been taken out of theirs. Inputs and outputs stand as given.
func (p *play) emit(kind string, payer int, ins []coin, outs []pay, h habit) []coin {
	tx := chains.Tx{
		Block: chains.BlockRef{Height: p.height, Hash: p.block, Time: 1_630_000_000 + 600*(p.height-firstHeight)},
		Index: p.index, Coinbase: kind == KindCoinbase, Evidence: chains.EvidenceAttested,
		Version: h.version, LockTime: h.lockTime(p),
	}
	for _, c := range ins {
		tx.Inputs = append(tx.Inputs, chains.Input{
			Prev: c.out, Sequence: h.sequence, Known: true, Proven: true,
			Spent:  chains.Output{Value: c.value, Address: c.lock.address, Type: c.lock.form},
			Signed: p.sign(c.lock),
		})
	}
	truth := Truth{Kind: kind, Payer: payer}
	for i, o := range outs {
		tx.Outputs = append(tx.Outputs, chains.Output{Value: o.value, Address: o.lock.address, Type: o.lock.form})
		if o.change {
			truth.Change = append(truth.Change, i)
		}
	}
	tx.ID = identity(&tx, outs)
	var made []coin
	for i, o := range outs {
		c := coin{chains.OutPoint{Tx: tx.ID, Index: uint32(i)}, o.value, o.lock, p.height, o.depth}
		made = append(made, c)
		if o.lock.owner != NoOwner {
			w := p.wallets[o.lock.owner]
			w.coins = append(w.coins, c)
		}
	}
	p.index++
	p.world.Txs, p.world.Truth = append(p.world.Txs, tx), append(p.world.Truth, truth)
	return made
}

// sign tells what the owner's program shows where it spends from l.
func (p *play) sign(l *lock) chains.Signed {
	h := p.wallets[l.owner].habit
	s := chains.Signed{Form: chains.SignedRead, M: l.m, N: l.n, Wraps: l.wraps}
	if l.form == chains.ScriptP2TR {
		s.Form |= chains.SignedSchnorr
		return s
	}
	s.Form |= chains.SignedECDSA
	if h.uncompressed && l.form == chains.ScriptP2PKH {
		s.Form |= chains.SignedUncompressed
	} else {
		s.Form |= chains.SignedCompressed
	}
	for range max(l.m, 1) {
		if !h.lowR && p.rng.IntN(2) == 0 {
			s.Form |= chains.SignedHighR
		}
	}
	return s
}

// identity hashes what a transaction says.
func identity(tx *chains.Tx, outs []pay) chains.TxID {
	b := binary.LittleEndian.AppendUint32(nil, uint32(tx.Version))
	if tx.Coinbase {
		b = binary.LittleEndian.AppendUint64(b, uint64(tx.Block.Height))
	}
	for i := range tx.Inputs {
		in := &tx.Inputs[i]
		b = append(b, in.Prev.Tx[:]...)
		b = binary.LittleEndian.AppendUint32(b, in.Prev.Index)
		b = binary.LittleEndian.AppendUint32(b, in.Sequence)
	}
	for _, o := range outs {
		b = binary.LittleEndian.AppendUint64(b, o.value)
		b = append(b, o.lock.script...)
	}
	b = binary.LittleEndian.AppendUint32(b, tx.LockTime)
	once := sha256.Sum256(b)
	return sha256.Sum256(once[:])
}

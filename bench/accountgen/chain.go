// Package accountgen makes chains of accounts for measurements, of any length at once: what every
// block holds is prepared, and what a node would say of a block is put together when it is asked
// for. A few accounts hand stolen value on, evenly over the chain.
//
// Hashes and roots are those of a real chain and the transactions are signed, but those of the
// background are the same in each block, nonces and all: only a program that leaves it to the node
// to run transactions takes them. Start reading at New.
package accountgen

import (
	"crypto/ecdsa"
	"encoding/binary"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/trie"

	"clew/chains"
)

const (
	chainID  = 1337
	time0    = 1_700_000_000 // of block 0, in Unix seconds
	spacing  = 12            // seconds between blocks
	blockGas = 30_000_000
	gasPrice = 2_000_000_000 // wei for a unit of gas
	baseFee  = 1_000_000_000
	// Background is how many transactions every block holds beside those of the theft.
	Background = 8
)

// Stolen is what is handed on: so many wei, and so many units of Token.
const Stolen = 1_000_000_000_000_000_000

// Chain is a chain of accounts. It does not change once it is made.
type Chain struct {
	ID       chains.Chain
	Accounts []common.Address // who hand the stolen value on
	Token    common.Address

	hashes  []common.Hash // by height
	heights map[common.Hash]int64
	usual   *body
	special map[int64]*body // by height: the blocks in which stolen value moves
	hops    []hop           // by height
}

// hop is the movement of what is stolen to account number to, in the block at height: the last two
// transactions there, one for the coin and one for the token.
type hop struct {
	height int64
	payer  common.Address
	to     int
}

// body is what a block holds.
type body struct {
	txs      []*types.Transaction
	senders  []common.Address
	receipts types.Receipts
	calls    [][]call
	txRoot   common.Hash
	root     common.Hash // of the receipts
	bloom    types.Bloom
	text     texts
}

// call is a frame of a transaction: the outermost one first, those inside it behind.
type call struct {
	from, to common.Address
	wei      uint64
	ran      bool
}

// New makes a chain with the last block at height last, at least 2·accounts, in which stolen value goes
// through so many accounts.
func New(last int64, accounts int) (*Chain, error) {
	c := &Chain{ID: chains.EVM(chainID), heights: map[common.Hash]int64{}, special: map[int64]*body{}, Token: named("token")}
	g := &maker{chain: c, signer: types.LatestSignerForChainID(big.NewInt(chainID))}
	for i := range accounts {
		key, err := keyOf(i)
		if err != nil {
			return nil, err
		}
		g.keys = append(g.keys, key)
		c.Accounts = append(c.Accounts, crypto.PubkeyToAddress(key.PublicKey))
	}
	if err := g.bodies(last); err != nil {
		return nil, err
	}
	c.link(last)
	return c, nil
}

// link makes the headers, each on the one before.
func (c *Chain) link(last int64) {
	before := common.Hash{}
	for h := range last + 1 {
		hash := c.header(h, before).Hash()
		c.hashes, c.heights[hash] = append(c.hashes, hash), h
		before = hash
	}
}

// body returns what the block at height holds.
func (c *Chain) body(height int64) *body {
	if b := c.special[height]; b != nil {
		return b
	}
	return c.usual
}

func (c *Chain) header(height int64, before common.Hash) *types.Header {
	b := c.body(height)
	return &types.Header{
		ParentHash: before, UncleHash: types.EmptyUncleHash, Coinbase: named("miner"), Root: types.EmptyRootHash,
		TxHash: b.txRoot, ReceiptHash: b.root, Bloom: b.bloom, Difficulty: new(big.Int), Number: big.NewInt(height),
		GasLimit: blockGas, GasUsed: b.receipts[len(b.receipts)-1].CumulativeGasUsed, Time: uint64(time0 + spacing*height),
		BaseFee: big.NewInt(baseFee),
	}
}

// Last returns the height of the last block.
func (c *Chain) Last() int64 { return int64(len(c.hashes)) - 1 }

// Txs returns how many transactions the chain has.
func (c *Chain) Txs() int64 { return int64(len(c.hashes))*Background + 2*int64(len(c.hops)) }

// Incident returns the theft's seeds: the native coin and the token that the first account got.
func (c *Chain) Incident() string {
	first := c.special[c.hops[0].height].txs[Background:]
	seed := func(id string, tx *types.Transaction, asset string) string {
		return fmt.Sprintf("  - {id: %s, chain: %q, tx: %q, to: %q, asset: %q}\n", id, c.ID, tx.Hash().Hex(), c.Accounts[0].Hex(), asset)
	}
	return "clew: incident/1\nid: bench\nrule: fifo\nseeds:\n" +
		seed("V1", first[0], string(chains.Native)) + seed("V2", first[1], c.Token.Hex())
}

// named makes an address of a word.
func named(word string) common.Address { return common.BytesToAddress(crypto.Keccak256([]byte(word))) }

// keyOf returns the key of account number i.
func keyOf(i int) (*ecdsa.PrivateKey, error) {
	return crypto.ToECDSA(crypto.Keccak256(binary.BigEndian.AppendUint64([]byte("accountgen"), uint64(i))))
}

// seal computes what a header says of b.
func (b *body) seal() {
	gas, logs := uint64(0), uint(0)
	for i, r := range b.receipts {
		gas += r.GasUsed
		r.CumulativeGasUsed, r.TxHash, r.TransactionIndex = gas, b.txs[i].Hash(), uint(i)
		r.EffectiveGasPrice, r.Status, r.Type = big.NewInt(gasPrice), types.ReceiptStatusSuccessful, b.txs[i].Type()
		for _, l := range r.Logs {
			l.Index, l.TxIndex, l.TxHash = logs, uint(i), r.TxHash
			logs++
		}
		r.Bloom = types.CreateBloom(r)
	}
	b.txRoot = types.DeriveSha(types.Transactions(b.txs), trie.NewStackTrie(nil))
	b.root = types.DeriveSha(b.receipts, trie.NewStackTrie(nil))
	b.bloom = types.MergeBloom(b.receipts)
}

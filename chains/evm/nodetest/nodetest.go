// Package nodetest runs real nodes of chains of accounts for tests: a go-ethereum in the test's
// own process, and an anvil as a process of its own; on loopback, without peers, with all state
// kept and with traces unless told otherwise. Nothing is mined but by Mine, so that blocks hold
// what a test puts into them.
//
//	node := nodetest.Start(t, nodetest.Geth, nodetest.Options{})    // or nodetest.Anvil
//	tx := node.Send(1, &types.DynamicFeeTx{To: &to, Value: wei})    // signed by key 1; the rest is filled in
//	hash := node.Mine()                                             // into a block
//	dialled, err := evm.Dial(ctx, "", node.URL, evm.Options{})      // or node.WS
//
// Keys are made from small numbers and Funded of them have Funds at block 0, so that a test
// reads the same each time.
//
// An anvil is found by the variable CLEW_ANVIL, in build/tools/anvil below the module's root,
// where `make setup` puts it, or in PATH. Without one the test is skipped, and fails where
// CI=true.
//
// It is for tests and measurements alone.
package nodetest

import (
	"context"
	"crypto/ecdsa"
	"encoding/binary"
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rpc"

	"clew/chains"
)

// Kind is a program that Start can run.
type Kind string

// The kinds of node.
const (
	Geth  Kind = "geth" // go-ethereum, in the process of the test
	Anvil Kind = "anvil"
)

// Kinds returns every kind, for a test that runs on each.
func Kinds() []Kind { return []Kind{Geth, Anvil} }

// Options of Start. The zero value keeps all state and offers everything, under the chain id
// 1337 (eip155:1337).
type Options struct {
	ChainID uint64 // 0 is 1337
	// Alloc are accounts beyond the funded keys at block 0.
	Alloc types.GenesisAlloc
	// Pruned: state is kept of the last 128 blocks alone (Geth).
	Pruned bool
	// Modules are the namespaces that are offered over HTTP and WebSocket (Geth); nil: eth, net,
	// web3, debug, txpool.
	Modules []string
	// Args are more arguments of the program (Anvil). They stand behind ours and win.
	Args []string
	// Time is that of block 0, in Unix seconds; 0 is 1,700,000,000.
	Time uint64
}

const (
	// Funded is how many keys, from 0, have Funds.
	Funded = 20
	// defaultChain is what go-ethereum calls its development chain.
	defaultChain = 1337
	defaultTime  = 1_700_000_000
)

// Funds is what each of the funded keys has at block 0: 1,000,000 coins.
func Funds() *big.Int {
	return new(big.Int).Mul(big.NewInt(1_000_000), big.NewInt(1_000_000_000_000_000_000))
}

// Node is a running node. Its methods fail the test where the node refuses. It stops at the
// end of the test.
type Node struct {
	Kind    Kind
	Chain   chains.Chain
	ChainID *big.Int
	URL     string // http://127.0.0.1:PORT
	WS      string // ws://127.0.0.1:PORT
	PID     int    // of the process that the node is, or is in

	t      testing.TB
	client *rpc.Client
	mine   func(n *Node) common.Hash
	send   func(tx *types.Transaction) error
	reorg  func(n *Node, depth int)
	nonces map[int]uint64
}

// Start starts a node and waits until it answers. It stops it when the test ends.
func Start(tb testing.TB, kind Kind, o Options) *Node {
	tb.Helper()
	if o.ChainID == 0 {
		o.ChainID = defaultChain
	}
	if o.Time == 0 {
		o.Time = defaultTime
	}
	n := &Node{
		Kind: kind, Chain: chains.EVM(o.ChainID), ChainID: new(big.Int).SetUint64(o.ChainID),
		t: tb, nonces: map[int]uint64{},
	}
	if kind == Anvil {
		n.startAnvil(o)
	} else {
		n.startGeth(o)
	}
	tb.Cleanup(n.client.Close)
	return n
}

// Key returns key number n, the same in every run.
func Key(n int) *ecdsa.PrivateKey {
	var seed [12]byte
	copy(seed[:], "clew")
	binary.BigEndian.PutUint64(seed[4:], uint64(n))
	key, err := crypto.ToECDSA(crypto.Keccak256(seed[:]))
	if err != nil {
		panic(err) // one in 2¹²⁸ numbers
	}
	return key
}

// Account returns the account of key number n.
func Account(n int) common.Address { return crypto.PubkeyToAddress(Key(n).PublicKey) }

// alloc returns what block 0 holds beside contracts of the system.
func (o Options) alloc() types.GenesisAlloc {
	all := types.GenesisAlloc{}
	for i := range Funded {
		all[Account(i)] = types.Account{Balance: Funds()}
	}
	for a, account := range o.Alloc {
		all[a] = account
	}
	return all
}

// RPC calls a method of the node. A nil result drops the answer.
func (n *Node) RPC(result any, method string, params ...any) {
	n.t.Helper()
	if err := n.Try(result, method, params...); err != nil {
		n.t.Fatalf("%s: %s: %v", n.Kind, method, err)
	}
}

// Try is RPC that returns what the node refuses.
func (n *Node) Try(result any, method string, params ...any) error {
	return n.client.CallContext(context.Background(), result, method, params...)
}

// Mine makes a block of all transactions that wait and returns its hash.
func (n *Node) Mine() chains.BlockHash {
	n.t.Helper()
	return chains.BlockHash(n.mine(n))
}

// Skip makes blocks with nothing in them.
func (n *Node) Skip(blocks int) {
	n.t.Helper()
	for range blocks {
		n.mine(n)
	}
}

// Reorg takes the last blocks off the chain and puts as many, and one more, of others on it.
// What was in them is gone.
func (n *Node) Reorg(depth int) {
	n.t.Helper()
	n.reorg(n, depth)
	clear(n.nonces)
}

// Height returns the height of the last block.
func (n *Node) Height() int64 {
	n.t.Helper()
	var height hexutil.Uint64
	n.RPC(&height, "eth_blockNumber")
	return int64(height)
}

// HashAt returns the hash of the main chain's block at height.
func (n *Node) HashAt(height int64) chains.BlockHash {
	n.t.Helper()
	var block struct {
		Hash common.Hash `json:"hash"`
	}
	n.RPC(&block, "eth_getBlockByNumber", hexutil.Uint64(height), false)
	return chains.BlockHash(block.Hash)
}

// Balance returns what an account held of the native coin at the end of a block.
func (n *Node) Balance(a common.Address, height int64) *big.Int {
	n.t.Helper()
	var balance hexutil.Big
	n.RPC(&balance, "eth_getBalance", a, hexutil.Uint64(height))
	return balance.ToInt()
}

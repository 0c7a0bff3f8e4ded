// Package bitcoin is the adapter of the Bitcoin family: it decodes blocks, transactions and
// spent outputs from consensus bytes, turns scripts into address keys and address keys into
// text, and reads a bitcoind over REST and JSON-RPC.
//
// Everything that it returns was checked against the hash that names it: a transaction
// against its txid, a block against its header's hash and Merkle root. It does not validate:
// scripts are not run and no chain of work is chosen.
//
// It does not store anything, follow the chain or decide what a transaction means.
//
// Start reading at DecodeBlock (block.go) for the bytes, at Classify (script.go) and
// ParseAddress (address.go) for addresses, at Dial and Node.Block (dial.go, nodeblock.go) for
// the node.
package bitcoin

import (
	"fmt"

	"clew/chains"
)

// network holds what differs between the chains of the family.
type network struct {
	chain chains.Chain
	// node is the name that getblockchaininfo gives the network.
	node string
	// dir is the folder below the data directory where the node keeps it, "" for none.
	dir string
	// port is the default port of JSON-RPC.
	port string
	// hrp is the prefix of segwit addresses, before the "1".
	hrp string
	// pubKeyHash and scriptHash are the first bytes of base58 addresses.
	pubKeyHash, scriptHash byte
	// blockBytes is the largest size of a block in consensus bytes.
	blockBytes int64
	// powLimit is the easiest target of a block, in the form of a header's bits.
	powLimit uint32
	// fixedBits: the bits change at each period of retargetBlocks only. Test networks let
	// a block that is late have the easiest target.
	fixedBits bool
}

// Bytes after BIP13, BIP142 and BIP173, as in btcd's chaincfg. Test networks share
// base58 versions: those addresses parse on each of them.
var networks = []network{
	{"bitcoin", "main", "", "8332", "bc", 0x00, 0x05, 4_000_000, 0x1d00ffff, true},
	{"bitcoin-testnet", "test", "testnet3", "18332", "tb", 0x6f, 0xc4, 4_000_000, 0x1d00ffff, false},
	{"bitcoin-regtest", "regtest", "regtest", "18443", "bcrt", 0x6f, 0xc4, 4_000_000, 0x207fffff, false},
	{"bitcoin-simnet", "simnet", "simnet", "18556", "sb", 0x3f, 0x7b, 4_000_000, 0x207fffff, false},
}

// networkOf returns the parameters of chain, or an error that wraps ErrUnknownChain.
func networkOf(chain chains.Chain) (network, error) {
	for _, n := range networks {
		if n.chain == chain {
			return n, nil
		}
	}
	return network{}, fmt.Errorf("chain %q is not of the Bitcoin family: %w", chain, chains.ErrUnknownChain)
}

// networkOfGenesis returns the network whose block 0 has the given hash.
func networkOfGenesis(genesis chains.BlockHash) (network, bool) {
	for _, n := range networks {
		if n.chain.Info().Genesis == genesis.String() {
			return n, true
		}
	}
	return network{}, false
}

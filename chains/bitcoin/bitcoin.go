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
// Start reading at networks (network.go) for what differs between the chains, at DecodeBlock
// (block.go) for the bytes, at Classify (script.go) and ParseAddress (address.go) for
// addresses, at Dial and Node.Block (dial.go, nodeblock.go) for the node.
package bitcoin

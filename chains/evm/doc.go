// Package evm is the adapter for Ethereum and the chains that execute as it does. It turns what
// a node says of blocks, receipts, logs and calls into the facts of package chains, and checks
// what can be checked: hashes of transactions and headers, the roots of transactions, receipts
// and withdrawals.
//
// What it does not do: decide who a party is, or what a transaction was for. It nets nothing.
//
// Start reading at Parts (parts.go), the one form of a transaction: it is made from a node's
// JSON or from a recording, and Parts.Decode makes a chains.Tx of it (moves.go).
package evm

package ingest

import (
	"context"

	"clew/chains"
)

// What a Node of a chain of accounts may offer beyond blocks. Heights are of its main chain.
// ErrUnsupported everywhere: the node does not have it; whoever asks does without and says so.

// Place is where a transaction stands in a chain.
type Place = chains.Place

// Index is a Node that finds the transactions which touch accounts, without reading every block.
type Index interface {
	// Touching returns the places of the transactions that move a token or the native coin from or
	// to one of addrs, or that one of them signed: in order, each once, and perhaps others too, from
	// the beginning of span to the block that it returns, which is as far as one question goes. What
	// the protocol gives outside of calls (tips, rewards, withdrawals) need not be among them. Of no
	// addrs it is nil where the node can be asked at all. ErrUnsupported: it has no index of
	// addresses for the native coin.
	Touching(ctx context.Context, addrs []chains.Address, span Span) (at []Place, to int64, err error)
}

// TxPicker is a Node that gives some transactions of a block.
type TxPicker interface {
	// BlockTxs returns the block of the main chain at a height with those of its transactions
	// that stand at indices (ascending), as a Partial block: the header verified, and of each
	// transaction its calls, what the recorder keeps (Raw, Exec.Receipt, Exec.Attested) and its
	// proofs. ErrNotFound: there is no such block, or no such transaction in it.
	BlockTxs(ctx context.Context, height int64, indices []int) (*chains.Block, error)
	// PlaceOf returns where a transaction stands; of the hash of a block, where what happened
	// outside of its transactions does. ErrNotFound: not in the main chain.
	PlaceOf(ctx context.Context, id chains.TxID) (Place, error)
}

// Wrapper is a Node that was told of contracts whose token is the native coin one to one: what they
// log is read by that.
type Wrapper interface {
	Wrapped() []chains.Address
}

// SignerChecker is a Node whose Block leaves senders unchecked, as Execution.OnSignature says.
type SignerChecker interface {
	// CheckSigner compares the sender with who signed, and makes proven what follows from it.
	// ErrBadAnswer: somebody else signed. It asks nobody.
	CheckSigner(tx *chains.Tx) error
}

// StateReader is a Node that knows what accounts held and were at the end of a block.
type StateReader interface {
	BalanceAt(ctx context.Context, a chains.Address, asset chains.Asset, height int64) (chains.Amount, error)
	AccountKind(ctx context.Context, a chains.Address, height int64) (chains.AccountKind, error)
	Token(ctx context.Context, asset chains.Asset, height int64) (chains.Token, error)
}

// EventSearcher is a Node that finds what contracts said.
type EventSearcher interface {
	// FindEvents returns the places of the transactions of a span with an event that may answer
	// the query: in order, each once, and perhaps others too.
	FindEvents(ctx context.Context, q chains.EventQuery, span Span) ([]Place, error)
}

// ExecDecoder reads what a recording keeps of a chain of accounts.
type ExecDecoder interface {
	DecodeHeader(chain chains.Chain, raw []byte) (chains.Header, error)
	// DecodeExec returns the transaction that kept holds, decoded as when it was read from a node.
	// Of kept are set what a Partial block of a TxPicker carries of it: ID, Block.Height, Index,
	// Coinbase, Raw, and of Exec the fields Receipt, Attested, TxProof and ReceiptProof; what
	// happened outside of transactions has Attested alone, and no proof but the header. The error
	// wraps ErrBadAnswer where it is not proven to stand there, or contradicts itself. wrapped are
	// those of the Wrapper that it was read from.
	DecodeExec(chain chains.Chain, wrapped []chains.Address, header []byte, kept *chains.Tx) (chains.Tx, error)
}

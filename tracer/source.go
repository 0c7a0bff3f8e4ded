package tracer

import (
	"context"

	"clew/chains"
)

// Source gives the transactions of one chain that a trace asks for, in chain order. A
// store answers by looking up spenders, a node by one forward pass over its blocks; the
// trace is the same.
//
// A watch counts for transactions after the one that Next returned last. Watching twice is
// watching once. A Source is used by one goroutine.
type Source interface {
	// WatchTx asks for the transaction id itself: ErrNotFound if it is not in the range
	// read, ErrIncomplete (naming the heights) if it may lie outside.
	WatchTx(ctx context.Context, id chains.TxID) error
	// WatchOut asks for the transaction that spends out, if one does by the end.
	WatchOut(ctx context.Context, out chains.OutPoint) error
	// WatchAddress asks for every transaction that spends from or pays to a.
	WatchAddress(ctx context.Context, a chains.Address) error
	// Next returns the next watched transaction in chain order, each once, with every
	// input's spent output where it is known; io.EOF after the last one at AsOf.
	// ErrReorged: a block that was read has left the main chain since.
	Next(ctx context.Context) (*chains.Tx, error)
	Covered
}

// Covered says what was read of a chain. It is asked for at the end; what it does not hold of a
// seed's window is a gap.
type Covered interface {
	From() chains.BlockRef // the first block
	AsOf() chains.BlockRef // the last one
}

// Windowed is a Source that can end before AsOf where no window is open any more and nothing
// else is watched.
type Windowed interface {
	// WatchWindow is WatchAddress for blocks up to the given height or, where that is −1,
	// for those whose time, in Unix seconds, is not later than unix.
	WatchWindow(ctx context.Context, a chains.Address, height, unix int64) error
}

// Balancer is a Source that knows what an address held before a transaction, because it
// knows the chain from its first block.
type Balancer interface {
	// BalanceBefore returns the sum of the outputs of a that are unspent just before the
	// transaction that Next returned last. ErrIncomplete: not known from genesis.
	BalanceBefore(ctx context.Context, a chains.Address) (chains.Amount, error)
}

// State is a Source of a chain of accounts that knows what accounts hold and are. Heights are
// of the main chain that the Source reads; answers are attested. ErrUnsupported: the node, or
// what stands in for it, does not have it (no archive of state, no node at hand).
type State interface {
	// BalanceBefore returns what a held of an asset just before the transaction that Next
	// returned last: the balance at the end of the block before, and what moved since.
	BalanceBefore(ctx context.Context, a chains.Address, asset chains.Asset) (chains.Amount, error)
	// BalanceAt returns what a held of an asset at the end of the block at height.
	BalanceAt(ctx context.Context, a chains.Address, asset chains.Asset, height int64) (chains.Amount, error)
	// AccountKind says what stood behind a at the end of the block of the transaction that Next
	// returned last or, where that is not known, of the last block.
	AccountKind(ctx context.Context, a chains.Address) (chains.AccountKind, error)
	Tokens
}

// Tokens is a Source of a chain of accounts that knows how amounts are written.
type Tokens interface {
	// Token returns what a token's contract claims of itself, or what a file says of a unit.
	// ErrNotFound, ErrUnsupported: nobody says anything.
	Token(ctx context.Context, asset chains.Asset) (chains.Token, error)
}

// EventFinder is a Source that finds the other side of a bridge by the protocol's key.
type EventFinder interface {
	// FindEvents returns the transactions with an event that fits the query, in chain order;
	// none where there is none up to the last block. ErrUnsupported: it cannot look for that.
	FindEvents(ctx context.Context, q chains.EventQuery) ([]*chains.Tx, error)
}

// Opener opens the chains of a trace, as a bridge leads to another one. A chain may be opened
// more than once: it is read again where a later round brings value to it.
type Opener interface {
	// Open returns what reads a chain, from the given block on: by height, or by time in Unix
	// seconds where that is −1, or where both are −1 as the seeds say. Close it if it is an
	// io.Closer. ErrUnsupported: no node was given for this chain.
	Open(ctx context.Context, chain chains.Chain, height, unix int64) (Source, error)
}

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

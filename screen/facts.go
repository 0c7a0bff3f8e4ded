package screen

import (
	"context"
	"time"

	"clew/chains"
	"clew/labels"
)

// Facts reads one chain as it was at a block, in a snapshot of its own. It is used by one goroutine
// and must be closed. A store answers it.
type Facts interface {
	// Tx returns a transaction of the main chain; chains.ErrNotFound if what was read does not have it.
	Tx(ctx context.Context, id chains.TxID) (*chains.Tx, error)
	// Spender returns the transaction that spends an output, and by which input; chains.ErrNotFound if
	// none that was read does.
	Spender(ctx context.Context, o chains.OutPoint) (*chains.Tx, int, error)
	// AddressTxs returns, in chain order, up to limit transactions behind a place that touch an
	// address. Fewer: there are no more.
	AddressTxs(ctx context.Context, a chains.Address, after chains.Place, limit int) ([]*chains.Tx, error)
	// Covered returns what was read up to the block, in order, and that block.
	Covered() ([]chains.Span, chains.BlockRef)
	Close() error
}

// Latest asks Chains for the last block that was read.
const Latest = -1

// BeforeFirst is the place before the first transaction.
var BeforeFirst = chains.Place{Height: -1}

// Chains opens the facts of a chain as of a height, or Latest. chains.ErrNotFound: nothing of it was
// read; chains.ErrIncomplete: not that height.
type Chains interface {
	Facts(ctx context.Context, chain chains.Chain, asOf int64) (Facts, error)
}

// Labels tells what is claimed of an address. *labels.Set is one.
type Labels interface {
	// History returns every label, also those that nobody makes any more.
	History(chain chains.Chain, a chains.Address) []labels.Label
	// MadeAt reports whether a label is made, and what it claims holds, at a time; at the zero time
	// whether it is now.
	MadeAt(l *labels.Label, at time.Time) bool
}

// Cluster is the group of addresses that are taken to be of one owner.
type Cluster struct {
	Size int
	// Labelled are the addresses of it of which something is claimed, in a fixed order, at most
	// MostLabelled; More how many there are beyond.
	Labelled []chains.Address
	More     int
}

// MostLabelled is how many labelled addresses of a cluster are named.
const MostLabelled = 20

// Clusters tells which cluster an address is in; false where nothing joins it, or the chain has none.
// It is safe for concurrent use.
type Clusters interface {
	ClusterOf(ctx context.Context, chain chains.Chain, a chains.Address) (Cluster, bool, error)
}

package screen

import (
	"context"
	"time"

	"clew/chains"
)

// Attribution is what is known of who is behind a place that a walk meets.
type Attribution struct {
	Category Category
	Entity   string
	KnownBy  Way
	Claims   []Claim
	// Ends: value that comes from here, or goes there, is explained by it, and a walk goes no further.
	Ends bool
}

// Attributor says what is known of an address at the time of a transaction; false where nothing is.
// It is safe for concurrent use.
type Attributor interface {
	Attribute(ctx context.Context, chain chains.Chain, a chains.Address, at time.Time) (Attribution, bool, error)
}

// Place is where value lies, or arrived, as incidents know it: an output of a chain of outputs, or
// what an account received of an asset in a transaction.
type Place struct {
	Chain   chains.Chain
	Tx      chains.TxID
	Vout    uint32         // of an output
	Account chains.Address // of a chain of accounts; "" of an output
	Asset   chains.Asset
}

// Hit is what an incident traced to a place.
type Hit struct {
	Incident *Loaded
	Units    Split[chains.Amount] // traced there
	Whole    chains.Amount        // all that lies there, or arrived
	// Ref names the hop, seed or endpoint within the incident, for Index.Path.
	Ref int
}

// Loaded is an incident that is screened against. It is immutable.
type Loaded struct {
	ID, Trace, SHA256 string
	Title             string
	Synthetic         bool
	Stale             string // why its matches do not count at the moment; ""
}

package screen

import (
	"context"
	"time"

	"clew/chains"
	"clew/tracer"
)

// Attribution is what is known of who is behind a place that a walk meets.
type Attribution struct {
	Category Category
	Entity   string
	KnownBy  Way
	Claims   []Claim // what decides first; then the others that hold at the transaction or now, then the rest
	Note     string  // of a cluster: what it rests on, and what speaks against it; for people
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

// Hit is what an incident traced to a place: all hops and seeds that lead there, added up.
type Hit struct {
	Incident *Loaded
	Place    Place
	Address  string               // of the place, as its chain writes it; "" where there is none
	Units    Split[chains.Amount] // traced there
	// Whole is all that lies at an output; at an account, what the trace tells of its arrival, which
	// may be less than all. 0: the trace does not tell (of a seed's own receipt).
	Whole    chains.Amount
	Height   int64
	Time     int64 // of the block, seconds since 1970
	Evidence chains.Evidence
	Basis    Split[tracer.Basis] // the weakest on the way; Whole where nothing is traced under the rule
	Hops     int                 // the least from a seed; 0 at a seed
	// Kind is what the trace takes the place for: pools, bridges and mixers are places that value
	// passed, and not whose it is.
	Kind tracer.NodeKind
	// Ends says why the trace ends there; "" where it goes on.
	Ends tracer.Reason
	// Unsaid: no rule says how much is traced there (inputs of unknown value, a valuation); Units are
	// 0, and that is not nothing.
	Unsaid bool
	// Together: the incident's pots are addresses, or clusters, and what came in several outputs is told
	// in sum. Each of them answers with the sum.
	Together bool
	// InMix: the place is no output: it is what entered a mix of outputs, in the transaction.
	InMix bool
	// Ref names it within the incident, for Index.Path.
	Ref int
}

// Loaded is an incident that is screened against. It is immutable.
type Loaded struct {
	ID, Trace, SHA256 string
	Title             string
	Synthetic         bool
	// Stale says which block that the trace rests on left the main chain; "": none. Then what it traced counts up
	// to the blocks in Stands alone; of a chain that is not there nothing does.
	Stale  string
	Stands []Stand
	Tops   []Stand // the highest blocks in which the trace has something, in order of chains
	// What Index.With fills in from the trace:
	Accounts string             // its pots: see tracer.Incident
	AsOf     []tracer.AsOf      // the last block of each chain
	Assets   []tracer.AssetInfo // what its tokens claim of themselves
	Docket   string             // number of the case
	File     string             // SHA-256 of the incident's file
	Taken    string             // time of the first seed
	Logged   string             // when the file was first logged; ""
	Notes    []string           // what it cannot tell a screening, each a sentence
}

// Places knows contracts which hold other people's value. The adapters implement it.
type Places = tracer.Places

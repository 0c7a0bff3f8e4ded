package heuristics

import "clew/chains"

// PeelVersion is the version of the rules by which runs of payments are found.
const PeelVersion = "1"

// Limits of a peel chain, from its definition: a payment to one party, or a few, by which the
// rest goes on.
const (
	PeelInputs  = 2    // the most inputs of a step; with more it gathers coins
	PeelOutputs = 10   // the most outputs of a step; with more it is a batch
	PeelLongest = 1000 // steps after which a run is ended
)

// Peel is a run of transactions that each pay somebody and pass the rest on.
type Peel struct {
	// Txs are its steps, in order; the length of the run is their number.
	Txs []chains.TxID
	// In is the output that the first step spends, and ValueIn its value, in the smallest unit;
	// of two, the larger one, which the rest comes from.
	In      chains.OutPoint
	ValueIn uint64
	// Paid is what left on the way, by step, then by index.
	Paid []Peeled
	// Tip is the output of the last step that goes on, and TipValue its value.
	Tip      chains.OutPoint
	TipValue uint64
	// Stop is why it ended there.
	Stop PeelStop
}

// Peeled is an output that a step of a run pays to somebody.
type Peeled struct {
	Output chains.OutPoint
	To     chains.Address
	Value  uint64 // smallest units
}

// PeelStop is why a run ends.
type PeelStop string

// The ends of runs.
const (
	PeelUnspent       PeelStop = "unspent"       // nothing that was given spends the tip
	PeelMix           PeelStop = "coinjoin"      // the tip goes into a CoinJoin
	PeelBatch         PeelStop = "batch"         // it is spent with more than PeelOutputs outputs
	PeelConsolidation PeelStop = "consolidation" // it is spent with more than PeelInputs inputs
	PeelSwept         PeelStop = "swept"         // it is spent whole, to one output
	PeelLabel         PeelStop = "label"         // it went to an address that is labelled as a service
	PeelHabits        PeelStop = "habits"        // it is spent by software with other habits, or nothing tells which output goes on
	PeelLimit         PeelStop = "limit"         // PeelLongest steps
)

// PeelStep reports whether tx is a step of a peel chain, and which output goes on: the only one
// whose spender has the habits of tx, else the change of the vote. Without facts.Spender the vote
// alone decides.
func PeelStep(tx *chains.Tx, facts Facts) (continues int, ok bool) {
	_, _ = tx, facts
	return -1, false
}

// Peels finds runs in transactions that are given one by one. It keeps of each what a run needs,
// and is used by one goroutine.
type Peels struct{}

// NewPeels returns a builder; service tells which addresses are labelled as services (nil: none).
func NewPeels(service func(chains.Address) bool) *Peels {
	_ = service
	return &Peels{}
}

// Add takes a transaction, each after those that it spends; it keeps nothing of tx's memory.
func (p *Peels) Add(tx *chains.Tx) { _ = tx }

// Runs returns the runs of at least the given number of steps among all that was added, by the
// place of their first steps. No transaction is a step of two runs.
func (p *Peels) Runs(least int) []Peel {
	_ = least
	return nil
}

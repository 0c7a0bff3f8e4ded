package screen

import (
	"time"

	"clew/chains"
	"clew/tracer"
)

// walkStart is value that a walk is to explain: all that lies at a place, or that arrived there.
type walkStart struct {
	Place Place
	// Tx is the transaction of the place, where the caller has it; nil: it is read.
	Tx *chains.Tx
}

// walking is what a walk is made with.
type walking struct {
	facts  Facts
	chain  chains.Chain
	codec  Codec
	who    Attributor                   // nil: nothing is known of anybody
	hits   interface{ At(Place) []Hit } // of incidents; nil: none
	places Places                       // what stands at addresses of chains of accounts; nil: nobody knows
	own    []chains.Address             // of the subject: parties whatever their code, of whom nothing that is claimed ends a walk
	// returns is an address all of whose receipts are starts: back, what it gave to the transaction of a start
	// itself came back to it there, and was counted when it came first. "": none.
	returns chains.Address
	budget  Budget // a zero field sets no bound
	// limit names what the budget of transactions stands for: "" is transactions. Whoever repeats a
	// walk that time ended gives the count that was read and "milliseconds", and gets the same answer.
	limit string
	now   func() time.Time // for budget.Milliseconds alone; nil: time.Now
	// passed is told of hits that do not count, since their incident does not up to there; nil: nobody is.
	passed func(*Hit)
}

// walked is what a walk found.
//
// For each asset of the starts, and under each rule, ends and rests sum to whole, to the unit.
type walked struct {
	whole []walkedValue // what the starts hold, in order of the starts' assets
	ends  []walkEnd     // what is explained, the largest first
	rests []walkRest    // what is not, the largest first
	// What was looked at.
	transactions int    // read, each once; those that the caller gave are not counted
	deepest      int    // hops
	ended        string // see Coverage
	limit        string // see Coverage
	gaps         []Gap  // in the order in which they were met; nil: none
}

// walkedValue is an amount of an asset of the starts.
type walkedValue struct {
	asset chains.Asset
	units chains.Amount
}

// walkEnd is a place at which value of the starts is explained. Hops is the least number of
// transactions between.
type walkEnd struct {
	asset chains.Asset         // of the starts
	units Split[chains.Amount] // of the starts, in asset
	at    Place                // where the walk met it: back, what was spent; forward, what was paid
	hops  int
	// What it is: incidents that trace all that lies there under the rules in which units are not 0,
	// or what is known of the address or of the transaction (a mix, newly issued coins, a fee).
	hits  []Hit
	found *Attribution
	// note says, where found follows from no label, what it follows from; for people.
	note string
	// The weakest on the way, of the walk alone: evidence of the movements, and basis of the amounts
	// under each rule.
	evidence chains.Evidence
	basis    Split[tracer.Basis]
	// still: forward, value that has not moved since. found is nil then, and hits are too.
	still bool

	way func(most int) Path
}

// path returns the largest way between the end and the starts, in the order in which value moved, of
// at most so many steps: those in the middle are left out. Its units are those that came this way.
func (e *walkEnd) path(most int) Path { return e.way(most) }

// walkRest is value that the walk does not explain, and why.
type walkRest struct {
	asset chains.Asset
	units Split[chains.Amount]
	why   string // for people
	limit string // of the budget, where it is that; see Coverage
}

package screen

import (
	"time"

	"clew/chains"
	"clew/tracer"
)

// Budget bounds a walk. A zero field sets no bound, but for what MaxBudget sets for all.
type Budget struct {
	Hops         int `json:"hops" yaml:"hops"`
	Transactions int `json:"transactions" yaml:"transactions"`
	Milliseconds int `json:"milliseconds" yaml:"milliseconds"`
}

// When says at which time a claim must hold to count.
type When string

// The times.
const (
	AtTransaction When = "transaction"
	AtPresent     When = "now"
	AtEither      When = "either"
)

// DecideBy says under which rule of accounting a policy decides.
type DecideBy string

// The choices.
const (
	ByFIFO    DecideBy = "fifo"
	ByProRata DecideBy = "prorata"
	ByLarger  DecideBy = "larger" // of both, for each exposure
)

// Rule is one line of a policy: it fires where the exposures that fit it sum to what it asks for.
// A zero field asks for nothing.
type Rule struct {
	ID        string
	Line      int // in the file
	Category  Category
	Distance  []Distance  // nil: any
	Direction []Direction // nil: any
	Chains    []chains.Chain
	Assets    []chains.Asset
	MinShare  int64                                           // in parts of a million
	MinUnits  map[chains.Chain]map[chains.Asset]chains.Amount // "" as chain: any
	MaxHops   int
	Bases     []tracer.Basis // accepted; nil: any
	Evidence  []chains.Evidence
	KnownBy   []Way
	When      When      // of the claims behind it
	From      time.Time // the transaction's time; zero: any
	Until     time.Time
	Incidents []string // ids; nil: any
	Action    Action
	Reason    string
}

// Policy is a set of rules: a file in version control. Make one with ParsePolicy.
type Policy struct {
	ID       string
	Title    string
	Notes    string
	DecideBy DecideBy
	Budget   Budget // of a screening that somebody waits for
	Deep     Budget // of one that runs behind
	// NotCovered and Failed are the actions for these outcomes.
	NotCovered Action
	Failed     Action
	// MaxBehind is how many blocks a chain may be behind its node; beyond that it is not covered.
	MaxBehind map[chains.Chain]int64
	// Dust is the value below which what came unasked is set apart, beside the limit of the chain's
	// own nodes.
	Dust  map[chains.Chain]map[chains.Asset]chains.Amount
	Rules []Rule
	// Score has a weight from 0 to 100 for each category; nil: no score. See Score.
	Score  map[Category]int
	SHA256 string // of the file's bytes, hex
	Source []byte // the file
}

package tracer

import (
	"time"

	"clew/chains"
)

// IncidentSchema is the value of the field `clew` in an incident file.
const IncidentSchema = "incident/1"

// Incident is one theft under investigation: what was declared before any result. Make one
// with ParseIncident.
type Incident struct {
	ID, Title  string
	Synthetic  bool // a replica: marked on everything that is made from it
	Rule       Rule
	RuleReason string
	Accounts   Accounts
	Seeds      []Seed
	Stop       Stop
	Openings   []Opening
	Known      []Known
	Adopt      []Adopt
	Statement  []Statement // what the victim states
	Notes      string
	Case       *Case  // how its exhibits are headed; nil where the file does not say
	SHA256     string // of the file's bytes, hex
}

// Accounts says what the pots of a UTXO chain are.
type Accounts string

// The choices of pots.
const (
	AccountsOutput  Accounts = "output"  // every transaction is a pot
	AccountsAddress Accounts = "address" // every address is one
	AccountsCluster Accounts = "cluster" // every cluster of addresses is one
)

// Seed names stolen value where the trace starts. Exactly one of its three forms is set:
// Out; or Tx and Address; or Address with From and To.
type Seed struct {
	ID      string
	Chain   chains.Chain
	Asset   chains.Asset
	Out     *chains.OutPoint
	Tx      *chains.TxID
	Address chains.Address
	From    Bound
	To      Bound
	// Amount is a part of what was received, in smallest units; nil means all of it. Last
	// says that the part is the last units and not the first.
	Amount *chains.Amount
	Last   bool
	// Height is the block of Out or Tx where the incident states it, so that a node without
	// an index of transactions can start there; −1 where it does not.
	Height int64
}

// Bound is one end of a window of blocks, itself included: a height, or a time.
type Bound struct {
	Height int64
	Time   time.Time // zero: Height counts
}

// Stop bounds a trace. A zero field sets no bound.
type Stop struct {
	Hops    int                            `json:"hops,omitempty"`  // a holding this many hops from its seed is not followed
	Until   *time.Time                     `json:"until,omitempty"` // the chain ends before its first block with a later time
	Dust    map[chains.Asset]chains.Amount `json:"dust,omitempty"`  // a holding with less traced value is not followed
	Touched int                            `json:"touched"`         // transactions after which poison alone is not followed
}

// DefaultTouched is Stop.Touched where the incident does not set it: poison grows without
// end, and a million transactions already touch most active wallets of a chain.
const DefaultTouched = 1_000_000

// Opening is a stated balance of an account just before its first traced arrival.
type Opening struct {
	Chain   chains.Chain
	Address chains.Address
	Asset   chains.Asset
	Amount  chains.Amount
	Source  string // who states it
}

// Codec reads and writes the addresses of every chain. The adapters implement it.
type Codec interface {
	ParseAddress(chain chains.Chain, text string) (chains.Address, error)
	FormatAddress(chain chains.Chain, a chains.Address) string
}

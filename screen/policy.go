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

// MaxBudget is the most that any walk may take, whoever asks.
func MaxBudget() Budget {
	return Budget{Hops: 10_000, Transactions: 1_000_000, Milliseconds: 600_000}
}

// Within returns b with every bound at most that of most; no bound is the largest.
func (b Budget) Within(most Budget) Budget {
	least := func(n, most int) int {
		if n == 0 || most > 0 && most < n {
			return most
		}
		return n
	}
	return Budget{least(b.Hops, most.Hops), least(b.Transactions, most.Transactions), least(b.Milliseconds, most.Milliseconds)}
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
	// ByLarger: a rule fires that does so under one of the two. Their amounts are never mixed, so that
	// every sum that is told is the sum of one convention.
	ByLarger DecideBy = "larger"
)

// rules returns the accounting rules that decide, in a fixed order.
func (d DecideBy) rules() []tracer.Rule {
	switch d {
	case ByFIFO:
		return []tracer.Rule{tracer.FIFO}
	case ByProRata:
		return []tracer.Rule{tracer.ProRata}
	}
	return []tracer.Rule{tracer.FIFO, tracer.ProRata}
}

// Million is a whole in parts of a million, the unit of all shares.
const Million = 1_000_000

// AddressOf is an address on one chain, in the chain's own form.
type AddressOf struct {
	Chain   chains.Chain
	Address string
}

// Rule is one line of a policy: it fires where the exposures that fit all its conditions sum, in one
// asset, to what it asks for. A zero field asks for nothing. What cannot be told of an exposure (the
// dates of paths that are left out, the basis of a label) counts as met for review and block and as
// not met for allow: in doubt a rule fires, and nothing is allowed.
//
// What is said of the subject's own address (Own) is no part of its value: such an exposure that fits
// fires a rule whatever its amounts.
type Rule struct {
	ID   string
	Line int // in the file
	// Categories are summed. An allow rule without any takes every category.
	Categories []Category
	Distance   []Distance  // nil: any
	Direction  []Direction // of the subject; nil: any
	Chains     []chains.Chain
	Assets     []chains.Asset
	MinShare   int64 // of the value of the subject in the asset, in parts of a million
	// MinUnits asks for at least so much of an asset; one that is not named may be any amount, so that
	// no coin is forgotten.
	MinUnits map[chains.Chain]map[chains.Asset]chains.Amount
	MaxHops  int // 0: any
	Bases    []tracer.Basis
	Evidence []chains.Evidence
	KnownBy  []Way
	When     When // a claim of the category must hold then; "": either. Without claims it asks for nothing
	// From and Until bound the time, both included, at which value left what the subject is exposed to, or
	// reached it. What is said of an own address has no such time.
	From, Until time.Time
	// Expires is the last moment of the rule. It is compared with the time of the last block of the
	// subject's chain that the verdict pins, since a verdict knows no clock.
	Expires   time.Time
	Incidents []string // ids
	Entities  []string // as exposures write them
	// Addresses are what the subject is exposed to: where the paths begin, or end, whose claims stand
	// behind it, or, where something is said of the subject's own address, that one.
	Addresses []AddressOf
	// Action. An allow rule takes what fits it out of what all other rules see. It stands among the
	// fired ones with those that it kept from firing.
	Action Action
	Reason string
}

// Policy is a set of rules: a file in version control. Make one with ParsePolicy. It is immutable and
// safe for concurrent use.
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
	// MaxBehind is how many blocks a chain may be behind its node; beyond that it is not covered. A chain
	// that is not in it may be any number behind.
	MaxBehind map[chains.Chain]int64
	// Dust is the value below which what came unasked is set apart, beside the limit of the chain's
	// own nodes. No rule fires on less of the asset than that, but on what is said of an own address.
	Dust  map[chains.Chain]map[chains.Asset]chains.Amount
	Rules []Rule
	// Score has a weight from 0 to 100 for each category; nil: no score. See Decide.
	Score  map[Category]int
	SHA256 string // of the file's bytes, hex
	Source []byte // the file
}

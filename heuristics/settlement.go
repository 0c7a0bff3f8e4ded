// Package heuristics says what transactions mean. All of it are pure functions over facts that
// are given as arguments: no input or output, no clock, no store. What a function concludes is
// never a fact; what it cannot conclude it says.
//
// Start reading at Settle (settle.go).
package heuristics

import "clew/chains"

// Role says what an account is to a transaction: who may own value, and whose accounts only
// hold other people's.
type Role uint8

// The roles.
const (
	// RoleParty owns what it holds: a key, a wallet, whoever the incident names.
	RoleParty Role = iota + 1
	// RoleContract is any other code: routers, vaults, tokens.
	RoleContract
	// RolePool is a contract that is known to be a pool of a venue.
	RolePool
	// RoleMixer, RoleBridge and RoleService hold other people's value too, but what goes there
	// or comes from there is a payment and never a trade.
	RoleMixer
	RoleBridge
	RoleService
)

// end reports whether steps begin and end at such accounts.
func (r Role) end() bool { return r != RoleContract && r != RolePool }

// StepKind says how value passes in a step.
type StepKind uint8

// The kinds of steps.
const (
	StepTransfer StepKind = iota + 1 // from one account to another
	StepGive                         // from an account into a conversion
	StepTake                         // out of a conversion to an account
	StepFee                          // from an account to whoever made the block, or to a venue as its named fee
)

// Step is one passage of value between those whom a transaction concerns.
type Step struct {
	Kind StepKind
	// Moves are the movements behind it: indices of Execution.Moves, ascending. For a give those
	// out of the giver and back into it, for a take those into the receiver and out of it again.
	Moves []int
	// From is "" for what comes out of nothing, and for a take; To is "" for what is gone, for
	// a fee, and for a give.
	From, To chains.Address
	Asset    chains.Asset
	Units    chains.Amount // never 0
	// Conversion is the place in Settlement.Conversions of a give, a take, or the fee of a venue;
	// else −1.
	Conversion int
}

// Leg is an amount that somebody gave or got.
type Leg struct {
	Account chains.Address
	Asset   chains.Asset
	Units   chains.Amount
}

// The kinds of conversions.
const (
	KindWrap            = "wrap"   // the native coin into the token that wraps it, one to one
	KindUnwrap          = "unwrap" // and back
	KindSwap            = "swap"
	KindAddLiquidity    = "add-liquidity"
	KindRemoveLiquidity = "remove-liquidity"
)

// Conversion is what somebody gave in a transaction and what was got for it. Everything got
// stands for everything given: each of Received is divided like the whole of Given.
type Conversion struct {
	Kind string
	// Giver gave; Receiver got the first of Received, and is Giver but where one account paid
	// for another.
	Giver, Receiver chains.Address
	// Given and Received are nets over the transaction: Given one for each asset, all by Giver, in
	// order of the first net outflow; Received in order of the last inflow. The venue's named
	// fees are not in Given.
	Given, Received []Leg
	// Weights say what each of Given is worth, in one unit for all; nil where nobody tells. Of one
	// thing given it is nil too.
	Weights []chains.Amount
	Fees    []Leg          // what the venue names as its fee, paid by Giver on top of Given
	Venue   chains.Address // the contract that Giver dealt with first; "" where owners dealt directly
	// Kept is what contracts that are no known pools, and speak for no registered venue, keep of
	// what moved there. Made says that they do while something received was made in this very
	// transaction, all of it: it may be a share in a vault or a pool, and it may be worth nothing.
	Kept []Leg
	Made bool
	// Sold is what other parties got of the assets given who gave what was received, where no
	// registered venue tells of it: a sale between owners.
	Sold []Leg
	Says string // what happened, in words for people
}

// Holding is what one account holds of one asset.
type Holding struct {
	Account chains.Address
	Asset   chains.Asset
}

// Unclear is a part of a transaction that fits no shape. Its value stands in the steps, as a
// transfer from or to the contract that moved it.
type Unclear struct {
	Account chains.Address
	Asset   chains.Asset
	Units   chains.Amount
	Moves   []int // ascending
	Why     string
	Loan    bool // it may be lent against what Account has elsewhere
}

// Settlement is a transaction as its parties see it.
//
// The sum of what steps bring to a party less what they take from it is the sum of the moves,
// for each asset. Steps stand in order: for each account and asset in the order of their moves,
// and the gives of a conversion, in the order of Given, before its takes.
type Settlement struct {
	Steps       []Step
	Conversions []Conversion
	// Through are the holdings of contracts that pay out something, and nothing that they did not
	// get before in this transaction: pots of this moment, in which what they keep stays. Steps to
	// and from them are transfers.
	Through map[Holding]bool
	Unclear []Unclear
}

package tracer

import (
	"clew/chains"
)

// Schema is the name and version of the trace as JSON. Fields are added to it, never
// changed or removed.
const Schema = "clew.trace/1"

// Trace is the whole answer of a run: a pure function of the facts, the incident and the
// heuristics. Everything that a person is shown is made from it.
//
// Slices are in a fixed order: seeds as they were met in chain order, hops in chain order,
// endpoints in the order in which their holdings came to be, nodes as first met. An empty
// slice means none; what was not read is in Gaps.
type Trace struct {
	Schema       string                     `json:"schema"`
	Tool         Tool                       `json:"tool"` // left out of any comparison
	Incident     IncidentRef                `json:"incident"`
	Inputs       Inputs                     `json:"inputs"`
	AsOf         []AsOf                     `json:"as_of"`
	Stop         Stop                       `json:"stop"`
	Rules        []Rule                     `json:"rules"`
	Seeds        []SeedEntry                `json:"seeds"`
	Nodes        []Node                     `json:"nodes"`
	Hops         []Hop                      `json:"hops"`
	Endpoints    []Endpoint                 `json:"endpoints"`
	Conservation PerRule[[]ConservationRow] `json:"conservation"`
	Findings     []Finding                  `json:"findings"`
	Gaps         []Gap                      `json:"gaps"`
	// Added to the contract:
	Assets    []AssetInfo `json:"assets,omitempty"`    // the tokens that the trace counts, as first met
	Statement []Statement `json:"statement,omitempty"` // what the victim states
	Peels     []PeelRun   `json:"peels,omitempty"`     // peel chains, by their first hops; none where a Sink took the hops of a chain of outputs
	Without   []string    `json:"without,omitempty"`   // heuristics that were left out: WithoutNames
	Through   []string    `json:"through,omitempty"`   // mixes that the trace goes on through: ThroughNames
	// Candidates are, for each deposit to a mixer's pool, withdrawals that may be its way out.
	Candidates []MixerCandidates `json:"candidates,omitempty"`
}

// Tool says what made a trace.
type Tool struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
}

// IncidentRef is what a trace keeps of its incident.
type IncidentRef struct {
	ID          string  `json:"id"`
	Title       string  `json:"title"`
	Rule        Rule    `json:"rule"` // the rule declared before any result
	RuleReason  string  `json:"rule_reason"`
	Accounts    string  `json:"accounts"`
	Synthetic   bool    `json:"synthetic"`
	SHA256      string  `json:"sha256"`       // of the incident file, or of the canonical form of the flags
	FirstLogged *string `json:"first_logged"` // RFC 3339; null where no log was kept
	// Added to the contract:
	Notes   string        `json:"notes,omitempty"`
	Case    *Case         `json:"case,omitempty"`    // how the incident heads its exhibits
	Earlier []Declaration `json:"earlier,omitempty"` // what was declared before under the same id, oldest first: each a change
}

// Inputs names what the trace was made from, each by its hash; nil where it had none.
type Inputs struct {
	Recording  *Input `json:"recording"`
	Labels     *Input `json:"labels"`
	Heuristics *Input `json:"heuristics"`
	Prices     *Input `json:"prices"`
}

// Input is one input of a trace.
type Input struct {
	SHA256   string `json:"sha256"`
	Coverage string `json:"coverage,omitempty"` // recordings: "whole" or "extract"
}

// AsOf pins the last block that was read of a chain.
type AsOf struct {
	Chain  chains.Chain     `json:"chain"`
	CAIP2  string           `json:"caip2"`
	Height int64            `json:"height"`
	Hash   chains.BlockHash `json:"hash"`
	Time   string           `json:"time"`
	// Added to the contract: the first block that was read.
	FromHeight int64 `json:"from_height"`
}

// SeedEntry is one receipt of stolen value. A seed of the incident that was received in
// several outputs gives several entries with the same id.
type SeedEntry struct {
	ID       string        `json:"id"`
	Chain    chains.Chain  `json:"chain"`
	Asset    chains.Asset  `json:"asset"`
	Units    chains.Amount `json:"units"`
	TxID     chains.TxID   `json:"txid"`
	Position string        `json:"position"`
	Address  string        `json:"address"`
	// Added to the contract, for people and drawings:
	Node     string `json:"node"`
	Height   int64  `json:"height"`
	Time     string `json:"time"`
	Evidence string `json:"evidence"`
}

// NodeKind says what a node of the flow is.
type NodeKind string

// The kinds of nodes.
const (
	NodeAddress     NodeKind = "address"
	NodeTransaction NodeKind = "transaction" // several input addresses
	NodeService     NodeKind = "service"
	NodeMixer       NodeKind = "mixer"
	NodeBridge      NodeKind = "bridge"
	NodePool        NodeKind = "pool"
	NodeContract    NodeKind = "contract"
	NodeCoinbase    NodeKind = "coinbase" // whoever mines: where fees end
)

// Node is a place in the flow.
type Node struct {
	ID      string       `json:"id"`
	Chain   chains.Chain `json:"chain"`
	Address string       `json:"address,omitempty"`
	Kind    NodeKind     `json:"kind"`
	TxID    string       `json:"txid,omitempty"` // of a transaction node
	Label   string       `json:"label,omitempty"`
	Entity  string       `json:"entity,omitempty"`
	// Added to the contract: the finding that says with which other nodes it is one owner's.
	Cluster string `json:"cluster,omitempty"`
}

// HopKind says what kind of movement a hop is.
type HopKind string

// The kinds of hops.
const (
	HopTransfer HopKind = "transfer"
	HopSwap     HopKind = "swap"
	HopBridge   HopKind = "bridge"
	HopMixer    HopKind = "mixer"
	HopFee      HopKind = "fee"
)

// Hop is one traced movement.
type Hop struct {
	ID     string   `json:"id"`
	Number int      `json:"number"` // for people: 1, 2, 3 … in chain order; the row of schedule A
	Kind   HopKind  `json:"kind"`
	Inputs []string `json:"inputs"` // ids of the hops and seeds whose value it carries on
	Legs   []Leg    `json:"legs"`
	Link   *Link    `json:"link,omitempty"`
	// Traced is in units of the last leg's asset. Null: the rule ends at this transaction.
	Traced       Traced         `json:"traced"`
	TracedBySeed BySeed         `json:"traced_by_seed"`
	Basis        PerRule[Basis] `json:"basis"` // the weakest on the way; null where nothing is traced
	Findings     []string       `json:"findings"`
	// Added to the contract: of a hop with two legs, the traced amount of the first leg's asset
	// that goes into it. Where one giving is received in several assets, the first of these hops
	// has it and the others have 0, so that the sum is what was converted.
	Given *Traced `json:"given,omitempty"`
}

// Leg is one side of a hop: a transfer has one, a swap or a bridge has two.
type Leg struct {
	Chain     chains.Chain  `json:"chain"`
	TxID      chains.TxID   `json:"txid"`
	Height    int64         `json:"height"`
	Time      string        `json:"time"`
	Positions []Position    `json:"positions"`
	From      []From        `json:"from"`
	Via       string        `json:"via,omitempty"` // the transaction node, where traced value came from several addresses
	To        string        `json:"to"`
	Asset     chains.Asset  `json:"asset"`
	Units     chains.Amount `json:"units"` // the whole movement, traced or not
	Evidence  string        `json:"evidence"`
	Raw       []string      `json:"raw"` // SHA-256 of the consensus bytes in the recording
}

// Position says where in a transaction a movement stands.
type Position struct {
	Kind  string `json:"kind"` // vout, log, call, fee or system
	Value string `json:"value"`
}

// From is one source of a leg.
type From struct {
	Node     string `json:"node"`
	OutPoint string `json:"outpoint,omitempty"`
}

// Link is what ties the two legs of a bridge hop.
type Link struct {
	Protocol string `json:"protocol"`
	Key      string `json:"key"`
}

// Reason says why a branch of the trace ends.
type Reason string

// The reasons.
const (
	ReasonUnspent  Reason = "unspent" // an output that nothing had spent as of the pinned block
	ReasonBalance  Reason = "balance" // what an account held at the end
	ReasonService  Reason = "service"
	ReasonMixer    Reason = "mixer"
	ReasonBridge   Reason = "bridge"
	ReasonContract Reason = "contract"
	ReasonFee      Reason = "fee"
	ReasonBurn     Reason = "burn" // can never be spent
	ReasonDust     Reason = "dust"
	ReasonLimit    Reason = "limit" // a stop of the incident
	ReasonPending  Reason = "pending"
	ReasonGap      Reason = "gap"
)

// Reasons returns every reason, in the order in which tables list them.
func Reasons() []Reason {
	return []Reason{ReasonUnspent, ReasonBalance, ReasonService, ReasonMixer, ReasonBridge, ReasonContract,
		ReasonBurn, ReasonDust, ReasonLimit, ReasonPending, ReasonFee, ReasonGap}
}

// Endpoint is where a branch of the trace ends.
type Endpoint struct {
	ID           string              `json:"id"`
	Node         string              `json:"node"`
	Chain        chains.Chain        `json:"chain"`
	Asset        chains.Asset        `json:"asset"`
	Reason       Reason              `json:"reason"`
	TxID         *chains.TxID        `json:"txid"`     // null for a balance
	Position     string              `json:"position"` // output index, log index, call path, "fee" or "balance"
	Units        chains.Amount       `json:"units"`    // whole value of the holding
	Traced       Traced              `json:"traced"`
	TracedBySeed BySeed              `json:"traced_by_seed"`
	ByBasis      PerRule[BasisSplit] `json:"by_basis"`
	Range        Range               `json:"range"` // over the accounting rules, poison apart
	// Added to the contract:
	Hop  string `json:"hop,omitempty"`  // the hop that led here; "" for a seed that never moved, or a balance
	Note string `json:"note,omitempty"` // which stop, which gap
}

// BasisSplit is a traced amount divided by the basis on which it is known; zero parts are
// left out of the JSON.
type BasisSplit struct{ Parts [numBases]chains.Amount }

// Range is the smallest and the largest traced amount over the accounting rules. It is no
// bound, and ranges never add.
type Range struct {
	Min chains.Amount `json:"min"`
	Max chains.Amount `json:"max"`
}

// ConservationRow balances one asset under one rule:
// seeded + converted_in = ended + converted_out + difference. Unexplained is what accounts
// paid out beyond what they were seen to hold; it counts as clean and stands beside the sum.
type ConservationRow struct {
	Asset        chains.Asset  `json:"asset"`
	Seeded       chains.Amount `json:"seeded"`
	Ended        chains.Amount `json:"ended"`
	ConvertedIn  chains.Amount `json:"converted_in"`
	ConvertedOut chains.Amount `json:"converted_out"`
	Unexplained  chains.Amount `json:"unexplained"`
	Difference   string        `json:"difference"` // "0", or a signed decimal: a defect, but for poison
	Chain        chains.Chain  `json:"chain"`      // added to the contract
}

// Finding is what a heuristic says.
type Finding struct {
	ID        string         `json:"id"`
	Heuristic string         `json:"heuristic"`
	Version   string         `json:"version"`
	TxID      string         `json:"txid,omitempty"`
	Addresses []string       `json:"addresses,omitempty"`
	Says      string         `json:"says"`
	Error     *MeasuredError `json:"error"` // null: not measured
	// Added to the contract:
	Chain chains.Chain `json:"chain,omitempty"`
	TxIDs []string     `json:"txids,omitempty"` // the transactions that show it, where there is more than one
	// Set is the anonymity set of a mix: how many outputs have the value SetUnits, the most frequent
	// one. An upper bound, and of these outputs alone.
	Set      int            `json:"set,omitempty"`
	SetUnits *chains.Amount `json:"set_units,omitempty"`
	// LinkPPM is how many of a million equally likely ways to read a mix link this hop's output to
	// what was traced into it. It is no chance that it is the same owner's.
	LinkPPM *int `json:"link_ppm,omitempty"`
}

// MeasuredError is the error that the project measured for a heuristic.
type MeasuredError struct {
	// MeasuredOn says on what, the kind of data first: it can stand behind "wrong in 1 of 8 on".
	MeasuredOn string `json:"measured_on"`
	Rate       string `json:"rate"` // a decimal, as text
	N          int    `json:"n"`
	// Added to the contract: what was counted of N, "wrong" or "missed", and how many were so.
	What string `json:"what,omitempty"`
	Hits int    `json:"hits"`
	// Data is the kind of data: see heuristics.Data.
	Data string `json:"data,omitempty"`
}

// Gap is something that was not read or not understood.
type Gap struct {
	Chain      chains.Chain `json:"chain"`
	FromHeight *int64       `json:"from_height,omitempty"`
	ToHeight   *int64       `json:"to_height,omitempty"`
	TxID       string       `json:"txid,omitempty"`
	What       string       `json:"what"`
	Why        string       `json:"why"`
	Effect     string       `json:"effect"`
}

package screen

import (
	"clew/chains"
	"clew/tracer"
)

// Schema is the name and version of a verdict as JSON. Fields are added to it, never changed.
const Schema = "clew.screening/1"

// Outcome is what a verdict says, in one of four ways.
type Outcome string

// The outcomes. An error wins over a match, a match over what is not covered.
const (
	Clear      Outcome = "clear within coverage"
	Match      Outcome = "match"
	NotCovered Outcome = "not covered"
	Failed     Outcome = "error"
)

// Action is what a policy asks for.
type Action string

// The actions, the mildest first.
const (
	Allow  Action = "allow"
	Review Action = "review"
	Block  Action = "block"
)

// Category is what is behind value, in words that the commercial services use too. The table of
// categories (tables/categories.csv) derives it from what sources say.
type Category string

// The categories. Unknown is what nothing explains.
const (
	Stolen     Category = "stolen"
	Sanctioned Category = "sanctioned"
	Ransomware Category = "ransomware"
	Darknet    Category = "darknet"
	Fraud      Category = "fraud"
	Terrorism  Category = "terrorism" // its financing, as a state says
	Illicit    Category = "illicit"   // a crime of another kind
	Frozen     Category = "frozen"    // by the issuer of a token, of its own accord
	Mixer      Category = "mixer"
	Gambling   Category = "gambling"
	Bridge     Category = "bridge"
	Exchange   Category = "exchange"
	Service    Category = "service" // of another kind: payments, wallets, hosts
	Contract   Category = "contract"
	Mining     Category = "mining"  // newly issued, and fees
	Unmoved    Category = "unmoved" // as destination: it lies where it was paid
	Other      Category = "other"
	Unknown    Category = "unknown"
)

// Distance says how near a subject is to what it is exposed to.
type Distance string

// The distances. Own has 0 hops, direct 1, indirect more. As destination what incidents trace to the subject
// is its own too, with amounts, and the hops over which it came: it explains nothing of where value goes.
const (
	Own      Distance = "own"      // it is said of the subject's own address, or of its cluster
	Direct   Distance = "direct"   // it came from there, or went there, without anybody between
	Indirect Distance = "indirect" // over others
)

// Way is how an exposure became known.
type Way string

// The ways, in the order in which they are tried.
const (
	ByIncident Way = "incident" // the place lies on a trace
	ByLabel    Way = "label"    // somebody claims it of the subject's address, or of one that a walk met
	ByCluster  Way = "cluster"  // somebody claims it of an address that is joined with it, or with one that a walk met
	ByWalk     Way = "walk"     // a walk met a place of an incident, or a transaction shows it itself: a mix, new coins
)

// Split is an amount, in whole units of its asset, or a share in parts of a million, under the two
// rules that screening knows.
type Split[T any] struct {
	FIFO    T `json:"fifo"`
	ProRata T `json:"prorata"`
}

// Of returns the one under r, which is tracer.FIFO or tracer.ProRata.
func (s Split[T]) Of(r tracer.Rule) T {
	if r == tracer.ProRata {
		return s.ProRata
	}
	return s.FIFO
}

// Claim is a label as it stands behind an exposure.
type Claim struct {
	Address    string   `json:"address"`
	Text       string   `json:"label"`
	Actor      string   `json:"actor,omitempty"`
	Category   Category `json:"category"`
	Source     string   `json:"source"`               // title and creator of the edition, and where it found it
	ListDated  string   `json:"list_dated,omitempty"` // the date that this edition bears, else when it was retrieved: what came later it does not know
	Retrieved  string   `json:"retrieved_at"`
	ValidFrom  string   `json:"valid_from,omitempty"` // of a sanction: listed
	ValidTo    string   `json:"valid_to,omitempty"`   // and delisted; excluded
	Confidence string   `json:"confidence,omitempty"`
	// Whether it was made, and what it claims held, at the time of the transaction and now.
	AtTransaction bool `json:"at_transaction"`
	Now           bool `json:"now"`
}

// Step is one movement of a path, in the order in which value moved.
type Step struct {
	Chain    chains.Chain         `json:"chain"`
	TxID     string               `json:"txid"`
	Height   int64                `json:"height"`
	Time     string               `json:"time"`
	From     string               `json:"from,omitempty"` // address; "" where several, or none, gave
	FromOut  string               `json:"from_outpoint,omitempty"`
	To       string               `json:"to,omitempty"`
	ToOut    string               `json:"to_outpoint,omitempty"`
	Asset    chains.Asset         `json:"asset"`
	Units    chains.Amount        `json:"units"`   // the whole movement
	Carried  Split[chains.Amount] `json:"carried"` // of it, what the exposure is about
	Evidence string               `json:"evidence"`
	Basis    string               `json:"basis"`
	Hop      int                  `json:"hop,omitempty"` // number in the incident's trace: clew explain TRACE HOP
	// Kind is that of the hop: transfer, swap, bridge or mixer; seed of what was stolen. A swap, a bridge
	// and a mixer are one hop of two steps: what was given, and what was received for it.
	Kind string       `json:"kind,omitempty"`
	Link *tracer.Link `json:"link,omitempty"` // the message that both sides of a bridge name
	// ToKind is what the trace takes the receiver for where that is nobody's own address: service, mixer,
	// bridge, pool, contract. ToEntity is its name, as ToSource claims.
	ToKind   string  `json:"to_kind,omitempty"`
	ToEntity string  `json:"to_entity,omitempty"`
	ToSource string  `json:"to_source,omitempty"`
	Beside   *Beside `json:"beside,omitempty"`
}

// Beside is what else of the seed had come to where a step begins, by other movements than the step in
// front of it: a step carries no more than both brought (pro rata but for some units by rounding). What
// of an account's came long before may have left it again since.
type Beside struct {
	Movements int                  `json:"movements"`
	Units     Split[chains.Amount] `json:"units"`
	Hops      []int                `json:"hops,omitempty"` // their numbers, the largest first, at most 3
}

// Path is a way that value took between the subject and what it is exposed to.
type Path struct {
	Incident string               `json:"incident,omitempty"`
	Trace    string               `json:"trace,omitempty"`
	Seed     string               `json:"seed,omitempty"`
	Rule     string               `json:"rule,omitempty"` // where the other rule's way is another one, and given apart
	Units    Split[chains.Amount] `json:"units"`          // that came this way
	Steps    []Step               `json:"steps"`
	// Hops is how many hops of the trace lie on it, and transactions that a walk came over: Exposure.Hops
	// where no other way is shorter.
	Hops int `json:"hops"`
	// Merges counts the steps, also of those left out, that carry on what came by another way too (see
	// Step.Beside): with any, this is the main way of several, at each step back what brought the most.
	Merges   int    `json:"merges,omitempty"`
	Omitted  int    `json:"omitted,omitempty"`  // steps left out, behind the first half of Steps; the trace has them
	Evidence string `json:"evidence,omitempty"` // the weakest of all steps, those left out among them
}

// Exposure is value of the subject that one category, entity and distance explain.
type Exposure struct {
	Category Category             `json:"category"`
	Distance Distance             `json:"type"`
	Entity   string               `json:"entity,omitempty"`
	Incident string               `json:"incident,omitempty"`
	Chain    chains.Chain         `json:"chain"`
	Asset    chains.Asset         `json:"asset"`
	Units    Split[chains.Amount] `json:"units"`
	SharePPM Split[int64]         `json:"share_ppm"` // of the value of the subject in this asset, rounded down
	Hops     int                  `json:"hops"`      // the least over all ways, those that are not written among them; see Path.Hops
	KnownBy  Way                  `json:"known_by"`
	Evidence string               `json:"evidence,omitempty"` // the weakest on the paths: proven, attested, imported
	Basis    string               `json:"basis,omitempty"`    // the weakest under the declared rule
	Claims   []Claim              `json:"labels,omitempty"`
	Paths    []Path               `json:"paths,omitempty"` // the largest first
	More     int                  `json:"more_paths,omitempty"`
	Note     string               `json:"note,omitempty"`
}

// Value is what of the subject was screened, in one asset. What stands in Verdict.Unasked is no part
// of it.
//
// For each asset and under each rule, the units of the exposures that are not own sum to Explained.
type Value struct {
	Chain    chains.Chain  `json:"chain"`
	Asset    chains.Asset  `json:"asset"`
	Symbol   string        `json:"symbol,omitempty"`   // as the contract claims
	Decimals int           `json:"decimals,omitempty"` // as the contract claims; of the coin as it is
	Units    chains.Amount `json:"units"`
	// Explained + Unknown = Units under each rule, to the unit.
	Explained    Split[chains.Amount] `json:"explained"`
	Unknown      Split[chains.Amount] `json:"unknown"`
	ExplainedPPM Split[int64]         `json:"explained_ppm"`
	// Partial: there is more to the subject that was not read, or set aside; a gap says what. Shares
	// are of Units then, and what they are of all is not known: no rule blocks for one.
	Partial bool `json:"partial,omitempty"`
}

// Unasked is value that came without being asked for: dust, or a contact that says nothing of the
// owner. It raises no match.
type Unasked struct {
	Chain    chains.Chain  `json:"chain"`
	Asset    chains.Asset  `json:"asset"`
	TxID     string        `json:"txid"`
	Units    chains.Amount `json:"units"`
	From     string        `json:"from,omitempty"`
	Category Category      `json:"category,omitempty"` // of who sent it, as far as it is known
	Incident string        `json:"incident,omitempty"`
	Why      string        `json:"why"`
}

// Gap is something that was not looked at, why, and what that means for the verdict.
type Gap struct {
	Chain  chains.Chain `json:"chain,omitempty"`
	TxID   string       `json:"txid,omitempty"`
	What   string       `json:"what"`
	Why    string       `json:"why"`
	Effect string       `json:"effect"`
}

// Coverage says what was looked at.
type Coverage struct {
	Spans        []CoveredSpan `json:"spans"` // what the store has of the subject's chain
	Transactions int           `json:"transactions"`
	DeepestHops  int           `json:"deepest_hops"`
	// Ended says why the walk ended; Limit which budget it was.
	Ended Ended  `json:"ended,omitempty"`
	Limit string `json:"limit,omitempty"` // "hops", "transactions", "milliseconds"
	Gaps  []Gap  `json:"gaps"`
}

// Ended says why a walk ended, or why there was none.
type Ended string

// The ways to end.
const (
	EndedAnswered  Ended = "answered"  // no walk: an incident or a label decides, and more could not change the action
	EndedExplained Ended = "explained" // nothing was left to explain
	EndedBudget    Ended = "budget"
	EndedStore     Ended = "store" // what is left lies outside of what was read
	EndedNoStore   Ended = "none"  // no walk: nothing of the chain was read
)

// CoveredSpan is a range of blocks of a chain that was read.
type CoveredSpan struct {
	Chain chains.Chain `json:"chain"`
	From  int64        `json:"from_height"`
	To    int64        `json:"to_height"`
}

// Pin names a block.
type Pin struct {
	Chain  chains.Chain `json:"chain"`
	CAIP2  string       `json:"caip2"`
	Height int64        `json:"height"`
	Hash   string       `json:"hash"`
	Time   string       `json:"time"`
	// Behind is how many blocks a node was ahead when it was last asked; nil: no node is known.
	Behind *int64 `json:"behind,omitempty"`
}

// Pins are what a verdict was made from: with them it can be made again.
type Pins struct {
	// Engine is EngineVersion of the program.
	Engine     int    `json:"engine"`
	Policy     string `json:"rules_sha256"`
	PolicyID   string `json:"rules_id"`
	Labels     string `json:"labels_sha256"`
	Heuristics string `json:"heuristics_sha256"`
	Categories string `json:"categories_sha256"`
	// IncidentSet is the SHA-256 of all incidents that were screened against, as Screener.IncidentSet
	// writes them; Incidents are those that the verdict names.
	IncidentSet string        `json:"incidents_sha256"`
	Incidents   []PinIncident `json:"incidents"`
	Blocks      []Pin         `json:"blocks"`
	Clusters    []Pin         `json:"clusters,omitempty"` // the blocks as of which clusters were made
	Deep        bool          `json:"deep,omitempty"`
	Budget      Budget        `json:"budget"` // as run: where time ended the walk, Transactions is how far it came
}

// PinIncident names a trace that was loaded as an incident.
type PinIncident struct {
	ID     string `json:"id"`
	Trace  string `json:"trace"`
	SHA256 string `json:"sha256"` // of the trace's JSON
	// Stale says why not all that it traced counted: a block that it rests on had left the main chain. StandsTo
	// are the last blocks up to which it did, "CHAIN=HEIGHT …"; of a chain that is not there nothing did.
	Stale    string `json:"stale,omitempty"`
	StandsTo string `json:"stands_to,omitempty"`
	// What the incident's file says, which its author answers for: that it was a theft is the author's word.
	Title       string `json:"title,omitempty"`
	Docket      string `json:"docket,omitempty"`       // number of the case
	Synthetic   bool   `json:"synthetic,omitempty"`    // made for a test or a demonstration
	File        string `json:"file_sha256,omitempty"`  // of the incident's file
	Taken       string `json:"taken_at,omitempty"`     // time of its first seed
	FirstLogged string `json:"first_logged,omitempty"` // when the file was first logged; "" where it was not
}

// EngineVersion counts up whenever the same pins would give other bytes than before.
const EngineVersion = 1

// Verdict is the whole answer about a subject. It is not changed once Screen or ReadVerdict has
// returned it.
type Verdict struct {
	Schema  string  `json:"schema"`
	ID      string  `json:"id"` // "scr-" and 32 hex digits: of the SHA-256 of these bytes with an empty id
	Subject Subject `json:"subject"`
	Outcome Outcome `json:"verdict"`
	Action  Action  `json:"action"`
	Says    string  `json:"says"` // one sentence for people
	// Caution is a fixed sentence for whoever reads a match: who was paid may be innocent.
	Caution string `json:"caution,omitempty"`
	// Rule is that by which the policy decides: "fifo", "prorata" or "larger".
	Rule     string     `json:"rule"`
	Value    []Value    `json:"value"`
	Exposure []Exposure `json:"exposure"`
	Unasked  []Unasked  `json:"unasked"`
	Fired    []Fired    `json:"fired"`
	// Score is from 0 to 100, null where the policy asks for none; see Policy.Score.
	Score    *int     `json:"score,omitempty"`
	Coverage Coverage `json:"coverage"`
	Pins     Pins     `json:"pins"`
	Error    string   `json:"error,omitempty"`

	raw []byte // the canonical bytes, once they were made
}

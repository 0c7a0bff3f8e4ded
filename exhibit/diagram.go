package exhibit

import (
	"math"

	"clew/chains"
	"clew/tracer"
)

// BoxKind says what a box of the diagram stands for.
type BoxKind uint8

// The kinds of boxes.
const (
	BoxPlace    BoxKind = iota // one node of the trace: an address, a service …
	BoxSeed                    // the receipts of one seed
	BoxJunction                // a transaction in which value from several places meets
	BoxRun                     // a run of transactions, folded
	BoxFold                    // addresses and branches, folded
	BoxSeeds                   // several seeds, folded, with what they alone lead to
	BoxFrom                    // in an opened fold: a box outside of it from which value enters
	BoxTo                      // in an opened fold: a box outside of it to which value leaves
	BoxJoint                   // a swap, or the way over a bridge or through a mixer: one asset enters, another leaves
)

// Style says how a line is drawn, by how the movement and the amount in it are known. Of
// several, the largest is the weakest.
type Style uint8

// The styles.
const (
	Proven   Style = iota // solid: proven by inclusion in a block
	Attested              // dash-dot: a node's word, or somebody's file
	Inferred              // dotted double: a heuristic linked two ends, or the analyst adopted it
)

// Box is a box of the diagram. Whatever it stands for, it balances: Seeded, ConvertedIn and
// the arrows that enter equal Held, Fees, ConvertedOut and the arrows that leave, asset by
// asset, under the rule that is drawn. BoxFrom and BoxTo alone do not: they stand for the rest of the trace.
type Box struct {
	Kind   BoxKind
	Node   int    // index into Trace.Nodes; −1 where the box is not one node
	Text   string // seed id, txid of a junction, or the name of a box outside
	Run    int    // number of the run; 0: none
	Fold   int    // number of the level that it opens to; 0: it stands for one thing
	Seeded Sums
	Held   []Holding // what ends here, by reason
	Fees   Sums
	Other  Sums // other funds that join here, in whole units; of a fold: inside it
	// OtherExact is false where the trace does not list every output of the transaction:
	// then the other funds are at least Other.
	OtherExact bool
	Returned   Sums // moved from the place to itself
	// What is given and received in swaps and bridges here: in a joint, in the box of an address
	// that swaps for itself, or inside a fold.
	ConvertedOut, ConvertedIn Sums
	Swaps                     []int // hops of an address that swaps for itself
	Joint                     []int // hops of a joint
	Chains                    []chains.Chain
	// Counts of what the box stands for:
	Addresses, Transactions, Seeds int
	Payments                       int
	Inputs                         int    // of a junction
	Hops                           []int  // indexes into Trace.Hops that have no arrow of their own: inside, fees, returns
	First, Last                    string // RFC 3339: of the movements that enter it or run inside
	unclear                        bool   // the trace does not say how much is converted here
}

// Holding is what ends in a box for one reason, of one asset.
type Holding struct {
	Reason    tracer.Reason
	Chain     chains.Chain
	Asset     chains.Asset
	Traced    chains.Amount // under the rule that is drawn
	Units     chains.Amount // whole
	Min, Max  chains.Amount // of the total, over the accounting rules that say one for each endpoint
	Endpoints []int         // indexes into Trace.Endpoints
}

// Arrow is one or several movements between two boxes.
type Arrow struct {
	From, To    int // indexes into Boxes
	Hops        []int
	Gives       []int // hops whose first leg leads into a joint
	Seeds       int   // receipts of seeds among the movements
	Feeds       int   // inputs of a junction among the movements
	Chain       chains.Chain
	Asset       chains.Asset
	Units       chains.Amount // whole
	Traced      chains.Amount // under the rule that is drawn
	Known       bool          // false: the trace does not divide the amount between the sources
	Style       Style
	Back        bool   // leads to a box that the flow met before: drawn from right to left
	First, Last string // RFC 3339
}

func (a *Arrow) unit() Unit { return Unit{a.Chain, a.Asset} }

// Diagram is what is drawn of a trace: boxes and arrows under one accounting rule. It is
// ordered: seeds first, then boxes as the flow first meets them.
type Diagram struct {
	Trace  *tracer.Trace
	Assets *Assets
	Rule   tracer.Rule // the declared one, or the first that conserves where poison was declared
	Boxes  []Box
	Arrows []Arrow
	Runs   []Run
	Fees   Sums
	Levels []Level // what the folded boxes open to: Levels[i] is that of fold i+1
	// What is not drawn, for the notes:
	FeeHops          int
	Folded           int  // boxes that stand for more than one node
	FoldedAddresses  int  // nodes that they stand for
	FoldedHops       int  // hops inside them
	TouchedOnly      int  // hops without traced value under the rule
	PoisonOnly       int  // of these, without traced value under any accounting rule
	TouchedOnlyTotal Sums // their whole value
	flow             *flow
	closed           bool // there would be too many levels
}

// drawnRule returns the rule that is drawn for t: the declared one, and poison where the others say
// nothing.
func drawnRule(t *tracer.Trace) tracer.Rule {
	if contactOnly(t) {
		return tracer.Poison
	}
	if t.Incident.Rule.Conserves() {
		return t.Incident.Rule
	}
	for _, r := range t.Rules {
		if r.Conserves() {
			return r
		}
	}
	return t.Incident.Rule
}

// NewDiagram chooses what is drawn of t and folds the rest, so that at most about
// opt.MaxBoxes boxes are left. Its cost grows with n log n in the number of hops.
func NewDiagram(t *tracer.Trace, opt Options) (*Diagram, error) {
	return newDiagram(t, drawnRule(t), opt, math.MaxInt)
}

// newDiagram is NewDiagram under rule; folded boxes open only where that makes at most mostLevels levels.
func newDiagram(t *tracer.Trace, rule tracer.Rule, opt Options, mostLevels int) (*Diagram, error) {
	f, err := newFlow(t, rule)
	if err != nil {
		return nil, err
	}
	runs := f.allRuns()
	limit := opt.maxBoxes()
	for {
		p, err := f.fold(runs, limit, siblings)
		if err != nil {
			return nil, err
		}
		p, d := f.settle(p, runs)
		if len(d.Arrows) <= 2*opt.maxBoxes() || limit <= 12 {
			f.addLevels(d, p, mostLevels)
			return d, nil
		}
		limit = limit * 3 / 4
	}
}

// settle draws p as a diagram, after what stands too far to the right is folded.
func (f *flow) settle(p *partition, runs []Run) (*partition, *Diagram) {
	d := f.diagram(p, runs)
	column := d.findBack()
	for next := p.foldBeyond(d, column); next != nil; next = p.foldBeyond(d, column) {
		p, d = next, f.diagram(next, runs)
		column = d.findBack()
	}
	return p, d
}

// Balance returns what enters box i (seeded, converted, and by arrows) and what leaves or stays
// there (by arrows, in fees, converted, held), under the drawn rule. The two are equal unless
// known is false: the trace does not divide an amount between sources, or does not say how much
// was converted.
func (d *Diagram) Balance(i int) (in, out Sums, known bool) {
	b := &d.Boxes[i]
	known = !b.unclear
	in = in.addAll(b.Seeded).addAll(b.ConvertedIn)
	for k := range d.Arrows {
		a := &d.Arrows[k]
		if a.To == i {
			in = in.add(a.unit(), a.Traced)
		}
		if a.From == i {
			out = out.add(a.unit(), a.Traced)
		}
		if a.To == i || a.From == i {
			known = known && a.Known
		}
	}
	for _, h := range b.Held {
		out = out.add(Unit{h.Chain, h.Asset}, h.Traced)
	}
	return in, out.addAll(b.Fees).addAll(b.ConvertedOut), known
}

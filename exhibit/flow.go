package exhibit

import (
	"fmt"

	"clew/chains"
	"clew/tracer"
)

// spot is a place of the flow before anything is folded: a seed of the incident, a node of
// the trace, or the junction of a transaction in which value from several places meets.
type spot struct {
	kind  spotKind
	node  int    // index into Trace.Nodes; −1 for a seed and for a junction without a node
	text  string // seed id, txid of a junction, or the name of what lies beyond a frame
	chain chains.Chain
	// What stays or leaves here apart from the movements:
	seeded   Sums
	held     []int // indexes into Trace.Endpoints
	fees     Sums
	feeHops  []int
	returned Sums // moved from here to here
	loops    []int
	// What is converted here: in a joint, or by an address that receives what it gave for.
	convertedOut, convertedIn Sums  // given, received
	swaps                     []int // hops of an address that swaps for itself
	joint                     []int // hops of a joint, each with two legs
	rounded                   []int // of these, those that receive nothing: too little was given
	unclear                   bool  // the trace does not say how much was given
	// Other funds that entered a junction beside the traced holdings, in whole units.
	other      Sums
	otherExact bool // false: at least so much
	inputs     int  // of a junction: the holdings that it spends
}

type spotKind uint8

const (
	spotNode spotKind = iota
	spotSeed
	spotJunction
	spotJoint // a swap, or the way over a bridge: one asset goes in, another comes out
	spotFrom  // beyond the frame of an opened fold: where value comes from
	spotTo    // beyond the frame of an opened fold: where value goes
)

type moveKind uint8

const (
	moveHop  moveKind = iota
	moveSeed          // from the box of a seed to the address that received it
	moveFeed          // from an address into a junction
	moveGive          // from an address into a joint: the first leg of a hop
)

// movement is one arrow before anything is bundled.
type movement struct {
	from, to int // spots
	kind     moveKind
	hop      int // index into Trace.Hops; −1 for a seed's receipt and for a feed
	unit     Unit
	units    chains.Amount // the whole movement
	traced   chains.Amount // under the rule that is drawn
	known    bool          // false: the trace does not divide the amount between these arrows
	style    Style
	time     string // RFC 3339; "" where no single time belongs to it
}

// flow is the whole graph that the drawn rule gives.
type flow struct {
	trace  *tracer.Trace
	assets *Assets
	// accounts: a chain of the trace keeps value in balances.
	accounts bool
	rule     tracer.Rule
	spots    []spot
	moves    []movement
	// What is left out of the graph:
	touchedOnly      int  // hops that carry no traced value under the rule
	touchedOnlyTotal Sums // their whole units
	poisonOnly       int  // of these, hops that poison alone reaches
	fees             Sums
	feeHops          int

	nodeSpot map[string]int // by node id
	nodeAt   map[string]int // index into Trace.Nodes by id
	seedSpot map[string]int
	joints   map[string]int // spots of joints, by what passes there
	txs      []*txGroup
	spender  map[string]*txGroup // by "chain outpoint"
	largest  Sums                // the largest traced movement of each asset
	run      int                 // of the inside of a folded run: its number
}

// txGroup is what a trace says of one transaction.
type txGroup struct {
	chain    chains.Chain
	txid     string
	hops     []int     // all, in order
	drawn    []int     // with traced value, fees apart
	via      string    // node id of the junction that the trace names
	holdings []holding // what it spends of traced value
	loose    bool      // the holdings cannot be told from the outpoints alone
	accounts bool      // each hop names the one account that gives, or the output that goes into a mix
	junction int       // spot; −1 where it needs none
	other    Sums
}

// holding is an output that carries traced value.
type holding struct {
	key    string // "chain txid:vout"
	spot   int
	hop    int // that made it; −1 for a seed
	unit   Unit
	units  chains.Amount
	traced chains.Amount
}

// newFlow builds the graph of t under rule. It fails where t contradicts itself: a hop
// between nodes that the trace does not list.
func newFlow(t *tracer.Trace, rule tracer.Rule) (*flow, error) {
	f := &flow{trace: t, assets: NameAssets(t), accounts: hasAccounts(t), rule: rule, nodeSpot: map[string]int{}, nodeAt: map[string]int{},
		seedSpot: map[string]int{}, joints: map[string]int{}, spender: map[string]*txGroup{}}
	for i, n := range t.Nodes {
		f.nodeAt[n.ID] = i
	}
	made := map[string]holding{}
	if err := f.addSeeds(made); err != nil {
		return nil, err
	}
	if err := f.groupHops(made); err != nil {
		return nil, err
	}
	for _, g := range f.txs {
		if err := f.addTx(g); err != nil {
			return nil, err
		}
	}
	for i := range f.moves {
		if m := &f.moves[i]; f.largest.of(m.unit).Less(m.traced) {
			f.largest = f.largest.add(m.unit, m.traced.Minus(f.largest.of(m.unit)))
		}
	}
	return f, f.addEndpoints()
}

// share compares amounts of different assets: a as a part, in 10⁻¹⁸, of the largest traced
// movement of its asset. It only decides what is drawn in full.
func (f *flow) share(u Unit, a chains.Amount) chains.Amount {
	largest := f.largest.of(u)
	if largest.IsZero() {
		return chains.Amount{}
	}
	const one = 1_000_000_000_000_000_000
	whole, rest := a.MulDiv(chains.Units(1), largest)
	whole = chains.Min(whole, chains.Units(one)) // nothing here needs more
	part, _ := rest.MulDiv(chains.Units(one), largest)
	whole, _ = whole.MulDiv(chains.Units(one), chains.Units(1))
	return plus(whole, part)
}

// at returns the spot of the node with the given id.
func (f *flow) at(id, what string) (int, error) {
	if s, ok := f.nodeSpot[id]; ok {
		return s, nil
	}
	i, ok := f.nodeAt[id]
	if !ok {
		return 0, fmt.Errorf("%s names node %q, which the trace does not list: the trace is damaged, make it again", what, id)
	}
	n := f.trace.Nodes[i]
	s := spot{kind: spotNode, node: i, chain: n.Chain}
	if n.Kind == tracer.NodeTransaction {
		s.kind, s.text = spotJunction, n.TxID
	}
	f.spots = append(f.spots, s)
	f.nodeSpot[id] = len(f.spots) - 1
	return len(f.spots) - 1, nil
}

func (f *flow) addSeeds(made map[string]holding) error {
	style := f.seedStyle()
	for i := range f.trace.Seeds {
		e := &f.trace.Seeds[i]
		s, ok := f.seedSpot[e.ID]
		if !ok {
			f.spots = append(f.spots, spot{kind: spotSeed, node: -1, text: e.ID, chain: e.Chain})
			s = len(f.spots) - 1
			f.seedSpot[e.ID] = s
		}
		to, err := f.at(e.Node, "seed "+visible(e.ID))
		if err != nil {
			return err
		}
		u := Unit{e.Chain, e.Asset}
		f.spots[s].seeded = f.spots[s].seeded.add(u, e.Units)
		f.moves = append(f.moves, movement{from: s, to: to, kind: moveSeed, hop: -1, unit: u,
			units: e.Units, traced: e.Units, known: true, style: style, time: e.Time})
		key := outKey(e.Chain, e.TxID.String(), e.Position)
		if old, ok := made[key]; ok { // two seeds that share one output, by parts
			old.units, old.traced = chains.Max(old.units, e.Units), plus(old.traced, e.Units)
			made[key] = old
			continue
		}
		made[key] = holding{key: key, spot: to, hop: -1, unit: u, units: e.Units, traced: e.Units}
	}
	return nil
}

// seedStyle is how the receipts of seeds are drawn: as proven where every one is.
func (f *flow) seedStyle() Style {
	for i := range f.trace.Seeds {
		if f.trace.Seeds[i].Evidence != chains.EvidenceProven.String() {
			return Attested
		}
	}
	return Proven
}

func outKey(c chains.Chain, txid, position string) string {
	return string(c) + " " + txid + ":" + position
}

// groupHops gathers the hops by transaction and finds what each transaction spends.
func (f *flow) groupHops(made map[string]holding) error {
	byTx := map[string]*txGroup{}
	for i := range f.trace.Hops {
		h := &f.trace.Hops[i]
		if len(h.Legs) == 0 || len(h.Legs[0].From) == 0 {
			return fmt.Errorf("hop %d names no source: the trace is damaged, make it again", h.Number)
		}
		leg := &h.Legs[0]
		key := string(leg.Chain) + " " + leg.TxID.String()
		g := byTx[key]
		if g == nil {
			g = &txGroup{chain: leg.Chain, txid: leg.TxID.String(), junction: -1, accounts: true}
			byTx[key] = g
			f.txs = append(f.txs, g)
		}
		g.hops = append(g.hops, i)
		if leg.Via != "" {
			g.via = leg.Via
		}
		g.accounts = g.accounts && leg.Via == "" && len(leg.From) == 1 && (leg.From[0].OutPoint == "" || intoMix(h))
		f.takeHoldings(g, leg, made)
		if err := f.addMade(i, h, made); err != nil {
			return err
		}
	}
	return nil
}

// intoMix reports whether h ends in a mix: each input is a hop of its own, since nothing that leaves
// the mix is told from the rest.
func intoMix(h *tracer.Hop) bool { return h.Kind == tracer.HopMixer && len(h.Legs) == 1 }

// takeHoldings notes the traced outputs that leg spends, each once for the transaction.
func (f *flow) takeHoldings(g *txGroup, leg *tracer.Leg, made map[string]holding) {
	for _, from := range leg.From {
		if from.OutPoint == "" {
			g.loose = true
			continue
		}
		key := string(g.chain) + " " + from.OutPoint
		if f.spender[key] == g {
			continue
		}
		f.spender[key] = g
		if h, ok := made[key]; ok && !h.traced.IsZero() {
			g.holdings = append(g.holdings, h)
		}
	}
}

// addMade notes the output that hop i makes, for the transaction that spends it.
func (f *flow) addMade(i int, h *tracer.Hop, made map[string]holding) error {
	last := &h.Legs[len(h.Legs)-1]
	traced := tracedUnder(&h.Traced, f.rule)
	if traced.IsZero() || h.Kind == tracer.HopFee {
		return nil
	}
	to, err := f.at(last.To, fmt.Sprintf("hop %d", h.Number))
	if err != nil {
		return err
	}
	for _, p := range last.Positions {
		if p.Kind != "vout" {
			continue
		}
		key := outKey(last.Chain, last.TxID.String(), p.Value)
		made[key] = holding{key: key, spot: to, hop: i, unit: Unit{last.Chain, last.Asset}, units: last.Units, traced: traced}
	}
	return nil
}

// tracedUnder returns the amount under rule; 0 where the rule does not say.
func tracedUnder(t *tracer.Traced, rule tracer.Rule) chains.Amount {
	a, ok := t.Get(rule)
	if !ok {
		return chains.Amount{}
	}
	return a
}

func (f *flow) addEndpoints() error {
	for i := range f.trace.Endpoints {
		e := &f.trace.Endpoints[i]
		if f.networkFee(e) || tracedUnder(&e.Traced, f.rule).IsZero() {
			continue
		}
		s, err := f.at(e.Node, "endpoint "+e.ID)
		if err != nil {
			return err
		}
		f.spots[s].held = append(f.spots[s].held, i)
	}
	return nil
}

// networkFee reports whether e is what a transaction paid for its place in a block.
func (f *flow) networkFee(e *tracer.Endpoint) bool {
	return e.Reason == tracer.ReasonFee && f.minesAt(e.Node)
}

// minesAt reports whether a node stands for whoever makes blocks.
func (f *flow) minesAt(node string) bool {
	i, ok := f.nodeAt[node]
	return ok && f.trace.Nodes[i].Kind == tracer.NodeCoinbase
}

// carries reports whether h carries traced value under rule, or takes some that a conversion
// rounds down to nothing.
func carries(h *tracer.Hop, rule tracer.Rule) bool {
	return !tracedUnder(&h.Traced, rule).IsZero() || h.Given != nil && !tracedUnder(h.Given, rule).IsZero()
}

// styleOf says how the line of hop h is drawn under rule.
func styleOf(h *tracer.Hop, rule tracer.Rule) Style {
	if b, ok := h.Basis.Get(rule); ok && b >= tracer.Inference {
		return Inferred
	}
	for i := range h.Legs {
		if h.Legs[i].Evidence != chains.EvidenceProven.String() {
			return Attested
		}
	}
	return Proven
}

package tracer

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"

	"clew/chains"
	"clew/heuristics"
)

// ledger writes down what the sweep finds, and keeps the books: what was seeded and what
// ended, under each rule.
type ledger struct {
	codec   Codec
	chain   chains.Chain
	sink    Sink
	seedIDs []string
	t       *Trace

	addresses   map[chains.Address]string // their nodes
	coinbase    string                    // its node; "" before the first fee
	ends        []int                     // sequence of each endpoint kept in t, beside t.Endpoints
	tallies     []*tally                  // as first met
	limited     map[string]int            // endpoints of reason limit, by note
	times       map[string]int            // how often an id was made, on a chain of accounts
	limitOrder  []string
	nextHop     int
	accountPots bool
	findings    findings
	labels      Labels                            // nil: none are used
	attributed  map[chains.Address]*attribution   // addresses met of which somebody says something
	seedAddress map[chains.Address]bool           // where seeds lie
	pots        map[chains.Address]chains.Address // accounts: cluster: the pots of addresses that were met
	inc         *Incident
	written     written
	kept        kept
}

// written is the memory of the hop or endpoint that is being written, used again for the
// next: a sink that keeps one has to copy it.
type written struct {
	leg       [1]Leg
	positions []Position
	bySeed    BySeed
	tx        chains.TxID
	unix      int64 // of time
	time      string
}

// kept holds on to what hops and endpoints refer to, in large pieces, where the trace is kept
// in memory.
type kept struct {
	legs      slab[Leg]
	positions slab[Position]
	bySeed    slab[SeedTraced]
	txs       slab[chains.TxID]
}

// slab gives out parts of large arrays, which live as long as any of their parts.
type slab[T any] []T

// keep returns a copy of part.
func (s *slab[T]) keep(part []T) []T {
	const least, most = 16, 1024
	if cap(*s)-len(*s) < len(part) {
		*s = make([]T, 0, max(len(part), min(most, max(least, 2*cap(*s)))))
	}
	from := len(*s)
	*s = append(*s, part...)
	return (*s)[from:len(*s):len(*s)]
}

// movement is a transaction in which traced value moves, with what entered its pot.
type movement struct {
	tx       *chains.Tx
	from     []*holding
	ruleEnds bool     // the conserving rules end here: only poison goes on
	weakest  Basis    // of everything that leaves
	findings []string // of the whole transaction: ids

	// Made once for all hops of the transaction:
	txid    string
	time    string
	sources []From
	inputs  []string
	via     string
	raw     []string
	first   string // id of the first hop
}

func newLedger(inc *Incident, chain chains.Chain, codec Codec, opt Options) *ledger {
	l := &ledger{
		codec: codec, chain: chain, sink: opt.Sink, inc: inc, labels: opt.Labels,
		addresses: map[chains.Address]string{}, limited: map[string]int{}, attributed: map[chains.Address]*attribution{},
		seedAddress: map[chains.Address]bool{},
		accountPots: inc.Accounts != AccountsOutput || chain.Info().Family == chains.FamilyEVM,
		t: &Trace{
			Schema: Schema, Tool: opt.Tool, Inputs: opt.Inputs, Stop: inc.Stop, Rules: Rules(),
			Incident: IncidentRef{
				ID: inc.ID, Title: inc.Title, Rule: inc.Rule, RuleReason: inc.RuleReason, Accounts: string(inc.Accounts),
				Synthetic: inc.Synthetic, SHA256: inc.SHA256, FirstLogged: opt.FirstLogged, Notes: inc.Notes,
				Case: inc.Case, Earlier: opt.Earlier,
			},
			Seeds: []SeedEntry{}, Nodes: []Node{}, Hops: []Hop{}, Endpoints: []Endpoint{},
			Findings: []Finding{}, Gaps: []Gap{}, Statement: inc.Statement, Without: opt.Without, Through: opt.Through,
		},
	}
	l.t.Inputs.Heuristics = &Input{SHA256: heuristics.SHA256()}
	if l.labels != nil {
		l.t.Inputs.Labels = &Input{SHA256: l.labels.SHA256()}
	}
	for _, seed := range inc.Seeds {
		l.seedIDs = append(l.seedIDs, seed.ID)
	}
	if l.sink == nil {
		l.sink = l
	}
	return l
}

// Hop keeps a hop in the trace: the ledger is its own sink where there is no other.
func (l *ledger) Hop(h Hop) error {
	h.Legs, h.TracedBySeed = l.kept.legs.keep(h.Legs), l.kept.bySeed.keep(h.TracedBySeed)
	h.Legs[0].Positions = l.kept.positions.keep(h.Legs[0].Positions)
	l.t.Hops = append(l.t.Hops, h)
	return nil
}

// Endpoint keeps an endpoint in the trace.
func (l *ledger) Endpoint(seq int, e Endpoint) error {
	e.TracedBySeed = l.kept.bySeed.keep(e.TracedBySeed)
	if e.TxID != nil {
		e.TxID = &l.kept.txs.keep([]chains.TxID{*e.TxID})[0]
	}
	l.ends = append(l.ends, seq)
	l.t.Endpoints = append(l.t.Endpoints, e)
	return nil
}

// id is the hash of the canonical key of a thing: its parts, each ended by a zero byte.
func id(parts ...string) string {
	var space [256]byte
	key := space[:0]
	for _, p := range parts {
		key = append(append(key, p...), 0)
	}
	sum := sha256.Sum256(key)
	var text [16]byte
	hex.Encode(text[:], sum[:8])
	return string(text[:])
}

// once returns what no other thing has for an id: on a chain of accounts a log may move one
// asset more than once to the same place.
func (l *ledger) once(key string) string {
	if l.chain.Info().Family != chains.FamilyEVM {
		return key
	}
	if l.times == nil {
		l.times = map[string]int{}
	}
	l.times[key]++
	if n := l.times[key]; n > 1 {
		return id(key, strconv.Itoa(n))
	}
	return key
}

// node writes down a node that was not met before and returns its id.
func (l *ledger) node(n Node) string {
	n.Chain = l.chain
	n.ID = id("node", string(n.Chain), string(n.Kind), n.Address, n.TxID)
	l.t.Nodes = append(l.t.Nodes, n)
	return n.ID
}

// addressNode returns the node of where an output lies: of its pot, where pots are clusters.
func (l *ledger) addressNode(out *chains.Output) string {
	if pot := l.potOf(out.Address); pot != out.Address {
		out = &chains.Output{Address: pot}
	}
	if n, ok := l.addresses[out.Address]; ok {
		return n
	}
	_, kind, _ := fate(out.Type)
	n := Node{Kind: kind, Address: l.codec.FormatAddress(l.chain, out.Address)}
	if a := l.attribute(out.Address); a != nil {
		l.attributed[out.Address] = a
		n.Label, n.Entity = a.label, a.entity
		if reason, _ := l.endsAt(out.Address); reason != "" && kind == NodeAddress {
			n.Kind = a.kind
		}
	}
	l.addresses[out.Address] = l.node(n)
	return l.addresses[out.Address]
}

// seed writes down a receipt of stolen value.
func (l *ledger) seed(tx *chains.Tx, seed *Seed, h *holding, units chains.Amount) {
	address, position := tx.Outputs[h.out.Index].Address, int(h.out.Index)
	if seed.Out != nil {
		position = int(seed.Out.Index)
	}
	h.node = l.addressNode(&tx.Outputs[h.out.Index])
	if !slices.Contains(h.origin, seed.ID) {
		h.origin = append(h.origin, seed.ID)
	}
	t := l.tally(seed.Asset)
	t.seeded = t.seeded.Plus(units)
	l.t.Seeds = append(l.t.Seeds, SeedEntry{
		ID: seed.ID, Chain: l.chain, Asset: seed.Asset, Units: units, TxID: tx.ID,
		Position: strconv.Itoa(position), Address: l.codec.FormatAddress(l.chain, address),
		Node: h.node, Height: tx.Block.Height, Time: utc(tx.Block.Time), Evidence: tx.Evidence.String(),
	})
}

// transfer writes the hop that put h where it lies.
func (l *ledger) transfer(m *movement, h *holding) error {
	positions := l.written.positions[:0]
	for _, n := range h.outs {
		positions = append(positions, Position{"vout", strconv.Itoa(n)})
	}
	if h.outs == nil {
		positions = append(positions, Position{"vout", strconv.Itoa(int(h.out.Index))})
	}
	h.node = l.addressNode(&m.tx.Outputs[h.out.Index])
	return l.hop(m, h, HopTransfer, positions, m.tx.Evidence)
}

// fee writes the hop that pays a transaction's fee.
func (l *ledger) fee(m *movement, h *holding, e chains.Evidence) error {
	if l.coinbase == "" {
		l.coinbase = l.node(Node{Kind: NodeCoinbase})
	}
	h.node = l.coinbase
	return l.hop(m, h, HopFee, append(l.written.positions[:0], Position{"fee", "fee"}), e)
}

func (l *ledger) hop(m *movement, h *holding, kind HopKind, positions []Position, e chains.Evidence) error {
	l.describe(m)
	l.nextHop++
	h.hop = id("hop", string(l.chain), m.txid, positions[0].Kind, positions[0].Value)
	if m.first == "" {
		m.first = h.hop
	}
	traced := l.traced(&h.bundle, chains.Native, m.ruleEnds)
	l.written.positions = positions
	l.written.leg[0] = Leg{
		Chain: l.chain, TxID: m.tx.ID, Height: m.tx.Block.Height, Time: m.time,
		Positions: positions, From: m.sources, Via: m.via, To: h.node, Asset: chains.Native, Units: h.units,
		Evidence: e.String(), Raw: m.raw,
	}
	return l.sink.Hop(Hop{
		ID: h.hop, Number: l.nextHop, Kind: kind, Inputs: m.inputs, Findings: m.said(h),
		Traced: traced, TracedBySeed: l.bySeed(&h.bundle, &traced), Basis: l.basis(&h.bundle),
		Legs: l.written.leg[:],
	})
}

// said returns the findings of the hop that brings h: those of its transaction and its own.
func (m *movement) said(h *holding) []string {
	return append(append(make([]string, 0, len(m.findings)+len(h.findings)), m.findings...), h.findings...)
}

// describe fills what all hops of a transaction share.
func (l *ledger) describe(m *movement) {
	if m.sources != nil {
		return
	}
	m.txid, m.time = m.tx.ID.String(), l.time(m.tx.Block.Time)
	m.sources = make([]From, 0, len(m.from))
	m.inputs = make([]string, 0, len(m.from))
	m.raw = []string{}
	several := false
	seen := l.seen(m)
	for _, h := range m.from {
		f := From{Node: h.node}
		if !l.accountPots {
			f.OutPoint = h.out.String()
		}
		m.sources = append(m.sources, f)
		several = several || h.node != m.from[0].node
		if h.hop != "" && !seen(h.hop) {
			m.inputs = append(m.inputs, h.hop)
		}
		for _, o := range h.origin {
			if !seen(o) {
				m.inputs = append(m.inputs, o)
			}
		}
	}
	if several {
		m.via = l.node(Node{Kind: NodeTransaction, TxID: m.txid})
	}
	if m.tx.Raw != nil {
		sum := sha256.Sum256(m.tx.Raw)
		m.raw = append(m.raw, hex.EncodeToString(sum[:]))
	}
}

// seen returns what reports whether a name was asked for before, while m.inputs has every
// name for which it said no.
func (l *ledger) seen(m *movement) func(name string) bool {
	const few = 16
	names := 0
	for _, h := range m.from {
		names += 1 + len(h.origin)
	}
	if names <= few {
		return func(name string) bool { return slices.Contains(m.inputs, name) }
	}
	met := make(map[string]bool, names)
	return func(name string) bool {
		before := met[name]
		met[name] = true
		return before
	}
}

// time returns a block's time as text, the same one for all transactions of a block.
func (l *ledger) time(unix int64) string {
	if w := &l.written; w.time == "" || w.unix != unix {
		w.unix, w.time = unix, utc(unix)
	}
	return l.written.time
}

// says reports whether a rule says anything of an asset in these pots: tiho nothing of accounts,
// none but poison anything of a valuation.
func (l *ledger) says(r Rule, asset chains.Asset) bool {
	return exists(r, unit{l.chain, asset}) && (r != TIHO || !l.accountPots)
}

// traced returns the traced amount of an asset under each rule. ruleEnds: the conserving ones say
// nothing here.
func (l *ledger) traced(b *bundle, asset chains.Asset, ruleEnds bool) Traced {
	var t Traced
	for r := range b.by {
		t.Value[r] = b.by[r].traced()
		t.Null[r] = ruleEnds || !l.says(Rule(r), asset)
	}
	if b.taint.seeds != nil {
		t.Value[Poison] = b.units
	}
	return t
}

// bySeed divides the traced amounts by seed. Poison gives every seed that touched the sum
// the whole of it.
func (l *ledger) bySeed(b *bundle, total *Traced) BySeed {
	out := l.written.bySeed[:0]
	defer func() { l.written.bySeed = out }()
	if len(l.seedIDs) == 1 {
		out = append(out, SeedTraced{Seed: l.seedIDs[0], Traced: *total})
		return out
	}
	entry := func(seed int32) *SeedTraced {
		i, found := slices.BinarySearchFunc(out, seed, func(e SeedTraced, seed int32) int { return int(e.index - seed) })
		if !found {
			e := SeedTraced{Seed: l.seedIDs[seed], index: seed}
			e.Traced.Null = total.Null
			out = slices.Insert(out, i, e)
		}
		return &out[i]
	}
	for _, seed := range b.taint.seeds {
		entry(seed).Traced.Value[Poison] = b.units
	}
	for r := range b.by {
		for _, lot := range b.by[r] {
			if lot.stolen() {
				e := entry(lot.seed)
				e.Traced.Value[r] = e.Traced.Value[r].Plus(lot.amount)
			}
		}
	}
	return out
}

// basis returns the weakest basis of the traced amount under each rule.
func (l *ledger) basis(b *bundle) PerRule[Basis] {
	var p PerRule[Basis]
	for r := range b.by {
		p.Null[r] = b.by[r] == nil
		for _, lot := range b.by[r] {
			if lot.stolen() {
				p.Value[r] = max(p.Value[r], lot.basis)
			}
		}
	}
	p.Null[Poison] = b.taint.seeds == nil
	p.Value[Poison] = b.taint.basis
	return p
}

package tracer

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"

	"clew/chains"
)

// ledger writes down what the sweep finds, and keeps the books: what was seeded and what
// ended, under each rule.
type ledger struct {
	codec   Codec
	chain   chains.Chain
	sink    Sink
	seedIDs []string
	t       *Trace

	nodes       map[string]int // index in t.Nodes, by id
	addresses   map[chains.Address]string
	ends        []int // sequence of each endpoint kept in t, beside t.Endpoints
	seeded      chains.Amount
	ended       [numRules]chains.Amount
	unexplain   chains.Amount
	limited     map[string]int // endpoints of reason limit, by note
	limitOrder  []string
	nextHop     int
	accountPots bool
}

// movement is a transaction in which traced value moves, with what entered its pot.
type movement struct {
	tx       *chains.Tx
	from     []*holding
	ruleEnds bool // the conserving rules end here: only poison goes on

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
		codec: codec, chain: chain, sink: opt.Sink,
		nodes: map[string]int{}, addresses: map[chains.Address]string{}, limited: map[string]int{},
		accountPots: inc.Accounts != AccountsOutput,
		t: &Trace{
			Schema: Schema, Tool: opt.Tool, Inputs: opt.Inputs, Stop: inc.Stop, Rules: Rules(),
			Incident: IncidentRef{
				ID: inc.ID, Title: inc.Title, Rule: inc.Rule, RuleReason: inc.RuleReason, Accounts: string(inc.Accounts),
				Synthetic: inc.Synthetic, SHA256: inc.SHA256, FirstLogged: opt.FirstLogged, Notes: inc.Notes,
			},
			Seeds: []SeedEntry{}, Nodes: []Node{}, Hops: []Hop{}, Endpoints: []Endpoint{},
			Findings: []Finding{}, Gaps: []Gap{},
		},
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
	l.t.Hops = append(l.t.Hops, h)
	return nil
}

// Endpoint keeps an endpoint in the trace.
func (l *ledger) Endpoint(seq int, e Endpoint) error {
	l.ends = append(l.ends, seq)
	l.t.Endpoints = append(l.t.Endpoints, e)
	return nil
}

// id is the hash of the canonical key of a thing: its parts, each ended by a zero byte.
func id(parts ...string) string {
	key := make([]byte, 0, 160)
	for _, p := range parts {
		key = append(append(key, p...), 0)
	}
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:8])
}

// node returns the id of a node, which is written down when it is first met.
func (l *ledger) node(n Node) string {
	n.Chain = l.chain
	n.ID = id("node", string(n.Chain), string(n.Kind), n.Address, n.TxID)
	if _, ok := l.nodes[n.ID]; !ok {
		l.nodes[n.ID] = len(l.t.Nodes)
		l.t.Nodes = append(l.t.Nodes, n)
	}
	return n.ID
}

func (l *ledger) addressNode(a chains.Address) string {
	if n, ok := l.addresses[a]; ok {
		return n
	}
	n := l.node(Node{Kind: NodeAddress, Address: l.codec.FormatAddress(l.chain, a)})
	l.addresses[a] = n
	return n
}

// seed writes down a receipt of stolen value.
func (l *ledger) seed(tx *chains.Tx, seed *Seed, h *holding, units chains.Amount) {
	address, position := tx.Outputs[h.out.Index].Address, int(h.out.Index)
	if seed.Out != nil {
		position = int(seed.Out.Index)
	}
	h.node = l.addressNode(address)
	if !slices.Contains(h.origin, seed.ID) {
		h.origin = append(h.origin, seed.ID)
	}
	l.seeded = l.seeded.Plus(units)
	l.t.Seeds = append(l.t.Seeds, SeedEntry{
		ID: seed.ID, Chain: l.chain, Asset: seed.Asset, Units: units, TxID: tx.ID,
		Position: strconv.Itoa(position), Address: l.codec.FormatAddress(l.chain, address),
		Node: h.node, Height: tx.Block.Height, Time: utc(tx.Block.Time), Evidence: tx.Evidence.String(),
	})
}

// transfer writes the hop that put h where it lies.
func (l *ledger) transfer(m *movement, h *holding) error {
	outs := h.outputs()
	positions := make([]Position, len(outs))
	for i, n := range outs {
		positions[i] = Position{"vout", strconv.Itoa(n)}
	}
	h.node = l.addressNode(m.tx.Outputs[h.out.Index].Address)
	return l.hop(m, h, HopTransfer, positions, m.tx.Evidence)
}

// fee writes the hop that pays a transaction's fee.
func (l *ledger) fee(m *movement, h *holding, e chains.Evidence) error {
	h.node = l.node(Node{Kind: NodeCoinbase})
	return l.hop(m, h, HopFee, []Position{{"fee", "fee"}}, e)
}

func (l *ledger) hop(m *movement, h *holding, kind HopKind, positions []Position, e chains.Evidence) error {
	l.describe(m)
	l.nextHop++
	h.hop = id("hop", string(l.chain), m.txid, positions[0].Kind, positions[0].Value)
	h.origin = []string{h.hop}
	if m.first == "" {
		m.first = h.hop
	}
	traced := l.traced(&h.bundle, m.ruleEnds)
	hop := Hop{
		ID: h.hop, Number: l.nextHop, Kind: kind, Inputs: m.inputs, Findings: []string{},
		Traced: traced, TracedBySeed: l.bySeed(&h.bundle, &traced), Basis: l.basis(&h.bundle),
		Legs: []Leg{{
			Chain: l.chain, TxID: m.tx.ID, Height: m.tx.Block.Height, Time: m.time,
			Positions: positions, From: m.sources, Via: m.via, To: h.node, Asset: chains.Native, Units: h.units,
			Evidence: e.String(), Raw: m.raw,
		}},
	}
	return l.sink.Hop(hop)
}

// describe fills what all hops of a transaction share.
func (l *ledger) describe(m *movement) {
	if m.sources != nil {
		return
	}
	m.txid, m.time = m.tx.ID.String(), utc(m.tx.Block.Time)
	m.inputs = []string{}
	m.raw = []string{}
	several := false
	seen := map[string]bool{}
	for _, h := range m.from {
		f := From{Node: h.node}
		if !l.accountPots {
			f.OutPoint = h.out.String()
		}
		m.sources = append(m.sources, f)
		several = several || h.node != m.from[0].node
		for _, o := range h.origin {
			if !seen[o] {
				seen[o] = true
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

// traced returns the traced amount under each rule. ruleEnds: the conserving ones say
// nothing here. tiho says nothing of accounts.
func (l *ledger) traced(b *bundle, ruleEnds bool) Traced {
	var t Traced
	for r := range b.by {
		t.Value[r] = b.by[r].traced()
		t.Null[r] = ruleEnds || Rule(r) == TIHO && l.accountPots
	}
	if b.taint.seeds != nil {
		t.Value[Poison] = b.units
	}
	return t
}

// bySeed divides the traced amounts by seed. Poison gives every seed that touched the sum
// the whole of it.
func (l *ledger) bySeed(b *bundle, total *Traced) BySeed {
	if len(l.seedIDs) == 1 {
		return BySeed{{Seed: l.seedIDs[0], Traced: *total}}
	}
	out := BySeed{}
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

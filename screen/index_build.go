package screen

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"clew/chains"
	"clew/tracer"
)

// building is the work on one trace.
type building struct {
	*traced
	t     *tracer.Trace
	codec Codec
	text  strings.Builder

	nodes     map[string]builtNode
	addressOf map[tracedAddressKey]int32
	txOf      map[tracedTxKey]int32
	assetOf   map[chains.Asset]uint16
	seedOf    map[string]int32
	receipts  map[string][]int32 // arrivals of each seed
	hopOf     map[string]int32
	wholes    map[movementKey]bool
	lastTime  string
	lastUnix  int64
}

// builtNode is one of the trace's nodes: its address, -1 where it has none, and its kind.
type builtNode struct {
	address int32
	kind    uint8
}

type tracedAddressKey struct {
	chain chains.Chain
	text  string
}

type tracedTxKey struct {
	chain chains.Chain
	id    chains.TxID
}

// movementKey names a movement of a transaction, whose units count once at a place.
type movementKey struct {
	tx       int32
	asset    uint16
	address  int32
	position tracer.Position
}

// readTraced makes the columns of a trace. The error names what of it cannot be read.
func readTraced(t *tracer.Trace, codec Codec) (*traced, error) {
	if len(t.Hops) > 1<<30 || len(t.Seeds) > 1<<30 {
		return nil, fmt.Errorf("%d hops and %d seeds are more than an index can hold", len(t.Hops), len(t.Seeds))
	}
	b := &building{
		traced: &traced{accounts: t.Incident.Accounts != string(tracer.AccountsOutput)}, t: t, codec: codec,
		nodes: make(map[string]builtNode, len(t.Nodes)), addressOf: make(map[tracedAddressKey]int32, len(t.Nodes)),
		txOf: map[tracedTxKey]int32{}, assetOf: map[chains.Asset]uint16{}, seedOf: map[string]int32{}, receipts: map[string][]int32{},
		hopOf: make(map[string]int32, len(t.Hops)), wholes: map[movementKey]bool{},
	}
	b.links = map[int32]*tracer.Link{}
	for _, step := range []func() error{b.readNodes, b.readSeeds, b.readHops, b.readParents, b.readEnds} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	b.texts = b.text.String()
	b.countHops()
	b.weaken()
	b.runs()
	b.link()
	b.trim()
	return b.traced, nil
}

func (b *building) readNodes() error {
	for i := range b.t.Nodes {
		n := &b.t.Nodes[i]
		kind := slices.Index(nodeKinds[:], n.Kind)
		if kind < 0 {
			return fmt.Errorf("node %s: it is a %q, which is not known", n.ID, n.Kind)
		}
		at := builtNode{-1, uint8(kind)}
		if n.Address != "" {
			var err error
			if at.address, err = b.address(n.Chain, n.Address); err != nil {
				return fmt.Errorf("node %s: %w", n.ID, err)
			}
			if a := &b.addresses[at.address]; a.said < 0 && n.Entity+n.Label != "" {
				a.said = int32(len(b.said))
				b.said = append(b.said, nodeSaid{strings.Clone(n.Entity), strings.Clone(n.Label)})
			}
		}
		b.nodes[n.ID] = at
	}
	return nil
}

// address numbers an address. Its key is read where places are accounts: on a chain of outputs
// output scripts that are no address have a text of their own, and are asked for by output.
func (b *building) address(chain chains.Chain, text string) (int32, error) {
	key := tracedAddressKey{chain, text}
	if n, ok := b.addressOf[key]; ok {
		return n, nil
	}
	a := tracedAddress{chain: chain, text: uint32(b.text.Len()), textLen: uint16(len(text)), first: -1, firstBalance: -1, said: -1}
	if len(text) > 1<<12 || b.text.Len() > 1<<31 {
		return 0, fmt.Errorf("address of %d characters, %d before it: more than an index can hold", len(text), b.text.Len())
	}
	b.text.WriteString(text)
	if chain.Info().Family == chains.FamilyEVM {
		parsed, err := b.codec.ParseAddress(chain, text)
		if err != nil {
			return 0, err
		}
		a.key, a.keyLen = uint32(b.text.Len()), uint16(len(parsed))
		b.text.WriteString(string(parsed))
	}
	n := int32(len(b.addresses))
	b.addresses, b.addressOf[key] = append(b.addresses, a), n
	return n, nil
}

func (b *building) tx(chain chains.Chain, id chains.TxID, height int64, when string) (int32, error) {
	key := tracedTxKey{chain, id}
	if n, ok := b.txOf[key]; ok {
		return n, nil
	}
	if when != b.lastTime {
		at, err := time.Parse(time.RFC3339, when)
		if err != nil {
			return 0, fmt.Errorf("transaction %s: %w", id, err)
		}
		b.lastTime, b.lastUnix = when, at.Unix()
	}
	n := int32(len(b.txs))
	b.txs, b.txOf[key] = append(b.txs, tracedTx{id: id, chain: chain, time: b.lastUnix, height: height, first: -1}), n
	return n, nil
}

func (b *building) asset(name chains.Asset) uint16 {
	n, ok := b.assetOf[name]
	if !ok {
		n = uint16(len(b.assets))
		b.assets, b.assetOf[name] = append(b.assets, name), n
	}
	return n
}

func (b *building) readSeeds() error {
	for i := range b.t.Seeds {
		s := &b.t.Seeds[i]
		no, ok := b.seedOf[s.ID]
		if !ok {
			no = int32(len(b.seeds))
			b.seeds, b.seedOf[s.ID] = append(b.seeds, s.ID), no
		}
		at, ok := b.nodes[s.Node]
		if !ok {
			return fmt.Errorf("seed %s: there is no node %s", s.ID, s.Node)
		}
		a := tracedArrival{hop: no, from: at.address, kind: at.kind, flags: isSeed | unsaid}
		var err error
		if a.address, err = b.address(s.Chain, s.Address); err != nil {
			return fmt.Errorf("seed %s: %w", s.ID, err)
		}
		if a.tx, err = b.tx(s.Chain, s.TxID, s.Height, s.Time); err != nil {
			return fmt.Errorf("seed %s: %w", s.ID, err)
		}
		if s.Chain.Info().Family == chains.FamilyBitcoin {
			vout, err := strconv.ParseUint(s.Position, 10, 32)
			if err != nil {
				return fmt.Errorf("seed %s: position: %w", s.ID, err)
			}
			a.vout, a.flags = uint32(vout), a.flags|isOutput
		}
		units := b.pack(s.Units)
		a.asset, a.evidence, a.units = b.asset(s.Asset), evidenceOf(s.Evidence), [2]packed{units, units}
		if !s.Asset.IsValuation() {
			a.flags &^= unsaid
		} else {
			a.units = [2]packed{}
		}
		b.receipts[s.ID] = append(b.receipts[s.ID], b.arrive(a, nil))
	}
	return nil
}

// arrive keeps an arrival. Where there are several seeds, by says what each has in it.
func (b *building) arrive(a tracedArrival, by []seedPart) int32 {
	a.parts = int32(len(b.parts))
	b.parts = append(b.parts, by...)
	a.nextAtPlace, a.nextInTx, a.nextAtAddress = -1, -1, -1
	b.arrivals = append(b.arrivals, a)
	return int32(len(b.arrivals) - 1)
}

// evidenceOf reads the word; what is not known counts as the weakest.
func evidenceOf(word string) chains.Evidence {
	for _, e := range []chains.Evidence{chains.EvidenceProven, chains.EvidenceAttested} {
		if e.String() == word {
			return e
		}
	}
	return chains.EvidenceImported
}

func (b *building) readHops() error {
	b.hops = make([]tracedHop, 0, len(b.t.Hops))
	b.arrivals = slices.Grow(b.arrivals, len(b.t.Hops))
	for i := range b.t.Hops {
		h := &b.t.Hops[i]
		b.hopOf[h.ID] = int32(len(b.hops))
		kind := slices.Index(hopKinds[:], h.Kind)
		if kind < 0 {
			return fmt.Errorf("hop %d: it is a %q, which is not known", h.Number, h.Kind)
		}
		if h.Link != nil {
			b.links[int32(len(b.hops))] = &tracer.Link{Protocol: strings.Clone(h.Link.Protocol), Key: strings.Clone(h.Link.Key)}
		}
		b.hops = append(b.hops, tracedHop{number: int32(h.Number), last: -1, kind: uint8(kind), own: chains.EvidenceProven, came: chains.EvidenceProven})
		if len(h.Legs) < 1 || len(h.Legs) > 2 || len(h.Legs) == 2 && h.Given == nil {
			return fmt.Errorf("hop %d: it has %d legs", h.Number, len(h.Legs))
		}
		for k := range h.Legs {
			if err := b.readLeg(h, k); err != nil {
				return fmt.Errorf("hop %d: %w", h.Number, err)
			}
		}
	}
	return nil
}

// readLeg keeps what one side of a hop brings. A fee is no place, and nothing goes on from one, so
// that it is left out, but for what was given to a bridge or mixer for it.
func (b *building) readLeg(h *tracer.Hop, k int) error {
	leg := &h.Legs[k]
	last := k == len(h.Legs)-1
	if last && h.Kind == tracer.HopFee {
		return nil
	}
	to, ok := b.nodes[leg.To]
	if !ok || len(leg.Positions) == 0 || len(leg.From) == 0 {
		return fmt.Errorf("leg %d: it does not say from where to where", k+1)
	}
	a := tracedArrival{address: to.address, kind: to.kind, hop: int32(len(b.hops) - 1), evidence: evidenceOf(leg.Evidence), asset: b.asset(leg.Asset)}
	var err error
	if a.tx, err = b.tx(leg.Chain, leg.TxID, leg.Height, leg.Time); err != nil {
		return err
	}
	if a.from, err = b.sources(leg); err != nil {
		return err
	}
	amounts := &h.Traced
	if !last {
		amounts = h.Given
	}
	for r, rule := range splitRules {
		a.units[r], a.basis[r] = b.pack(amounts.Value[rule]), h.Basis.Value[rule]
	}
	if amounts.Null[tracer.FIFO] && amounts.Null[tracer.ProRata] {
		a.flags |= unsaid
	}
	a.whole = b.pack(leg.Units)
	if k > 0 {
		a.flags |= isSecond
	}
	hop := &b.hops[a.hop]
	hop.own = min(hop.own, a.evidence)
	outputs, err := b.position(&a, leg)
	if err != nil {
		return err
	}
	n := b.arrive(a, b.shares(h, last, amounts))
	for _, vout := range outputs {
		alias := a
		alias.vout, alias.hop, alias.flags = vout, n, isOutput|isAlias
		b.arrive(alias, nil)
	}
	if last {
		hop.last = n
	}
	return nil
}

// splitRules are the rules of screening, in the order of a Split.
var splitRules = [2]tracer.Rule{tracer.FIFO, tracer.ProRata}

// position says at which place a leg arrives, and returns the outputs beyond the first.
func (b *building) position(a *tracedArrival, leg *tracer.Leg) (more []uint32, err error) {
	key := movementKey{a.tx, a.asset, a.address, leg.Positions[0]}
	switch {
	case leg.Positions[0].Kind == "vout":
		for i, p := range leg.Positions {
			n, err := strconv.ParseUint(p.Value, 10, 32)
			if err != nil {
				return nil, fmt.Errorf("output: %w", err)
			}
			if i == 0 {
				a.vout, a.flags = uint32(n), a.flags|isOutput
			} else {
				more, a.flags = append(more, uint32(n)), a.flags|isShared
			}
		}
	case leg.Chain.Info().Family == chains.FamilyBitcoin:
		a.flags |= noPlace | inMix
		return nil, nil
	case a.address < 0:
		a.flags |= noPlace
		return nil, nil
	case leg.From[0].Node == leg.To: // what the hop before it brought: a bridge hands it on
		a.flags |= noPlace
		return nil, nil
	}
	if b.wholes[key] {
		a.flags |= wholeCounted
	}
	b.wholes[key] = true
	return more, nil
}

// sources says from which addresses a leg comes.
func (b *building) sources(leg *tracer.Leg) (int32, error) {
	var from []int32
	for i := range leg.From {
		n, ok := b.nodes[leg.From[i].Node]
		if !ok {
			return 0, fmt.Errorf("there is no node %s", leg.From[i].Node)
		}
		if !slices.Contains(from, n.address) {
			from = append(from, n.address)
		}
	}
	if len(from) == 1 {
		return from[0], nil
	}
	at := len(b.several)
	b.several = append(append(b.several, int32(len(from))), from...)
	return -2 - int32(at), nil
}

// shares returns what each seed has in an arrival; nil where there is one seed. What is given to a
// conversion is told in sum alone: it is divided as what is received for it, since a conversion keeps
// the parts.
func (b *building) shares(h *tracer.Hop, last bool, amounts *tracer.Traced) []seedPart {
	if len(b.seeds) == 1 {
		return nil
	}
	var out []seedPart
	for i := range h.TracedBySeed {
		s := &h.TracedBySeed[i]
		seed, ok := b.seedOf[s.Seed]
		f, p := s.Traced.Value[tracer.FIFO], s.Traced.Value[tracer.ProRata]
		if !ok || f.IsZero() && p.IsZero() {
			continue
		}
		out = append(out, seedPart{[2]packed{b.pack(f), b.pack(p)}, seed})
	}
	if last || len(out) == 0 {
		return out
	}
	for r, rule := range splitRules {
		b.divide(out, r, amounts.Value[rule])
	}
	return out
}

// divide divides an amount over parts by what they hold under a rule: floor, and what is left over to
// the first of them that holds something; all to the first where none does.
func (b *building) divide(out []seedPart, r int, all chains.Amount) {
	var sum, given chains.Amount
	for i := range out {
		sum = sum.Plus(b.amount(out[i].units[r]))
	}
	if sum.IsZero() {
		out[0].units[r] = b.pack(all)
		return
	}
	first := -1
	for i := range out {
		has := b.amount(out[i].units[r])
		if has.IsZero() {
			continue
		}
		if first < 0 {
			first = i
		}
		n, _ := has.MulDiv(all, sum)
		given = given.Plus(n)
		out[i].units[r] = b.pack(n)
	}
	out[first].units[r] = b.pack(b.amount(out[first].units[r]).Plus(all.Minus(given)))
}

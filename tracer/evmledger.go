package tracer

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"clew/chains"
	"clew/heuristics"
)

// node returns the node of an account. Its name and who says so come from the incident or the
// tables; "" is where value goes that is no more.
func (s *balances) node(a chains.Address, kind NodeKind) string {
	key := string(kind) + " " + string(a)
	if n, met := s.nodes[key]; met {
		return n
	}
	n := Node{Kind: kind}
	if a == "" {
		n.Label = map[bool]string{true: "burnt", false: "made by the " + string(kind)}[kind == NodeAddress]
	} else {
		n.Address = s.out.codec.FormatAddress(s.chain, a)
		n.Entity, n.Label = s.sayOf(a)
	}
	s.nodes[key] = s.out.node(n)
	return s.nodes[key]
}

// sayOf returns whose an account is and who says so: the incident, else the tables, else labels.
func (s *balances) sayOf(a chains.Address) (entity, label string) {
	if known := s.inc.known(s.chain, a); known != nil {
		return known.Entity, known.Source
	}
	if s.places != nil {
		if _, entity, source, ok := s.places.Place(s.chain, a); ok {
			return entity, source
		}
	}
	if at := s.out.labelled(a); at != nil {
		return at.entity, at.label
	}
	return "", ""
}

// feeNode returns the node of whoever makes blocks.
func (l *ledger) feeNode() string {
	if l.coinbase == "" {
		l.coinbase = l.node(Node{Kind: NodeCoinbase})
	}
	return l.coinbase
}

// positions says where in the transaction a step stands.
func (s *balances) positions(t *passage, st *heuristics.Step) []Position {
	ps := make([]Position, 0, len(st.Moves))
	for _, i := range st.Moves {
		m := &t.tx.Exec.Moves[i]
		p := Position{m.Kind.Position(), strconv.Itoa(int(m.Index))}
		if m.Kind == chains.MoveFee {
			p.Value = "fee"
		}
		if !slices.Contains(ps, p) {
			ps = append(ps, p)
		}
	}
	if len(ps) == 0 {
		ps = append(ps, Position{"step", strconv.Itoa(slices.IndexFunc(t.set.Steps, func(x heuristics.Step) bool { return &x == st }))})
	}
	return ps
}

// position is the last of a step's positions, as one text: the index of a log, "fee", or what it is
// with its number.
func (s *balances) position(t *passage, st *heuristics.Step) string {
	ps := s.positions(t, st)
	p := ps[len(ps)-1]
	if p.Kind == "fee" || p.Kind == "log" {
		return p.Value
	}
	return p.Kind + " " + p.Value
}

// evidence is as good as the weakest move behind a step.
func (t *passage) evidence(st *heuristics.Step) chains.Evidence {
	e := t.tx.Evidence
	for _, i := range st.Moves {
		e = min(e, t.tx.Exec.Moves[i].Evidence)
	}
	return e
}

func (t *passage) txidText() string {
	if t.txid == "" {
		t.txid = t.tx.ID.String()
	}
	return t.txid
}

// leg returns the side of a hop that step k is.
func (s *balances) leg(t *passage, k int, from, to string, units chains.Amount) Leg {
	st := &t.set.Steps[k]
	if t.time == "" {
		t.time = s.out.time(t.tx.Block.Time)
		t.raw = []string{}
		if t.tx.Raw != nil {
			sum := sha256.Sum256(t.tx.Raw)
			t.raw = append(t.raw, hex.EncodeToString(sum[:]))
		}
	}
	return Leg{
		Chain: s.chain, TxID: t.tx.ID, Height: t.tx.Block.Height, Time: t.time, Positions: s.positions(t, st),
		From: []From{{Node: from}}, To: to, Asset: st.Asset, Units: units, Evidence: t.evidence(st).String(), Raw: t.raw,
	}
}

// transfer writes the hop of step k, which brings h where it lies.
func (s *balances) transfer(t *passage, k int, from *livePot, h *holding) error {
	return s.hop(t, HopTransfer, k, from, h)
}

// hop writes a hop of one leg out of a pot.
func (s *balances) hop(t *passage, kind HopKind, k int, from *livePot, h *holding) error {
	h.hops = from.hops + 1
	w := wide{kind: kind, legs: []Leg{s.leg(t, k, from.node, h.node, h.units)}, inputs: inputsOf(from), findings: t.findings}
	if err := s.out.write(&w, h); err != nil {
		return err
	}
	from.leftBy(h.hop)
	return nil
}

// inputsOf returns what a hop out of a pot carries on, each once.
func inputsOf(p *livePot) []string {
	all := p.origin()
	in := make([]string, 0, len(all))
	const few = 16
	var met map[string]bool
	if len(all) > few {
		met = make(map[string]bool, len(all))
	}
	for _, o := range all {
		if met[o] || met == nil && slices.Contains(in, o) {
			continue
		}
		if met != nil {
			met[o] = true
		}
		in = append(in, o)
	}
	return in
}

// leftBy notes that a hop took from the account.
func (a *liveAccount) leftBy(hop string) {
	a.last, a.arrived, a.rest = hop, nil, !a.units.IsZero()
}

// wide is a hop of a chain of accounts before it is written.
type wide struct {
	kind     HopKind
	legs     []Leg
	inputs   []string
	link     *Link
	given    *Traced
	ruleEnds bool // the conserving rules end here: only poison goes on
	findings []string
}

// write writes a hop that brings h to where its last leg leads.
func (l *ledger) write(w *wide, h *holding) error {
	last := &w.legs[len(w.legs)-1]
	p := last.Positions[0]
	key := []string{"hop", string(l.chain), last.TxID.String(), p.Kind, p.Value, string(last.Asset), last.To}
	if len(w.legs) > 1 {
		key = append(key, string(w.legs[0].Chain), w.legs[0].TxID.String(), string(w.legs[0].Asset))
	}
	h.hop = l.once(id(key...))
	l.nextHop++
	traced := l.traced(&h.bundle, last.Asset, w.ruleEnds)
	if len(w.legs) > 1 {
		tally := l.tally(last.Asset)
		if err := tally.count(&tally.in, &traced); err != nil {
			return err
		}
	}
	return l.sink.Hop(Hop{
		ID: h.hop, Number: l.nextHop, Kind: w.kind, Inputs: w.inputs, Legs: w.legs, Link: w.link, Given: w.given,
		Traced: traced, TracedBySeed: l.bySeed(&h.bundle, &traced), Basis: l.basis(&h.bundle), Findings: append([]string{}, w.findings...),
	})
}

// lacking is what a source could not say, for the gaps at the end.
type lacking struct {
	kinds    bool // what accounts are
	guessed  int
	balances []chains.Asset // of which it does not know balances
	openings int
	first    *livePot
	valued   map[chains.Asset]*valued
	untraced int
	from, to chains.BlockRef
}

// valued is what was seen of a valuation.
type valued struct{ pots, over int } // accounts that it came to, and payments of more than was seen to come

func (l *lacking) valuedIn(asset chains.Asset) *valued {
	if l.valued == nil {
		l.valued = map[chains.Asset]*valued{}
	}
	if l.valued[asset] == nil {
		l.valued[asset] = &valued{}
	}
	return l.valued[asset]
}

func (l *lacking) without(asset chains.Asset) {
	if !slices.Contains(l.balances, asset) {
		l.balances = append(l.balances, asset)
	}
}

func (l *lacking) opened(p *livePot) {
	p.unsure = true
	l.openings++
	l.first = cmp.Or(l.first, p)
}

// asks reports whether the source can be asked for balances of an asset.
func (s *balances) asks(asset chains.Asset) bool {
	return s.state != nil && !asset.IsValuation() && !slices.Contains(s.lacking.balances, asset)
}

// noteUnclear writes a gap for each part of a touched transaction that fits no shape.
func (s *balances) noteUnclear(t *passage) {
	if t.tx.Exec.Untraced && (t.touched || slices.ContainsFunc(t.set.Steps, func(st heuristics.Step) bool {
		return s.parties[st.To] || s.parties[st.From]
	})) {
		if s.lacking.untraced++; s.lacking.untraced == 1 {
			s.lacking.from = t.tx.Block
		}
		s.lacking.to = t.tx.Block
	}
	for i := range t.set.Unclear {
		u := &t.set.Unclear[i]
		if !t.touched && !(u.Loan && s.holdsTraced(u.Account)) {
			continue
		}
		name := "nobody"
		if u.Account != "" {
			name = s.out.codec.FormatAddress(s.chain, u.Account)
		}
		h := t.tx.Block.Height
		s.out.gap(Gap{Chain: s.chain, FromHeight: &h, ToHeight: &h, TxID: t.txidText(),
			What: fmt.Sprintf("%s units of %s of %s", u.Units, u.Asset, name), Why: u.Why,
			Effect: "it is followed as it was moved, and what was got for it, if anything, is not"})
		if u.Loan {
			s.find(t, Finding{
				ID:        id("finding", "loan", string(s.chain), t.txidText(), name, string(u.Asset)),
				Heuristic: "loan", Version: "1", TxID: t.txidText(), Addresses: []string{name},
				Says: fmt.Sprintf("%s units of %s: %s; it counts as clean, also where traced value stands behind it", u.Units, u.Asset, u.Why),
			})
		}
	}
}

// holdsTraced reports whether traced value lies in any of an account's pots.
func (s *balances) holdsTraced(a chains.Address) bool {
	for key, p := range s.pots {
		if key.Account == a && p.touched() && !p.units.IsZero() {
			return true
		}
	}
	return false
}

// noteLacking writes the gaps of what the source could not say.
func (s *balances) noteLacking() {
	l := &s.lacking
	if s.state == nil && len(s.parties) > 0 {
		s.out.gap(Gap{Chain: s.chain, What: "balances", Why: "balances were not compared: what was read does not tell what accounts hold",
			Effect: "tokens that lie, rebase or take a fee on the way, and movements that were not seen, do not show"})
	}
	for _, a := range l.balances {
		s.out.gap(Gap{Chain: s.chain, What: "balances of " + string(a), Why: "balances were not compared: the node does not have them (no archive of state)",
			Effect: "a token that lies, rebases or takes a fee on the way, and movements that were not seen, do not show"})
	}
	if l.openings > 0 {
		s.out.gap(Gap{Chain: s.chain, What: fmt.Sprintf("opening balances of %d accounts, the first of them %s in %s", l.openings,
			s.out.codec.FormatAddress(s.chain, l.first.address), l.first.asset),
			Why:    "what they held before is not known: no archive of state was at hand",
			Effect: "they count as empty before: every rule may trace more, or elsewhere, than it should where clean money lay there, and basis is never whole. State them under openings"})
	}
	for _, t := range s.out.tallies {
		v := l.valued[t.asset]
		if v == nil {
			continue
		}
		s.out.gap(Gap{Chain: s.chain, What: fmt.Sprintf("amounts of %s in %d accounts", t.asset, v.pots),
			Why:    fmt.Sprintf("amounts are somebody's valuation, each movement at its own minute, and no coins: what comes to an account and what leaves it do not add up (%d payments are of more than was seen to come)", v.over),
			Effect: "poison only: contact is followed, no accounting rule divides anything, and nothing is summed"})
	}
	if l.guessed > 0 {
		s.out.gap(Gap{Chain: s.chain, What: "what accounts are", Why: "whether there is code at an address was not told",
			Effect: "an address counts as a contract where its code was seen to run, and as somebody's account otherwise"})
	}
	if l.untraced > 0 {
		s.out.gap(Gap{Chain: s.chain, FromHeight: &l.from.Height, ToHeight: &l.to.Height,
			What: fmt.Sprintf("internal calls of %d transactions", l.untraced), Why: "the node does not trace calls",
			Effect: "the native coin that contracts paid there is not seen: it may be missing behind swaps, and show as unexplained"})
	}
}

// describeAssets lists the tokens that the trace counts, with what their contracts claim.
func (s *balances) describeAssets(ctx context.Context) error {
	for _, t := range s.out.tallies {
		if t.asset == chains.Native {
			continue
		}
		info := AssetInfo{Chain: s.chain, Asset: t.asset, Decimals: -1, Claimed: true}
		if s.tokens != nil {
			token, err := s.tokens.Token(ctx, t.asset)
			switch {
			case err == nil:
				info.Symbol, info.Decimals = token.Symbol, token.Decimals
			case !errors.Is(err, chains.ErrUnsupported) && !errors.Is(err, chains.ErrNotFound):
				return fmt.Errorf("token %s: %w", t.asset, err)
			}
		}
		s.out.t.Assets = append(s.out.t.Assets, info)
	}
	return nil
}

package tracer

import (
	"fmt"
	"slices"
	"strings"

	"clew/chains"
	"clew/heuristics"
)

// begin settles, before anything comes out of a conversion of traced value, what of it goes on:
// not what nobody vouches for, not what nothing tells the worth of, not what rounds to nothing.
func (s *balances) begin(t *passage, conv *heuristics.Conversion, c *trade, st *heuristics.Step, known bool) error {
	s.noteSold(t, conv, c)
	switch {
	case conv.Made:
		return s.endDoubtful(t, conv, c)
	case !known:
		return s.endGiven(t, conv, c, st.Units)
	case absurd(st.Units):
		return nil // endVain ends it
	}
	s.noteCounterparts(t, conv, c)
	return s.endRounded(t, conv, c)
}

// endDoubtful ends what was given for something that was made for it, at the contract that keeps
// it: a share in a vault looks like a worthless token whose maker keeps the money. Poison goes on
// to what was received.
func (s *balances) endDoubtful(t *passage, conv *heuristics.Conversion, c *trade) error {
	c.doubted = true
	for i := range c.given {
		g := &c.given[i]
		if !g.touched() {
			continue
		}
		asset := t.set.Steps[g.k].Asset
		k := slices.IndexFunc(conv.Kept, func(l heuristics.Leg) bool { return l.Asset == asset })
		where := s.out.codec.FormatAddress(s.chain, conv.Kept[max(k, 0)].Account)
		if k >= 0 {
			where += " keeps it"
			if err := s.endKept(t, g, conv.Kept[k].Account); err != nil {
				return err
			}
		} else {
			where += " keeps what it became"
			if err := s.endOne(t, g, "what was received for it was made in this transaction: "+where); err != nil {
				return err
			}
		}
		s.doubt(t, Gap{
			What: fmt.Sprintf("%s units of %s given for %s", g.units, asset, conv.Received[0].Asset),
			Why:  "what was received was made in this very transaction, and " + where + ": a share in a vault or a pool, or a token that is worth nothing",
			Effect: "every accounting rule ends there, and only poison goes on to what was received. " +
				"Name the contract under known (kind pool), with the source, if it is a venue: then its value is followed through it",
		})
	}
	return nil
}

// endKept ends one given asset at the contract that keeps it.
func (s *balances) endKept(t *passage, g *given, keeper chains.Address) error {
	g.ended = true
	st := &t.set.Steps[g.k]
	h := &holding{bundle: g.bundle, asset: st.Asset, node: s.node(keeper, NodeContract), out: chains.OutPoint{Tx: t.tx.ID}, position: s.position(t, st)}
	t.findings = nil
	if err := s.hop(t, HopTransfer, g.k, g.from, h); err != nil {
		return err
	}
	h.seq = s.nextSeq()
	return s.out.end(h, ReasonContract, "what was received for it was made in the same transaction")
}

// noteSold writes the gap of traced value that another party got, who gave for it what was
// received: the trace follows what was received, and whether it was worth that nobody tells.
func (s *balances) noteSold(t *passage, conv *heuristics.Conversion, c *trade) {
	for _, l := range conv.Sold {
		if !slices.ContainsFunc(c.given, func(g given) bool { return g.touched() && t.set.Steps[g.k].Asset == l.Asset }) {
			continue
		}
		to := s.out.codec.FormatAddress(s.chain, l.Account)
		s.doubt(t, Gap{
			What:   fmt.Sprintf("%s units of %s given for %s", l.Units, l.Asset, conv.Received[0].Asset),
			Why:    fmt.Sprintf("%s got it, who sold what was received for it; no venue that is known vouches for the price", to),
			Effect: "what was received is followed, and what " + to + " got counts as clean: if both are one, it is stolen value",
		})
	}
}

// doubt writes a gap of the transaction.
func (s *balances) doubt(t *passage, g Gap) {
	height := t.tx.Block.Height
	g.Chain, g.FromHeight, g.ToHeight, g.TxID = s.chain, &height, &height, t.txidText()
	s.out.gap(g)
}

// noteCounterparts writes the finding of contracts that keep what was given and for which nobody
// vouches, once for each company of them, and gives it to the conversion's hops.
func (s *balances) noteCounterparts(t *passage, conv *heuristics.Conversion, c *trade) {
	var names []string
	for _, l := range conv.Kept {
		if name := s.out.codec.FormatAddress(s.chain, l.Account); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return
	}
	f := Finding{
		ID:        id("finding", "swap-counterpart", string(s.chain), strings.Join(names, " ")),
		Heuristic: "swap-counterpart", Version: "1", TxID: t.txidText(), Addresses: names,
		Says: "what was given stayed with contracts that stand in no table of venues: that what came for it was worth as much is taken from the exchange itself",
	}
	c.findings = []string{s.out.find(f)}
}

// endRounded ends what becomes nothing because so few units came for it: under each rule the
// lots of a seed of which no unit is left in anything received. What is left of the lots goes on.
func (s *balances) endRounded(t *passage, conv *heuristics.Conversion, c *trade) error {
	for i := range c.given {
		g := &c.given[i]
		if !g.conserved() {
			continue
		}
		lost := bundle{}
		for r := range g.by {
			lost.by[r] = g.rounded(Rule(r), i, len(c.given), conv)
			lost.units = chains.Max(lost.units, lost.by[r].traced())
		}
		if !lost.conserved() {
			continue
		}
		st := &t.set.Steps[g.k]
		h := &holding{bundle: lost, seq: s.nextSeq(), asset: st.Asset, node: g.from.node, origin: g.inputs,
			out: chains.OutPoint{Tx: t.tx.ID}, position: s.position(t, st)}
		note := fmt.Sprintf("its part of the %s units of %s received for %s is less than one unit", conv.Received[0].Units, conv.Received[0].Asset, g.units)
		if err := s.out.end(h, ReasonGap, note); err != nil {
			return err
		}
		if units := lost.by[s.inc.Rule].traced(); !units.IsZero() {
			s.doubt(t, Gap{
				What: fmt.Sprintf("%s of %s units of %s given for %s", units, g.units, st.Asset, conv.Received[0].Asset), Why: note,
				Effect: fmt.Sprintf("under %s it ends here, and nothing of it is traced on", s.inc.Rule),
			})
		}
	}
	return nil
}

// rounded takes out of g the lots of seeds of which nothing is left in what was received, where
// they become clean, and returns them. g is the i-th of n assets given.
func (g *given) rounded(r Rule, i, n int, conv *heuristics.Conversion) (lost lots) {
	if g.by[r] == nil {
		return nil
	}
	var left []int32
	only := bundle{units: g.units}
	only.by[r] = g.by[r]
	for _, l := range conv.Received {
		if absurd(l.Units) {
			continue
		}
		shares, _ := weigh(l.Units, conv.Weights, n)
		part := only.converted(shares[i], Conversion)
		for _, lot := range part.by[r] {
			left = append(left, lot.seed)
		}
	}
	var rest lots
	for _, l := range g.by[r] {
		if l.stolen() && !slices.Contains(left, l.seed) {
			lost = lost.push(l)
			l = lot{amount: l.amount, seed: clean}
		}
		rest = rest.push(l)
	}
	g.by[r] = rest
	if rest.traced().IsZero() {
		g.by[r] = nil
	}
	return lost
}

// endGiven ends, under every conserving rule, what a conversion of several assets was given where
// nobody tells what each was worth; poison goes on.
func (s *balances) endGiven(t *passage, conv *heuristics.Conversion, c *trade, m chains.Amount) error {
	low, high := extremes(c.given, s.inc.Rule, m)
	note := fmt.Sprintf("%s of several assets: between %s and %s of the %s units of %s received under %s, as each was worth",
		conv.Kind, low, high, m, conv.Received[0].Asset, s.inc.Rule)
	for i := range c.given {
		g := &c.given[i]
		if !g.touched() {
			continue
		}
		if err := s.endOne(t, g, note); err != nil {
			return err
		}
	}
	height := t.tx.Block.Height
	s.out.gap(Gap{Chain: s.chain, FromHeight: &height, ToHeight: &height, TxID: t.txidText(),
		What: fmt.Sprintf("%d assets given for %s", len(c.given), conv.Received[0].Asset),
		Why:  "nothing tells what each of them was worth beside the others", Effect: note + "; every accounting rule ends here, and only poison goes on"})
	return nil
}

// endOne ends one given asset under every conserving rule.
func (s *balances) endOne(t *passage, g *given, note string) error {
	g.ended = true
	st := &t.set.Steps[g.k]
	h := &holding{bundle: g.bundle, seq: s.nextSeq(), asset: st.Asset, node: g.from.node, origin: g.inputs,
		out: chains.OutPoint{Tx: t.tx.ID}, position: s.position(t, st)}
	return s.out.endConserving(h, note)
}

// extremes returns how much of m is traced if the asset with the smallest traced part was worth
// all of it, and if the one with the largest was.
func extremes(all []given, r Rule, m chains.Amount) (low, high chains.Amount) {
	for i := range all {
		part, _ := m.MulDiv(all[i].by[r].traced(), all[i].units)
		if i == 0 || part.Less(low) {
			low = part
		}
		high = chains.Max(high, part)
	}
	return low, high
}

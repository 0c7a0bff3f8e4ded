package tracer

import (
	"fmt"
	"slices"

	"clew/chains"
	"clew/heuristics"
)

// grant is a seed that is received in a transaction: what an account gets of an asset, net of
// what it gives. The seed is a span of the units that come to it there, in order.
type grant struct {
	seed     int
	at       heuristics.Holding
	from, to chains.Amount // the span
	passed   chains.Amount // units that came so far
	units    chains.Amount // seeded so far
	wanted   chains.Amount
	entry    SeedEntry // of the first of them
}

// claim is a receipt that only one seed may name.
type claim struct {
	tx chains.TxID
	at heuristics.Holding
}

// grantSeeds finds the seeds that the transaction brings.
func (s *balances) grantSeeds(t *passage) error {
	var which []int
	which = append(which, s.seedTxs[t.tx.ID]...)
	if len(s.windows) > 0 {
		for i := range t.set.Steps {
			which = append(which, s.windows[t.set.Steps[i].To]...)
		}
	}
	slices.Sort(which)
	for _, i := range slices.Compact(which) {
		if err := s.grantSeed(t, i); err != nil {
			return fmt.Errorf("seed %s: %w", s.inc.Seeds[i].ID, err)
		}
	}
	return nil
}

func (s *balances) grantSeed(t *passage, i int) error {
	seed := &s.inc.Seeds[i]
	if seed.isWindow() && !seed.contains(t.tx.Block) {
		return nil
	}
	at := heuristics.Holding{Account: seed.Address, Asset: seed.Asset}
	var in, out chains.Amount
	var err error
	for k := range t.set.Steps {
		st := &t.set.Steps[k]
		switch {
		case st.Asset != at.Asset || st.From == st.To || err != nil:
		case st.Kind == heuristics.StepFee && st.Conversion < 0: // what it costs to receive is no part of what is received
		case st.To == at.Account:
			in, err = in.Add(st.Units)
		case st.From == at.Account:
			out, err = out.Add(st.Units)
		}
	}
	if err != nil || !out.Less(in) {
		return err
	}
	net := in.Minus(out)
	s.received[i] = true
	c := claim{t.tx.ID, at}
	if other, taken := s.claimed[c]; taken {
		return fmt.Errorf("what %s receives in %s is received by seed %s as well: two seeds overlap",
			s.out.codec.FormatAddress(s.chain, seed.Address), t.tx.ID, other)
	}
	s.claimed[c] = seed.ID
	wanted := net
	if seed.Amount != nil {
		if net.Less(*seed.Amount) && !seed.isWindow() {
			return fmt.Errorf("amount %s is more than the %s received", seed.Amount, net)
		}
		wanted = chains.Min(net, seed.Amount.Minus(s.found[i]))
	}
	g := &grant{seed: i, at: at, to: wanted, wanted: wanted}
	if seed.Last {
		g.from, g.to = in.Minus(wanted), in
	}
	if !wanted.IsZero() {
		t.grants = append(t.grants, g)
	}
	return nil
}

// grantAt returns the seed that an account receives of an asset; nil where there is none.
func (t *passage) grantAt(at heuristics.Holding) *grant {
	for _, g := range t.grants {
		if g.at == at {
			return g
		}
	}
	return nil
}

// grantTo seeds what of the grant comes in h. Value that is traced already is never seeded again:
// the larger of what the conserving rules trace there is left alone, so that a seed has the same
// units under every rule.
func (s *balances) grantTo(g *grant, h *holding) error {
	start := g.passed
	end, err := start.Add(h.units)
	if err != nil {
		return err
	}
	g.passed = end
	from, to := chains.Max(start, g.from), chains.Min(end, g.to)
	if !from.Less(to) {
		return nil
	}
	units := chains.Min(to.Minus(from), h.units.Minus(h.largest()))
	if units.IsZero() {
		return nil
	}
	seed := &s.inc.Seeds[g.seed]
	h.mark(int32(g.seed), units, seed.Last)
	for r := range h.by {
		if !s.out.says(Rule(r), g.at.Asset) {
			h.by[r] = nil
		}
	}
	h.hops = 0
	h.origin = append(h.origin, seed.ID)
	if g.units.IsZero() {
		g.entry = SeedEntry{Position: h.position, Node: h.node}
	}
	g.units = g.units.Plus(units)
	return nil
}

// writeSeeds writes down what the transaction brought of the seeds.
func (s *balances) writeSeeds(t *passage) error {
	for _, g := range t.grants {
		seed := &s.inc.Seeds[g.seed]
		if g.units.Less(g.wanted) && !seed.isWindow() {
			s.out.gap(Gap{Chain: s.chain, TxID: t.txidText(), What: "seed " + seed.ID,
				Why:    fmt.Sprintf("of %s units received, %s are traced already from other seeds, under one rule at least", g.wanted, g.wanted.Minus(g.units)),
				Effect: fmt.Sprintf("the seed counts %s units here", g.units)})
		}
		if g.units.IsZero() {
			continue
		}
		var err error
		if s.found[g.seed], err = s.found[g.seed].Add(g.units); err != nil {
			return err
		}
		tally := s.out.tally(seed.Asset)
		if tally.seeded, err = tally.seeded.Add(g.units); err != nil {
			return err
		}
		e := t.tx.Evidence
		for k := range t.set.Steps {
			if st := &t.set.Steps[k]; st.To == seed.Address && st.Asset == seed.Asset {
				e = min(e, t.evidence(st))
			}
		}
		g.entry.ID, g.entry.Chain, g.entry.Asset, g.entry.Units, g.entry.TxID = seed.ID, s.chain, seed.Asset, g.units, t.tx.ID
		g.entry.Address = s.out.codec.FormatAddress(s.chain, seed.Address)
		g.entry.Height, g.entry.Time, g.entry.Evidence = t.tx.Block.Height, utc(t.tx.Block.Time), e.String()
		s.out.t.Seeds = append(s.out.t.Seeds, g.entry)
	}
	return nil
}

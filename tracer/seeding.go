package tracer

import (
	"context"
	"fmt"
	"slices"

	"clew/chains"
)

// watchSeeds asks the source for every transaction in which a seed may be received.
func (c *course) watchSeeds(ctx context.Context) error {
	for i := range c.inc.Seeds {
		seed := &c.inc.Seeds[i]
		if seed.Chain != c.chain {
			continue
		}
		var err error
		if seed.Address != "" {
			c.out.seedAddress[seed.Address] = true
		}
		switch {
		case seed.Out != nil:
			c.seedTxs[seed.Out.Tx] = append(c.seedTxs[seed.Out.Tx], i)
			err = c.src.WatchTx(ctx, seed.Out.Tx)
		case seed.Tx != nil:
			c.seedTxs[*seed.Tx] = append(c.seedTxs[*seed.Tx], i)
			err = c.src.WatchTx(ctx, *seed.Tx)
		default:
			c.windows[seed.Address] = append(c.windows[seed.Address], i)
			err = c.watchWindow(ctx, seed)
		}
		if err != nil {
			return fmt.Errorf("seed %s (%s): %w", seed.ID, seed.text(c.out.codec), err)
		}
	}
	return nil
}

// watchWindow asks for what a seed's address receives, up to the end of its window where the
// source can make use of that.
func (c *course) watchWindow(ctx context.Context, seed *Seed) error {
	w, ok := c.src.(Windowed)
	switch {
	case !ok:
		return c.src.WatchAddress(ctx, seed.Address)
	case seed.To.Time.IsZero():
		return w.WatchWindow(ctx, seed.Address, seed.To.Height, 0)
	}
	return w.WatchWindow(ctx, seed.Address, -1, seed.To.Time.Unix())
}

// seedOutputs lays every seed that is received in tx on the holdings made by it.
//
// Value that is traced already is never seeded again: the larger of what the conserving
// rules trace in an output is left alone, so that a seed has the same units under every
// rule. Of the clean rest each rule takes the first units, or the last with `take: last`.
func (s *sweep) seedOutputs(tx *chains.Tx, made []*holding) error {
	for _, i := range s.candidates(tx) {
		receipts := s.inc.Seeds[i].receipts(tx, made)
		if len(receipts) == 0 {
			continue
		}
		if err := s.lay(tx, i, receipts); err != nil {
			return fmt.Errorf("seed %s: %w", s.inc.Seeds[i].ID, err)
		}
	}
	return nil
}

// candidates returns the seeds that tx may receive, in the incident's order.
func (s *sweep) candidates(tx *chains.Tx) []int {
	out := slices.Clone(s.seedTxs[tx.ID])
	if len(s.windows) > 0 {
		for _, o := range tx.Outputs {
			out = append(out, s.windows[o.Address]...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// receipts returns the holdings of tx in which the seed is received, in order.
func (seed *Seed) receipts(tx *chains.Tx, made []*holding) []*holding {
	var out []*holding
	for _, h := range made {
		var match bool
		switch {
		case seed.Out != nil:
			match = seed.Out.Tx == tx.ID && slices.Contains(h.outputs(), int(seed.Out.Index))
		case seed.Tx != nil:
			match = *seed.Tx == tx.ID && h.paysTo(tx, seed.Address)
		default:
			match = h.paysTo(tx, seed.Address) && seed.contains(tx.Block)
		}
		if match && !seed.received(tx, h).IsZero() {
			out = append(out, h)
		}
	}
	return out
}

// lay seeds the receipts of one transaction, from the first on, or from the last back.
func (s *sweep) lay(tx *chains.Tx, i int, receipts []*holding) error {
	seed := &s.inc.Seeds[i]
	s.received[i] = true
	window := seed.isWindow()
	if err := checkAmount(seed, window, tx, receipts); err != nil {
		return err
	}
	for n := range receipts {
		h := receipts[n]
		if seed.Last {
			h = receipts[len(receipts)-1-n]
		}
		if err := s.claim(tx, seed, h); err != nil {
			return err
		}
		wanted := seed.received(tx, h)
		if seed.Amount != nil {
			wanted = chains.Min(wanted, seed.Amount.Minus(s.found[i]))
		}
		units := chains.Min(wanted, h.units.Minus(h.largest()))
		if units.Less(wanted) && !window {
			s.out.gap(Gap{Chain: s.chain, TxID: tx.ID.String(), What: "seed " + seed.ID,
				Why:    fmt.Sprintf("of %s units received in %s, %s are traced already from other seeds", wanted, h.out, wanted.Minus(units)),
				Effect: fmt.Sprintf("the seed counts %s units here", units)})
		}
		if units.IsZero() {
			continue
		}
		found, err := s.found[i].Add(units)
		if err != nil {
			return err
		}
		s.found[i] = found
		h.bundle.mark(int32(i), units, seed.Last)
		if s.out.accountPots {
			h.by[TIHO] = nil // the rule does not exist for accounts
		}
		h.hops = 0
		if seed.Out != nil {
			at := tx.Outputs[seed.Out.Index].Address
			s.out.seedAddress[at], s.out.seedAddress[s.out.potOf(at)] = true, true
		}
		s.out.seed(tx, seed, h, units)
	}
	return nil
}

// claim notes that the seed was given the receipt's outputs; an error if another seed was.
func (s *sweep) claim(tx *chains.Tx, seed *Seed, h *holding) error {
	for _, index := range h.outputs() {
		if !seed.names(tx, index) {
			continue
		}
		o := chains.OutPoint{Tx: h.out.Tx, Index: uint32(index)}
		if other, taken := s.seeded[o]; taken {
			return fmt.Errorf("output %s is received by seed %s as well: two seeds overlap", o, other)
		}
		s.seeded[o] = seed.ID
	}
	return nil
}

// outputs returns the indices of the outputs that a receipt consists of.
func (h *holding) outputs() []int {
	if h.outs == nil {
		return []int{int(h.out.Index)}
	}
	return h.outs
}

// paysTo reports whether one of a receipt's outputs is to an address: all are, unless pots are
// clusters.
func (h *holding) paysTo(tx *chains.Tx, a chains.Address) bool {
	return slices.ContainsFunc(h.outputs(), func(i int) bool { return tx.Outputs[i].Address == a })
}

// names reports whether an output of a transaction in which the seed may be received is its own.
func (seed *Seed) names(tx *chains.Tx, output int) bool {
	if seed.Out != nil {
		return int(seed.Out.Index) == output
	}
	return tx.Outputs[output].Address == seed.Address
}

// received returns how much of a receipt the seed means: all of it that came to its address, or one
// output's value where the receipt is what came in several.
func (seed *Seed) received(tx *chains.Tx, h *holding) chains.Amount {
	var sum chains.Amount
	for _, i := range h.outputs() {
		if seed.names(tx, i) {
			sum = sum.Plus(chains.Units(tx.Outputs[i].Value))
		}
	}
	return chains.Min(h.units, sum)
}

// checkAmount refuses a part that is larger than what was received. A window's is checked
// at its end.
func checkAmount(seed *Seed, window bool, tx *chains.Tx, receipts []*holding) error {
	if seed.Amount == nil || window {
		return nil
	}
	var sum chains.Amount
	for _, h := range receipts {
		var err error
		if sum, err = sum.Add(seed.received(tx, h)); err != nil {
			return err
		}
	}
	if sum.Less(*seed.Amount) {
		return fmt.Errorf("amount %s is more than the %s received", seed.Amount, sum)
	}
	return nil
}

// checkSeeds is an error if a seed was not received at all. One that was received in part, or
// whose window was not read whole, is a gap.
func (c *course) checkSeeds() error {
	for i := range c.inc.Seeds {
		seed := &c.inc.Seeds[i]
		if seed.Chain != c.chain {
			continue
		}
		c.checkWindow(seed)
		if !c.received[i] {
			return c.notReceived(seed)
		}
		switch {
		case c.found[i].IsZero() && seed.isWindow(): // of the other forms, lay has said it
			c.out.gap(Gap{Chain: c.chain, What: "seed " + seed.ID,
				Why:    "all that was received is traced already from other seeds",
				Effect: "the seed counts 0 units"})
		case !c.found[i].IsZero() && seed.Amount != nil && c.found[i].Less(*seed.Amount):
			c.out.gap(Gap{Chain: c.chain, What: "seed " + seed.ID,
				Why:    fmt.Sprintf("its amount is %s, and %s was received that is not traced already", seed.Amount, c.found[i]),
				Effect: "the trace starts from what was received"})
		}
	}
	return nil
}

// checkWindow writes a gap for each part of a seed's window that was not read.
func (c *course) checkWindow(seed *Seed) {
	if !seed.isWindow() {
		return
	}
	from, to := c.src.From(), c.src.AsOf()
	name := c.out.codec.FormatAddress(c.chain, seed.Address)
	if from.Height > 0 && seed.From.before(from) {
		last := from.Height - 1
		c.out.gap(Gap{Chain: c.chain, ToHeight: &last, What: "seed " + seed.ID,
			Why:    fmt.Sprintf("its window begins at %s, and blocks were read from %d (%s) on", seed.From, from.Height, utc(from.Time)),
			Effect: fmt.Sprintf("what %s received before is not seeded, and may come back as new", name)})
	}
	if seed.To.behind(to) {
		first := to.Height + 1
		c.out.gap(Gap{Chain: c.chain, FromHeight: &first, What: "seed " + seed.ID,
			Why:    fmt.Sprintf("its window ends at %s, and blocks were read up to %d (%s)", seed.To, to.Height, utc(to.Time)),
			Effect: fmt.Sprintf("what %s received afterwards is not seeded", name)})
	}
}

func (c *course) notReceived(seed *Seed) error {
	name := c.out.codec.FormatAddress(c.chain, seed.Address)
	nothing := "nothing"
	if seed.Asset != chains.Native {
		nothing = "nothing of " + string(seed.Asset)
	}
	switch {
	case seed.Out != nil:
		return fmt.Errorf("seed %s: output %s does not exist, or is worth 0: %w", seed.ID, seed.Out, chains.ErrNotFound)
	case seed.Tx != nil:
		return fmt.Errorf("seed %s: transaction %s pays %s to %s: %w", seed.ID, seed.Tx, nothing, name, chains.ErrNotFound)
	}
	return fmt.Errorf("seed %s: %s received %s from %s to %s in what was read (blocks %d to %d): %w", seed.ID,
		name, nothing, seed.From, seed.To, c.src.From().Height, c.src.AsOf().Height, chains.ErrNotFound)
}

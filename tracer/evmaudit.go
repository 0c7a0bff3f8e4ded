package tracer

import (
	"context"
	"errors"
	"fmt"

	"clew/chains"
	"clew/heuristics"
)

// turn compares what the block before touched, where a new one begins.
func (s *balances) turn(ctx context.Context, block chains.BlockRef) error {
	if block.Height != s.block.Height {
		if err := s.compareDirty(ctx); err != nil {
			return err
		}
	}
	s.block = block
	return nil
}

// compareDirty compares the pots that the last block touched with what the node says at its end.
func (s *balances) compareDirty(ctx context.Context) error {
	for _, p := range s.dirty {
		p.dirty = false
		if s.pots[p.key()] != p {
			continue
		}
		if err := s.compare(ctx, p, s.block.Height); err != nil {
			return err
		}
	}
	s.dirty = s.dirty[:0]
	return nil
}

// compareBefore compares the pots that a transaction is about to touch with what the node says at
// the end of the block before.
func (s *balances) compareBefore(ctx context.Context, t *passage) error {
	for i := range t.set.Steps {
		st := &t.set.Steps[i]
		for _, a := range [...]chains.Address{st.From, st.To} {
			p := s.pots[heuristics.Holding{Account: a, Asset: st.Asset}]
			if p == nil || p.dirty {
				continue
			}
			if err := s.compare(ctx, p, t.tx.Block.Height-1); err != nil {
				return err
			}
		}
	}
	return nil
}

// compareLast compares every pot at the last block.
func (s *balances) compareLast(ctx context.Context, asOf chains.BlockRef) error {
	if err := s.compareDirty(ctx); err != nil {
		return err
	}
	for _, p := range s.livePots() {
		if !p.touched() {
			continue
		}
		if err := s.compare(ctx, p, asOf.Height); err != nil {
			return err
		}
		if err := s.compareEnd(ctx, p, asOf.Height); err != nil {
			return err
		}
	}
	return nil
}

// compareEnd compares a pot with the last block alone, where the node has no older ones: what
// differs came or went at any time before.
func (s *balances) compareEnd(ctx context.Context, p *livePot, height int64) error {
	if s.state == nil || s.asks(p.asset) || p.agreed >= height || p.asset.IsValuation() {
		return nil
	}
	told, err := s.balanceAt(ctx, p, height)
	if errors.Is(err, chains.ErrUnsupported) {
		return nil
	}
	if err != nil || told == p.units {
		return err
	}
	from := s.src.From().Height
	return s.adjust(p, told, from, height)
}

// bisections is how often a difference of one pot is looked for to the block before the rest of
// it is said of the whole span: a token that rebases in each block differs in each.
const bisections = 16

// compare finds out where the balance of a pot left what its movements say, up to a height, and
// follows the node: more enters as clean, less leaves by the rule.
func (s *balances) compare(ctx context.Context, p *livePot, height int64) error {
	for n := 0; s.asks(p.asset) && p.agreed < height; n++ {
		told, err := s.balanceAt(ctx, p, height)
		if errors.Is(err, chains.ErrUnsupported) {
			s.lacking.without(p.asset)
			return nil
		}
		if err != nil {
			return err
		}
		if told == p.units {
			p.agreed = height
			return nil
		}
		from, at := p.agreed+1, height
		if p.agreed >= 0 && n < bisections {
			if at, told, err = s.firstDifference(ctx, p, height, told); err != nil {
				return err
			}
			from = at
		}
		if p.agreed < 0 {
			from = at
		}
		if err := s.adjust(p, told, from, at); err != nil {
			return err
		}
		p.agreed = at
	}
	return nil
}

// balanceAt asks for the balance of a pot. ErrUnsupported: the node does not have it.
func (s *balances) balanceAt(ctx context.Context, p *livePot, height int64) (chains.Amount, error) {
	told, err := s.state.BalanceAt(ctx, p.address, p.asset, height)
	if err != nil {
		return told, fmt.Errorf("balance of %s in %s at %d: %w", s.out.codec.FormatAddress(s.chain, p.address), p.asset, height, err)
	}
	return told, nil
}

// firstDifference returns a block at which the balance is not what it was before, and what it is
// then: by bisection, so that of several such blocks it is any.
func (s *balances) firstDifference(ctx context.Context, p *livePot, height int64, told chains.Amount) (int64, chains.Amount, error) {
	low := p.agreed
	for height-low > 1 {
		middle := low + (height-low)/2
		there, err := s.balanceAt(ctx, p, middle)
		if errors.Is(err, chains.ErrUnsupported) {
			s.lacking.without(p.asset)
			return height, told, nil
		}
		if err != nil {
			return height, told, err
		}
		if there == p.units {
			low = middle
		} else {
			height, told = middle, there
		}
	}
	return height, told, nil
}

// adjust makes the pot hold what the node says, and writes the gap.
func (s *balances) adjust(p *livePot, told chains.Amount, from, to int64) error {
	name := s.out.codec.FormatAddress(s.chain, p.address)
	g := Gap{Chain: s.chain, FromHeight: &from, ToHeight: &to}
	if p.units.Less(told) {
		more := told.Minus(p.units)
		g.What = fmt.Sprintf("%s units of %s of %s", more, p.asset, name)
		g.Why = "the node says that it holds so much more than what was seen to come and go"
		g.Effect = "they are unexplained, and count as clean and as newest"
		s.out.gap(g)
		if err := s.out.tally(p.asset).unexplain(more); err != nil {
			return err
		}
		return p.deposit(&bundle{units: more})
	}
	less := p.units.Minus(told)
	g.What = fmt.Sprintf("%s units of %s of %s", less, p.asset, name)
	g.Why = "the node says that it holds so much less than what was seen to come and go"
	g.Effect = "they are unexplained, and leave by the rule: what is traced in them ends here"
	s.out.gap(g)
	b := p.withdraw(less, &s.divider.proportions)
	if !b.touched() {
		return nil
	}
	h := &holding{bundle: b, seq: s.nextSeq(), asset: p.asset, node: p.node, origin: p.origin(), hops: p.hops, balance: true}
	return s.out.end(h, ReasonGap, fmt.Sprintf("unexplained: the balance was less at block %d", to))
}

// overdrawn writes the gap of a pot that pays out more than it was seen to hold.
func (s *balances) overdrawn(t *passage, p *livePot, lack chains.Amount) error {
	if p.asset.IsValuation() {
		s.lacking.valuedIn(p.asset).over++
		return nil
	}
	h := t.tx.Block.Height
	s.out.gap(Gap{Chain: s.chain, FromHeight: &h, ToHeight: &h, TxID: t.txidText(),
		What:   fmt.Sprintf("%s units of %s of %s", lack, p.asset, s.out.codec.FormatAddress(s.chain, p.address)),
		Why:    "the account pays out more than it was seen to hold",
		Effect: "the difference counts as clean and as oldest"})
	return s.out.tally(p.asset).unexplain(lack)
}

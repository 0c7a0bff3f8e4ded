package screen

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"

	"clew/chains"
	"clew/heuristics"
)

// back asks who gave what a step brought.
func (o *accountsWalk) back(ctx context.Context, f *flow) error {
	if err := o.fromPurse(f); err != nil {
		return err
	}
	open := f.claim
	if f.via != nil && !f.start && !o.moment(f, f.step().To) {
		var err error
		if open, err = o.endTraced(f, f.step().To, f.claim, f.hops); err != nil {
			return err
		}
	}
	if open.none() {
		return nil
	}
	st := f.step()
	switch {
	case st.Kind == heuristics.StepTake:
		return o.backThrough(f, open)
	case st.From == "":
		found, note := ofNothing(f.t, st)
		o.finish(f, "", open, walkEnd{found: found, note: note, hops: f.hops + 1})
		return nil
	case !o.moment(f, st.From):
		found, note, err := o.standing(ctx, f.t, st.From, chains.EventBridgeIn)
		if err != nil {
			return err
		}
		if found != nil {
			o.finish(f, st.From, open, walkEnd{found: found, note: note, hops: f.hops + 1})
			return nil
		}
	}
	p, err := o.open(ctx, f, st.From, open, f.hops+1, f.t.place())
	if p == nil || err != nil {
		return err
	}
	return o.draw(p, f, open)
}

// moment reports whether an account passes on what a step moves, in that very transaction.
func (o *accountsWalk) moment(f *flow, a chains.Address) bool {
	return f.t.set.Through[heuristics.Holding{Account: a, Asset: f.step().Asset}]
}

// standing says what ends a walk at an account at the time of a transaction; nil where it goes on.
func (o *accountsWalk) standing(ctx context.Context, t *settled, a chains.Address, crossing chains.EventKind) (*Attribution, string, error) {
	if slices.Contains(o.walking.own, a) {
		return nil, "", nil
	}
	found, err := o.attributed(ctx, a, t.tx.Block.Time)
	if found != nil || err != nil {
		return found, "", err
	}
	r, err := o.role(ctx, t, a)
	if err != nil {
		return nil, "", err
	}
	if e := bridged(t.tx, crossing); e != nil && r == heuristics.RoleContract {
		return byTransaction(Bridge, e.Protocol), "a contract that deals with a bridge here", nil
	}
	found, note := o.byRole(r, a)
	return found, note, nil
}

// open returns the purse of an account; nil where its history is not read as far as upTo, which is
// noted then. hops is how far away the account is.
func (o *accountsWalk) open(ctx context.Context, f *flow, a chains.Address, c claim, hops int, upTo chains.Place) (*purse, error) {
	key := purseKey{account: a, asset: f.step().Asset, group: f.group}
	if o.moment(f, a) {
		key.moment = f.t.tx.ID
		if p := o.purses[key]; p != nil {
			return p, nil
		}
		l := &ledger{}
		_, err := l.take(f.t, a, key.asset, chains.Amount{})
		return o.purse(key, l), err
	}
	h := o.histories[a]
	switch {
	case h != nil && h.reaches(upTo):
		l, err := o.ledger(ctx, a, key.asset)
		return o.purse(key, l), err
	case h != nil && h.busy:
		o.rest(f, c, "it passed an account whose history is longer than a walk reads", "")
		o.gap(Gap{
			Chain: o.chain, What: "what " + o.codec.FormatAddress(o.chain, a) + " did",
			Why:    fmt.Sprintf("more than %d transactions", mostHistory),
			Effect: "what passed this account is not explained",
		})
	case o.budget.Hops > 0 && hops >= o.budget.Hops:
		o.rest(f, c, fmt.Sprintf("it lies more than %d hops away", o.budget.Hops), limitHops)
	default:
		o.rest(f, c, "the budget of the walk was spent before it", cmp.Or(o.meter.ended, limitTransactions))
		o.want(a, c.carried(), upTo)
	}
	return nil, nil
}

// draw asks the purse, back, for what left it with f.
func (o *accountsWalk) draw(p *purse, f *flow, c claim) error {
	i, err := p.l.find(f)
	if err != nil {
		return err
	}
	e := &p.l.entries[i]
	hops, way := f.hops, p.weak
	way.weaken(f.weak)
	if p.moment == (chains.TxID{}) {
		hops++
	}
	var lost claim
	for _, w := range c.pieces {
		if q, ok := w.part(chains.Amount{}, e.lack, chains.Amount{}); ok {
			lost.pieces = append(lost.pieces, q)
		}
		q, ok := w.part(e.lack, e.units, e.lo)
		if !ok {
			continue
		}
		for _, j := range p.l.insFrom(q.lo) {
			in := &p.l.entries[j]
			if !in.lo.Less(q.hi) {
				break
			}
			if r, ok := q.part(in.lo, in.hi, chains.Amount{}); ok {
				o.flow(in.t, in.k, f.group).add(claim{pieces: []piece{r}}, hops, f, way)
			}
		}
	}
	lost.pro = portionOf(c.pro, e.lack, e.units)
	lost.local = portionOf(c.local, e.lack, e.units)
	o.rest(f, lost, "an account had it before what was read of the chain", "")
	if !lost.none() {
		o.gap(Gap{
			Chain: o.chain, TxID: o.txid(f.t.tx.ID), What: "what " + o.codec.FormatAddress(o.chain, p.account) + " held",
			Why:    "it paid out more than what was read of the chain shows it to have had",
			Effect: "where the rest came from is not known, and under fifo what came in later is counted behind it",
		})
	}
	p.add(claim{pro: c.pro.Minus(lost.pro), local: c.local.Minus(lost.local)}, hops, f)
	o.queueIn(p, i)
	return nil
}

// insFrom returns, of entries, what came in from a place of the line on.
func (l *ledger) insFrom(lo chains.Amount) []int {
	return l.ins[sort.Search(len(l.ins), func(j int) bool { return lo.Less(l.entries[l.ins[j]].hi) }):]
}

// queueIn queues the last that came into p before entry i, where anything is asked of it in proportion.
func (o *accountsWalk) queueIn(p *purse, i int) {
	if p.pro.IsZero() {
		return
	}
	if j := sort.SearchInts(p.l.ins, i) - 1; j >= 0 {
		in := &p.l.entries[p.l.ins[j]]
		o.flow(in.t, in.k, p.group)
	}
}

// purseOf returns the purse of an account of what a step moves; nil where nothing was asked of it.
func (o *accountsWalk) purseOf(f *flow, a chains.Address) *purse {
	key := purseKey{account: a, asset: f.step().Asset, group: f.group}
	if o.moment(f, a) {
		key.moment = f.t.tx.ID
	}
	return o.purses[key]
}

// fromPurse asks a step, back, for its part of what is asked in proportion of the purse that it filled:
// what it brought over what was there then.
func (o *accountsWalk) fromPurse(f *flow) error {
	p := o.purseOf(f, f.step().To)
	if p == nil || p.pro.IsZero() {
		return nil
	}
	i, err := p.l.find(f)
	if err != nil {
		return err
	}
	e := &p.l.entries[i]
	then, err := e.held.Add(e.units)
	if err != nil {
		return fmt.Errorf("what an account held: %w", err)
	}
	part := claim{pro: portionOf(p.pro, e.units, then), local: portionOf(p.local, e.units, then)}
	p.pro, p.local = p.pro.Minus(part.pro), p.local.Minus(part.local)
	if !part.pro.IsZero() {
		f.add(part, p.hops, p.best, p.weak)
	}
	o.queueIn(p, i)
	return nil
}

// backThrough asks what a conversion was given for what a step took out of it.
func (o *accountsWalk) backThrough(f *flow, c claim) error {
	conv, units := &f.t.set.Conversions[f.step().Conversion], f.step().Units
	gives := stepsOf(f.t, f.step().Conversion, heuristics.StepGive)
	shares, known := weigh(units, conv.Weights, len(gives))
	switch {
	case conv.Made:
		o.finish(f, conv.Venue, c, walkEnd{
			found: byTransaction(Contract, ""), hops: f.hops + 1,
			note: "what was received was made in this very transaction: a share in a vault or a pool, or a token that is worth nothing",
		})
		return nil
	case !known:
		o.unweighed(f, c)
		return nil
	}
	var up chains.Amount
	left := c
	for i, k := range gives {
		lo := up
		up = up.Plus(shares[i])
		given := f.t.set.Steps[k].Units
		var part claim
		for _, w := range c.pieces {
			if q, ok := w.part(lo, up, chains.Amount{}); ok {
				part.pieces = append(part.pieces, q.before(given, shares[i]))
			}
		}
		part.pro = left.pro
		if rest := units.Minus(lo); i < len(gives)-1 && !rest.IsZero() {
			part.pro = portionOf(left.pro, shares[i], rest)
		}
		left.pro = left.pro.Minus(part.pro)
		part.local = portionOf(given, chains.Min(c.local, units), units)
		if !part.none() {
			o.flow(f.t, k, f.group).add(part, f.hops, f, f.weak)
		}
	}
	return nil
}

// unweighed leaves what a conversion gives for several assets of which nobody tells what they were worth.
func (o *accountsWalk) unweighed(f *flow, c claim) {
	o.rest(f, c, "it was exchanged for several assets, or several for it, and nobody tells what each was worth", "")
	o.gap(Gap{
		Chain: o.chain, TxID: o.txid(f.t.tx.ID), What: "an exchange of several assets",
		Why: "its venue does not tell what each of them was worth", Effect: "what passed through it is not explained",
	})
}

// stepsOf returns the steps of a kind of a conversion, in order.
func stepsOf(t *settled, conversion int, kind heuristics.StepKind) (ks []int) {
	for k := range t.set.Steps {
		if st := &t.set.Steps[k]; st.Kind == kind && st.Conversion == conversion {
			ks = append(ks, k)
		}
	}
	return ks
}

// weigh divides units over what was given, by weight: ⌊units·W₁…ᵢ/W⌋ − ⌊units·W₁…ᵢ₋₁/W⌋, as a trace
// does. known is false where nobody tells the weights of several.
func weigh(units chains.Amount, weights []chains.Amount, n int) (shares []chains.Amount, known bool) {
	if n == 1 {
		return []chains.Amount{units}, true
	}
	if len(weights) != n {
		return nil, false
	}
	var sum, up, before chains.Amount
	for _, w := range weights {
		var err error
		if sum, err = sum.Add(w); err != nil {
			return nil, false
		}
	}
	if sum.IsZero() {
		return nil, false
	}
	for _, w := range weights {
		up = up.Plus(w)
		part, _ := units.MulDiv(up, sum)
		shares = append(shares, part.Minus(before))
		before = part
	}
	return shares, true
}

package screen

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"clew/chains"
	"clew/heuristics"
	"clew/tracer"
)

// ahead asks where a step brings value.
func (o *accountsWalk) ahead(ctx context.Context, f *flow) error {
	if err := o.outOfPurse(f); err != nil || f.none() {
		return err
	}
	st := f.step()
	switch {
	case st.Kind == heuristics.StepGive:
		return o.aheadThrough(f)
	case st.Kind == heuristics.StepFee || st.To == "":
		found, note := intoNothing(f.t, st)
		o.finish(f, "", f.claim, walkEnd{found: found, note: note, hops: f.hops})
		return nil
	}
	open := f.claim
	if !o.moment(f, st.To) {
		var err error
		if !f.start {
			open, err = o.endTraced(f, st.To, open, f.hops)
		}
		if err != nil || open.none() {
			return err
		}
		found, note, err := o.standing(ctx, f.t, st.To, chains.EventBridgeOut)
		if err != nil {
			return err
		}
		if found != nil {
			o.finish(f, st.To, open, walkEnd{found: found, note: note, hops: f.hops})
			return nil
		}
	}
	p, err := o.open(ctx, f, st.To, open, f.hops, o.end)
	if p == nil || err != nil {
		return err
	}
	i, err := p.l.find(f)
	if err != nil {
		return err
	}
	e := &p.l.entries[i]
	var in claim
	for _, w := range open.pieces {
		if q, ok := w.part(chains.Amount{}, e.units, e.lo); ok {
			in.pieces = append(in.pieces, q)
		}
	}
	in.pro, in.local = open.pro, open.local
	p.add(in, f.hops, f)
	o.queueOut(p, i)
	return nil
}

// queueOut queues the first that leaves p behind entry i.
func (o *accountsWalk) queueOut(p *purse, i int) {
	if p.none() {
		return
	}
	for j := i + 1; j < len(p.l.entries); j++ {
		if e := &p.l.entries[j]; e.out {
			o.flow(e.t, e.k, p.group)
			return
		}
	}
}

// outOfPurse asks a step, ahead, for what it takes out of the purse that it leaves.
func (o *accountsWalk) outOfPurse(f *flow) error {
	if f.step().From == "" {
		return nil
	}
	p := o.purseOf(f, f.step().From)
	if p == nil || p.none() {
		return nil
	}
	i, err := p.l.find(f)
	if err != nil {
		return err
	}
	e := &p.l.entries[i]
	hops := p.hops
	if p.moment == (chains.TxID{}) {
		hops++
	}
	var out claim
	var kept []piece
	for _, w := range p.pieces {
		if q, ok := w.part(e.lo, e.hi, e.lack); ok {
			out.pieces = append(out.pieces, q)
		}
		if q, ok := w.part(chains.Amount{}, e.lo, chains.Amount{}); ok {
			kept = append(kept, q)
		}
		if q, ok := w.part(e.hi, w.hi, e.hi); ok {
			kept = append(kept, q)
		}
	}
	p.pieces = kept
	if taken := e.units.Minus(e.lack); !e.held.IsZero() {
		out.pro, out.local = portionOf(p.pro, taken, e.held), portionOf(p.local, taken, e.held)
		p.pro, p.local = p.pro.Minus(out.pro), p.local.Minus(out.local)
	}
	if !out.none() {
		f.add(out, hops, p.best, p.weak)
	}
	o.queueOut(p, i)
	return nil
}

// aheadThrough asks what a conversion gave for what a step gave to it.
func (o *accountsWalk) aheadThrough(f *flow) error {
	conv := &f.t.set.Conversions[f.step().Conversion]
	gives := stepsOf(f.t, f.step().Conversion, heuristics.StepGive)
	takes := stepsOf(f.t, f.step().Conversion, heuristics.StepTake)
	if conv.Made {
		o.finish(f, conv.Venue, f.claim, walkEnd{
			found: byTransaction(Contract, ""), hops: f.hops,
			note: "what was received for it was made in this very transaction: a share in a vault or a pool, or a token that is worth nothing",
		})
		return nil
	}
	if len(takes) != 1 {
		o.unweighed(f, f.claim)
		return nil
	}
	took := f.t.set.Steps[takes[0]].Units
	shares, known := weigh(took, conv.Weights, len(gives))
	if !known || !counts(&f.t.set.Steps[takes[0]]) {
		o.unweighed(f, f.claim)
		return nil
	}
	i := slices.Index(gives, f.k)
	var base chains.Amount
	for _, s := range shares[:i] {
		base = base.Plus(s)
	}
	given := f.step().Units
	var got, vain claim
	for _, w := range f.pieces {
		q, ok := w.after(given, shares[i])
		if !ok {
			vain.pieces = append(vain.pieces, w)
			continue
		}
		q.lo, q.hi = q.lo.Plus(base), q.hi.Plus(base)
		got.pieces = append(got.pieces, q)
	}
	got.pro = f.pro
	got.local = portionOf(shares[i], chains.Min(f.local, given), given)
	if shares[i].IsZero() {
		vain.pro, got.pro = f.pro, chains.Amount{}
	}
	o.rest(f, vain, "in an exchange it became less than one unit", "")
	if !got.none() {
		o.flow(f.t, takes[0], f.group).add(got, f.hops, f, f.weak)
	}
	return nil
}

// rests ends what lies where it came to.
func (o *accountsWalk) rests() {
	for _, p := range o.made {
		if p.none() {
			continue
		}
		e := walkEnd{still: true, note: "it has not moved since", hops: p.hops}
		if p.moment != (chains.TxID{}) {
			e = walkEnd{found: byTransaction(Contract, ""), note: "the contract kept it of what it passed on", hops: p.hops}
		}
		o.finish(p.best, p.account, p.claim, e)
	}
}

// endTraced ends, at what an account received in a transaction, what incidents trace all of, and returns
// what is left of the claim.
func (o *accountsWalk) endTraced(f *flow, a chains.Address, c claim, hops int) (claim, error) {
	hits, sum, err := o.traced(Place{Chain: o.chain, Tx: f.t.tx.ID, Account: a, Asset: f.step().Asset})
	if err != nil || len(hits) == 0 {
		return c, err
	}
	var whole chains.Amount
	for k := range f.t.set.Steps {
		if st := &f.t.set.Steps[k]; st.To == a && st.Asset == f.step().Asset && counts(st) {
			if whole, err = whole.Add(st.Units); err != nil {
				return c, fmt.Errorf("what an account received: %w", err)
			}
		}
	}
	var ended claim
	if !sum.FIFO.Less(whole) {
		ended.pieces, c.pieces = c.pieces, nil
	}
	if !sum.ProRata.Less(whole) {
		ended.pro, ended.local, c.pro, c.local = c.pro, c.local, chains.Amount{}, chains.Amount{}
	}
	o.finish(f, a, ended, walkEnd{hits: hits, hops: hops})
	return c, nil
}

// finish writes what ends at an account, met over a step.
func (o *accountsWalk) finish(f *flow, a chains.Address, c claim, e walkEnd) {
	if e.units = c.units(); c.none() || e.units.FIFO.IsZero() && e.units.ProRata.IsZero() {
		return
	}
	e.asset, e.evidence, e.basis = o.assets[f.group], f.evidence, Split[tracer.Basis]{FIFO: f.basis, ProRata: f.basis}
	e.at = Place{Chain: o.chain, Tx: f.t.tx.ID, Account: a, Asset: f.step().Asset}
	units := e.units
	e.way = func(most int) Path { return o.way(f, units, most) }
	o.out.ends = append(o.out.ends, e)
}

func (o *accountsWalk) rest(f *flow, c claim, why, limit string) {
	if !c.none() {
		o.out.rests = append(o.out.rests, walkRest{o.assets[f.group], c.units(), why, limit})
	}
}

// gap writes a gap, once.
func (o *accountsWalk) gap(g Gap) {
	key := g.TxID + " " + g.What
	if !o.told[key] {
		o.told[key] = true
		o.out.gaps = append(o.out.gaps, g)
	}
}

// way returns the largest way from the step at which value ends back to a start. Its units are at most
// those that came this way: the least that is asked of any of its steps.
func (o *accountsWalk) way(f *flow, units Split[chains.Amount], most int) Path {
	p := Path{Units: units}
	w := strongest
	var flows []*flow
	for ; f != nil; f = f.via {
		flows = append(flows, f)
		of := f.units()
		p.Units = Split[chains.Amount]{FIFO: chains.Min(p.Units.FIFO, of.FIFO), ProRata: chains.Min(p.Units.ProRata, of.ProRata)}
		w.weaken(f.weak)
	}
	p.Evidence = w.evidence.String()
	if o.forward {
		slices.Reverse(flows)
	}
	steps := make([]Step, len(flows))
	p.Hops = len(flows)
	for i, f := range flows {
		steps[i] = o.movement(f, p.Units)
		steps[i].Basis = w.basis.String()
	}
	p.Steps, p.Omitted = shorten(steps, most)
	return p
}

// movement is a step as a path shows it, of which units of the starts are what the path is about.
func (o *accountsWalk) movement(f *flow, units Split[chains.Amount]) Step {
	st, tx := f.step(), f.t.tx
	s := Step{
		Chain: o.chain, TxID: o.txid(tx.ID), Height: tx.Block.Height, Asset: st.Asset, Units: st.Units,
		Time: time.Unix(tx.Block.Time, 0).UTC().Format(time.RFC3339), Carried: f.carriedHere(units),
	}
	from, to := st.From, st.To
	if st.Conversion >= 0 {
		venue := f.t.set.Conversions[st.Conversion].Venue
		switch st.Kind {
		case heuristics.StepGive, heuristics.StepFee:
			to = venue
		case heuristics.StepTake:
			from = venue
		}
	}
	s.From, s.To = o.formatted(from), o.formatted(to)
	s.Evidence = weakStep(f.t, f.k).evidence.String()
	return s
}

// carriedHere is what units of the starts are at a step, in its own asset.
func (f *flow) carriedHere(units Split[chains.Amount]) (here Split[chains.Amount]) {
	var local chains.Amount
	for _, p := range f.pieces {
		local = local.Plus(p.hi.Minus(p.lo))
	}
	if all := sumPieces(f.pieces); !all.IsZero() {
		here.FIFO = portionOf(local, chains.Min(units.FIFO, all), all)
	}
	if !f.pro.IsZero() {
		here.ProRata = portionOf(f.local, chains.Min(units.ProRata, f.pro), f.pro)
	}
	return here
}

func (o *accountsWalk) formatted(a chains.Address) string {
	if a == "" {
		return ""
	}
	return strings.Clone(o.codec.FormatAddress(o.chain, a))
}

// txid writes a transaction's id as chains of accounts do.
func (o *accountsWalk) txid(id chains.TxID) string { return "0x" + id.String() }

package screen

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"clew/chains"
	"clew/heuristics"
	"clew/tracer"
)

// sum asks again, over all that was read and in the order of the chain: each transaction once, with
// all that is asked of it.
func (o *outputsWalk) sum(ctx context.Context) error {
	for _, s := range o.spots {
		s.asked = asked{fifo: s.fifo[:0]}
	}
	for _, s := range o.starts {
		if s.value > 0 {
			s.add(stretch{0, s.value})
			s.pro = s.value
		}
	}
	slices.SortFunc(o.order, func(a, b *knot) int {
		if o.forward {
			a, b = b, a
		}
		return cmp.Or(cmp.Compare(b.tx.Block.Height, a.tx.Block.Height), cmp.Compare(b.tx.Index, a.tx.Index))
	})
	for _, k := range o.order {
		if !k.passed { // a start's own, which the budget did not reach: what is asked stays with the start
			continue
		}
		k.hops = k.nearest()
		if _, err := o.spread(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

// nearest is how many hops away k is; 0 where nothing is asked of it.
func (k *knot) nearest() (hops int) {
	for _, s := range k.entry {
		if open := s.open(); !open.none() && (hops == 0 || s.hops+1 < hops) {
			hops = s.hops + 1
		}
	}
	return hops
}

// again reports whether more is to be read, as the sums show, and puts it into the heap.
func (o *outputsWalk) again() bool {
	if o.meter.ended != "" {
		return false
	}
	for _, s := range o.spots {
		if (s.knot == nil || !s.knot.passed) && (o.budget.Hops == 0 || s.hops < o.budget.Hops) {
			o.push(s)
		}
	}
	return len(o.wanted) > 0
}

// report says what the sums show.
func (o *outputsWalk) report() (*walked, error) {
	o.out.whole = []walkedValue{{chains.Native, chains.Units(o.whole)}}
	for _, s := range o.spots {
		o.reportSpot(s)
	}
	for _, k := range o.order {
		if !k.passed || k.asks.none() {
			continue
		}
		o.out.deepest = max(o.out.deepest, k.hops)
		if k.kind != knotPlain {
			o.reportKnot(k)
		}
		if !k.back.none() {
			at := slices.IndexFunc(k.entry, func(s *spot) bool { return s.start })
			o.end(k.entry[at], nil, k.back, walkEnd{found: byTransaction(Other, ""), note: cameBack, hops: k.hops})
		}
	}
	return &o.out, o.balanced()
}

// balanced checks that nothing was lost or made: a defect of the program.
func (o *outputsWalk) balanced() error {
	var sum Split[chains.Amount]
	add := func(u Split[chains.Amount]) {
		sum.FIFO, sum.ProRata = sum.FIFO.Plus(u.FIFO), sum.ProRata.Plus(u.ProRata)
	}
	for i := range o.out.ends {
		add(o.out.ends[i].units)
	}
	for i := range o.out.rests {
		add(o.out.rests[i].units)
	}
	if whole := chains.Units(o.whole); sum.FIFO != whole || sum.ProRata != whole {
		return fmt.Errorf("the sums do not add up: %s units under fifo and %s under prorata were found of %d (a defect of this program)", sum.FIFO, sum.ProRata, o.whole)
	}
	return nil
}

// reportSpot says what ends at a spot.
func (o *outputsWalk) reportSpot(s *spot) {
	if s.none() {
		return
	}
	if f := s.fate; f != nil {
		var byHits, byFound asked
		if f.fifo {
			byHits.fifo = s.fifo
		} else if f.found != nil {
			byFound.fifo = s.fifo
		}
		if f.pro {
			byHits.pro = s.pro
		} else if f.found != nil {
			byFound.pro = s.pro
		}
		o.end(s, nil, byHits, walkEnd{hits: f.hits, hops: s.hops})
		o.end(s, nil, byFound, walkEnd{found: f.found, note: f.note, hops: s.hops})
	}
	open := s.open()
	switch {
	case open.none() || s.knot != nil && s.knot.passed:
	case s.missed && o.forward && o.complete(s):
		o.end(s, nil, open, walkEnd{still: true, note: "it has not moved since", hops: s.hops})
	case s.missed && o.forward:
		o.rest(open, "what was read of the chain has a hole behind it: it may have been spent there", "")
	case s.missed:
		o.rest(open, "it came from transactions that lie outside of what was read of the chain", "")
	case o.budget.Hops > 0 && s.hops >= o.budget.Hops:
		o.rest(open, fmt.Sprintf("it lies more than %d hops away", o.budget.Hops), limitHops)
	default:
		o.rest(open, "the budget of the walk was spent before it", o.meter.ended)
	}
}

// complete reports whether all blocks from the one that made s on were read.
func (o *outputsWalk) complete(s *spot) bool {
	return len(o.spans) > 0 && s.height >= o.spans[len(o.spans)-1].From
}

// reportKnot says what ends in a transaction.
func (o *outputsWalk) reportKnot(k *knot) {
	e := walkEnd{hops: k.hops}
	switch k.kind {
	case knotCoinbase:
		e.found, e.note = byTransaction(Mining, ""), "newly issued coins, with the fees of their block"
	case knotMix:
		e.found = byTransaction(Mixer, strings.TrimPrefix(string(k.mix), "coinjoin/"))
		for _, f := range heuristics.Identify(k.tx, heuristics.Facts{}) {
			e.note = f.Says
		}
	}
	for _, s := range k.entry {
		o.endOrRest(s, k, s.open(), e)
	}
}

// endOrRest ends what is asked of a transaction, or leaves it, where an input's value is not known.
func (o *outputsWalk) endOrRest(s *spot, k *knot, a asked, e walkEnd) {
	if e.found != nil {
		o.end(s, k, a, e)
		return
	}
	o.rest(a, "it passed through a transaction with an input whose value is not known", "")
	if !a.none() && !o.lost[k.tx.ID] {
		o.lost[k.tx.ID] = true
		o.out.gaps = append(o.out.gaps, Gap{
			Chain: o.chain, TxID: k.tx.ID.String(), What: fmt.Sprintf("the value of input %d (%s)", k.unknown, k.tx.Inputs[k.unknown].Prev),
			Why:    "the store does not have the transaction that made it, and nobody told what it spends",
			Effect: "what passed through this transaction is not explained",
		})
	}
}

// end writes what ends at a spot or, where in is not nil, in a transaction beyond it.
func (o *outputsWalk) end(s *spot, in *knot, a asked, e walkEnd) {
	if a.none() {
		return
	}
	w := s.weak
	if in != nil {
		w.weaken(in.weak)
	}
	e.asset, e.evidence, e.basis = chains.Native, w.evidence, Split[tracer.Basis]{FIFO: w.basis, ProRata: w.basis}
	e.units = Split[chains.Amount]{FIFO: chains.Units(a.first()), ProRata: chains.Units(a.pro)}
	e.at = Place{Chain: o.chain, Tx: s.at.Tx, Vout: s.at.Index, Asset: chains.Native}
	e.way = func(most int) Path { return o.way(s, in, a, most) }
	o.out.ends = append(o.out.ends, e)
}

func (o *outputsWalk) rest(a asked, why, limit string) {
	if !a.none() {
		o.out.rests = append(o.out.rests, walkRest{chains.Native, Split[chains.Amount]{FIFO: chains.Units(a.first()), ProRata: chains.Units(a.pro)}, why, limit})
	}
}

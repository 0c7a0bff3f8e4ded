package screen

import (
	"bytes"
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"slices"
	"strings"

	"clew/chains"
	"clew/heuristics"
	"clew/tracer"
)

// accountsWalk is a walk on a chain of accounts. heuristics.Settle says what a transaction did to its
// parties: value passes through steps, and between them it lies in purses.
//
// It is made in rounds. Each asks again, step by step in the order of the chain, over what is read; what
// is asked of accounts whose history is not read decides whose is read next: those that carry most, and
// those that carry at least half as much.
type accountsWalk struct {
	*accountBooks
	forward bool
	starts  []walkStart
	laid    []laid
	assets  []chains.Asset // of the starts
	whole   []chains.Amount
	end     chains.Place // behind the last transaction

	steps  map[stepKey]*flow
	purses map[purseKey]*purse
	made   []*purse // purses, in the order in which they came to be
	queue  flowHeap
	wanted map[chains.Address]*wantedHistory
	told   map[string]bool // gaps that were written
	out    walked
}

// laid is a step at which value of the starts lies.
type laid struct {
	t     *settled
	k     int
	group int // of assets
}

type stepKey struct {
	tx    chains.TxID
	k     int
	group int
}

// claim is how much is asked for: units of the line, and of the starts in proportion.
type claim struct {
	pieces []piece
	pro    chains.Amount // of the starts
	local  chains.Amount // what pro is here, rounded; for people
}

func (c *claim) none() bool { return c.pro.IsZero() && len(c.pieces) == 0 }

// carried is the larger of both rules, in units of the starts.
func (c *claim) carried() chains.Amount { return chains.Max(sumPieces(c.pieces), c.pro) }

func (c *claim) units() Split[chains.Amount] {
	return Split[chains.Amount]{FIFO: sumPieces(c.pieces), ProRata: c.pro}
}

// flow is what is asked of a step.
type flow struct {
	claim
	t      *settled
	k      int
	group  int
	hops   int   // transactions between it and the starts
	via    *flow // over which most of it came; nil at a start
	most   chains.Amount
	weak   // over all ways from the starts
	start  bool
	queued bool
}

func (f *flow) step() *heuristics.Step { return &f.t.set.Steps[f.k] }

// purseKey names what an account holds of an asset; moment is the transaction where it passes all on.
type purseKey struct {
	account chains.Address
	asset   chains.Asset
	group   int
	moment  chains.TxID
}

// purse is what is asked of what an account holds, while a round goes along its ledger.
type purse struct {
	claim
	purseKey
	l     *ledger
	hops  int
	best  *flow // that asked for most
	most  chains.Amount
	asked bool
	weak
}

// wantedHistory is what is asked of an account whose history is not read as far as that.
type wantedHistory struct {
	a     chains.Address
	units chains.Amount
	upTo  chains.Place
}

func walkAccounts(ctx context.Context, w *walking, m *meter, starts []walkStart, forward bool) (*walked, error) {
	o := &accountsWalk{
		accountBooks: newAccountBooks(w, m),
		forward:      forward,
	}
	_, last := w.facts.Covered()
	o.end = chains.Place{Height: last.Height + 1}
	for _, s := range starts {
		if s.Tx == nil {
			o.read++
			var err error
			if s.Tx, err = w.facts.Tx(ctx, s.Place.Tx); err != nil {
				return nil, err
			}
		}
		o.starts = append(o.starts, s)
		if _, err := o.settle(ctx, s.Tx); err != nil {
			return nil, err
		}
		o.pinned[s.Tx.ID] = true
	}
	for {
		if err := o.round(ctx); err != nil {
			return nil, err
		}
		more, err := o.readMore(ctx)
		if err != nil {
			return nil, err
		}
		if !more {
			return &o.out, o.balanced()
		}
	}
}

// lay finds the steps of a start.
func (o *accountsWalk) lay(ctx context.Context, s walkStart) error {
	t, err := o.settle(ctx, s.Tx)
	if err != nil {
		return err
	}
	g := slices.Index(o.assets, s.Place.Asset)
	if g < 0 {
		g = len(o.assets)
		o.assets, o.whole = append(o.assets, s.Place.Asset), append(o.whole, chains.Amount{})
	}
	for k := range t.set.Steps {
		st := &t.set.Steps[k]
		if st.Asset != s.Place.Asset || st.To != s.Place.Account || !arrives(t, st) {
			continue
		}
		o.laid = append(o.laid, laid{t, k, g})
		if o.whole[g], err = o.whole[g].Add(st.Units); err != nil {
			return fmt.Errorf("the value of the starts: %w", err)
		}
	}
	return nil
}

// flowHeap orders steps as the chain does; back, the last comes first.
type flowHeap struct {
	flows   []*flow
	forward bool
}

func (h *flowHeap) Len() int { return len(h.flows) }
func (h *flowHeap) Less(i, j int) bool {
	a, b := h.flows[i], h.flows[j]
	if !h.forward {
		a, b = b, a
	}
	p, q := a.t.place(), b.t.place()
	return cmp.Or(cmp.Compare(p.Height, q.Height), cmp.Compare(p.Index, q.Index), cmp.Compare(a.k, b.k), cmp.Compare(a.group, b.group)) < 0
}
func (h *flowHeap) Swap(i, j int) { h.flows[i], h.flows[j] = h.flows[j], h.flows[i] }

// Push and Pop are of heap.Interface.
func (h *flowHeap) Push(x any) { h.flows = append(h.flows, x.(*flow)) }

// Pop removes the last one.
func (h *flowHeap) Pop() any {
	last := len(h.flows) - 1
	f := h.flows[last]
	h.flows = h.flows[:last]
	return f
}

// round asks over all that is read.
func (o *accountsWalk) round(ctx context.Context) error {
	o.steps, o.purses, o.made = map[stepKey]*flow{}, map[purseKey]*purse{}, nil
	o.wanted, o.told = map[chains.Address]*wantedHistory{}, map[string]bool{}
	o.queue = flowHeap{forward: o.forward}
	o.out, o.laid, o.assets, o.whole = walked{}, nil, nil, nil
	for _, s := range o.starts {
		if err := o.lay(ctx, s); err != nil {
			return err
		}
	}
	for g, asset := range o.assets {
		o.out.whole = append(o.out.whole, walkedValue{asset, o.whole[g]})
	}
	for _, l := range o.laid {
		units := l.t.set.Steps[l.k].Units
		f := o.flow(l.t, l.k, l.group)
		f.start, f.hops = true, 0
		f.pieces = append(f.pieces, piece{hi: units})
		f.pro, f.local = f.pro.Plus(units), f.local.Plus(units)
	}
	for o.queue.Len() > 0 {
		f := heap.Pop(&o.queue).(*flow)
		f.queued = false
		o.out.deepest = max(o.out.deepest, f.hops)
		next := o.back
		if o.forward {
			next = o.ahead
		}
		if err := next(ctx, f); err != nil {
			return fmt.Errorf("transaction %s: %w", f.t.tx.ID, err)
		}
	}
	if o.forward {
		o.rests()
	}
	return nil
}

// flow returns what is asked of a step, which is in the queue then.
func (o *accountsWalk) flow(t *settled, k, group int) *flow {
	key := stepKey{t.tx.ID, k, group}
	f := o.steps[key]
	if f == nil {
		f = &flow{t: t, k: k, group: group, hops: -1, weak: weakStep(t, k)}
		o.steps[key] = f
	}
	if !f.queued {
		f.queued = true
		heap.Push(&o.queue, f)
	}
	return f
}

// weakStep is how well a step is known, by itself.
func weakStep(t *settled, k int) weak {
	st := &t.set.Steps[k]
	w := weak{evidence: t.tx.Evidence}
	for _, i := range st.Moves {
		w.evidence = min(w.evidence, t.tx.Exec.Moves[i].Evidence)
	}
	if st.Conversion >= 0 && st.Kind != heuristics.StepFee {
		if kind := t.set.Conversions[st.Conversion].Kind; kind != heuristics.KindWrap && kind != heuristics.KindUnwrap {
			w.basis = tracer.Conversion
		}
	}
	return w
}

// add asks c of a step too, which came over via, or over several of which w is the weakest.
func (f *flow) add(c claim, hops int, via *flow, w weak) {
	f.pieces = append(f.pieces, c.pieces...)
	f.pro, f.local = f.pro.Plus(c.pro), f.local.Plus(c.local)
	if f.start {
		return
	}
	if f.hops < 0 || hops < f.hops {
		f.hops = hops
	}
	f.weaken(w)
	if units := c.carried(); f.via == nil || f.most.Less(units) {
		f.via, f.most = via, units
	}
}

// purse returns what is asked of what an account holds.
func (o *accountsWalk) purse(key purseKey, l *ledger) *purse {
	p := o.purses[key]
	if p == nil {
		p = &purse{purseKey: key, l: l, weak: strongest}
		if l.mixed() {
			p.basis = tracer.ByRule
		}
		o.purses[key] = p
		o.made = append(o.made, p)
	}
	return p
}

// add asks c of the purse too, in proportion or, forward, in its line; f is the step that does.
func (p *purse) add(c claim, hops int, f *flow) {
	p.pieces = append(p.pieces, c.pieces...)
	p.pro, p.local = p.pro.Plus(c.pro), p.local.Plus(c.local)
	if !p.asked || hops < p.hops {
		p.hops = hops
	}
	p.asked = true
	p.weaken(f.weak)
	if units := f.carried(); p.best == nil || p.most.Less(units) {
		p.best, p.most = f, units
	}
}

// want notes that an account's history is to be read up to a place.
func (o *accountsWalk) want(a chains.Address, units chains.Amount, upTo chains.Place) {
	w := o.wanted[a]
	if w == nil {
		w = &wantedHistory{a: a, upTo: upTo}
		o.wanted[a] = w
	}
	w.units = w.units.Plus(units)
	if w.upTo.Before(upTo) {
		w.upTo = upTo
	}
}

// readMore reads the histories that carry most, and reports whether any was read.
func (o *accountsWalk) readMore(ctx context.Context) (bool, error) {
	all := make([]*wantedHistory, 0, len(o.wanted))
	for _, w := range o.wanted {
		all = append(all, w)
	}
	slices.SortFunc(all, func(a, b *wantedHistory) int {
		return cmp.Or(b.units.Cmp(a.units), bytes.Compare([]byte(a.a), []byte(b.a)))
	})
	read := false
	for _, w := range all {
		if half, _ := all[0].units.MulDiv(chains.Units(1), chains.Units(2)); w.units.Less(half) || o.spent() {
			break
		}
		o.follow(w.a)
		if err := o.load(ctx, w.a, w.upTo); err != nil {
			return false, err
		}
		read = true
	}
	return read, nil
}

// balanced checks that nothing was lost or made: a defect of the program.
func (o *accountsWalk) balanced() error {
	for g, asset := range o.assets {
		var fifo, pro chains.Amount
		add := func(of chains.Asset, u Split[chains.Amount]) {
			if of == asset {
				fifo, pro = fifo.Plus(u.FIFO), pro.Plus(u.ProRata)
			}
		}
		for i := range o.out.ends {
			add(o.out.ends[i].asset, o.out.ends[i].units)
		}
		for i := range o.out.rests {
			add(o.out.rests[i].asset, o.out.rests[i].units)
		}
		if fifo != o.whole[g] || pro != o.whole[g] {
			return fmt.Errorf("the sums do not add up: %s units of %s under fifo and %s under prorata were found of %s (a defect of this program)", fifo, strings.Clone(string(asset)), pro, o.whole[g])
		}
	}
	return nil
}

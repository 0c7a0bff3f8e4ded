package screen

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"slices"

	"clew/chains"

	"clew/tracer"
)

// outputsWalk is a walk on a chain of outputs. Value lies in spots and passes through knots.
type outputsWalk struct {
	*walking
	*meter
	forward  bool
	starts   []*spot
	atStart  map[chains.OutPoint]*spot
	knots    map[chains.TxID]*knot
	order    []*knot                   // in which value is followed: back the latest first
	spentBy  map[chains.OutPoint]*knot // forward, of knots with several inputs
	spots    []*spot                   // all
	wanted   spotHeap
	portions []portion
	spans    []chains.Span
	out      walked
	whole    uint64
	absent   map[chains.TxID]bool // back, transactions that were looked for in vain
	lost     map[chains.TxID]bool // knots with an input of unknown value that a gap names
}

// spot is an output in which value lies.
type spot struct {
	asked  // as far as it is known
	at     chains.OutPoint
	value  uint64
	addr   chains.Address
	form   chains.ScriptType
	height int64  // forward, of the transaction that made it
	by     *knot  // where the walk came from; nil at a start
	slot   int    // of by
	knot   *knot  // where it goes on: back, what made it; forward, what spends it; nil: not read
	start  bool   //
	hops   int    // transactions between it and the starts
	missed bool   // nothing that was read makes it, or spends it
	due    uint64 // what it stands in the heap with; 0: it does not
	fate   *fate  // nil: not asked yet
	weak          // over all ways from the starts
}

// weak is the weakest that is known of a way: evidence of its movements, basis of its amounts.
type weak struct {
	evidence chains.Evidence
	basis    tracer.Basis
}

// weaken makes w as weak as o.
func (w *weak) weaken(o weak) {
	w.evidence, w.basis = min(w.evidence, o.evidence), max(w.basis, o.basis)
}

// strongest is what nothing has weakened.
var strongest = weak{chains.EvidenceProven, tracer.Whole}

// fate is what is known of a spot.
type fate struct {
	found *Attribution // ends both rules, but where hits do
	note  string
	hits  []Hit
	fifo  bool // hits are all that lies there
	pro   bool
}

// ends reports whether a rule goes no further.
func (f *fate) endsFIFO() bool { return f != nil && (f.found != nil || f.fifo) }
func (f *fate) endsPro() bool  { return f != nil && (f.found != nil || f.pro) }

// open is what of the asked goes on.
func (s *spot) open() asked {
	a := s.asked
	if s.fate.endsFIFO() {
		a.fifo = nil
	}
	if s.fate.endsPro() {
		a.pro = 0
	}
	return a
}

func walkOutputs(ctx context.Context, w *walking, m *meter, starts []walkStart, forward bool) (*walked, error) {
	o := &outputsWalk{
		walking: w, meter: m, forward: forward,
		atStart: map[chains.OutPoint]*spot{}, knots: map[chains.TxID]*knot{}, spentBy: map[chains.OutPoint]*knot{}, absent: map[chains.TxID]bool{}, lost: map[chains.TxID]bool{},
	}
	o.spans, _ = w.facts.Covered()
	if err := o.begin(ctx, starts); err != nil {
		return nil, err
	}
	for {
		if err := o.explore(ctx); err != nil {
			return nil, err
		}
		if err := o.sum(ctx); err != nil {
			return nil, err
		}
		if !o.again() {
			break
		}
	}
	return o.report()
}

// begin lays the starts.
func (o *outputsWalk) begin(ctx context.Context, starts []walkStart) error {
	for _, s := range starts {
		tx, err := o.startTx(ctx, s)
		if err != nil {
			return err
		}
		if int64(s.Place.Vout) >= int64(len(tx.Outputs)) {
			return fmt.Errorf("output %d of %s, which has %d: %w", s.Place.Vout, tx.ID, len(tx.Outputs), chains.ErrNotFound)
		}
		at := chains.OutPoint{Tx: tx.ID, Index: s.Place.Vout}
		if o.atStart[at] != nil {
			return fmt.Errorf("%s is a start twice", at)
		}
		out := &tx.Outputs[at.Index]
		sp := &spot{at: at, value: out.Value, addr: out.Address, form: out.Type, height: tx.Block.Height, start: true, weak: strongest}
		if err := o.count(out.Value); err != nil {
			return err
		}
		o.atStart[at] = sp
		o.starts, o.spots = append(o.starts, sp), append(o.spots, sp)
		if !o.forward {
			if err := o.tie(sp, tx); err != nil {
				return err
			}
		}
		o.ask(sp)
	}
	return nil
}

// count adds to the value of the starts.
func (o *outputsWalk) count(units uint64) error {
	if o.whole+units < units {
		return fmt.Errorf("the value of the starts: %w", chains.ErrOverflow)
	}
	o.whole += units
	return nil
}

// startTx returns the transaction of a start.
func (o *outputsWalk) startTx(ctx context.Context, s walkStart) (*chains.Tx, error) {
	if s.Tx != nil {
		return s.Tx, nil
	}
	if k := o.knots[s.Place.Tx]; k != nil {
		return k.tx, nil
	}
	o.read++
	return o.facts.Tx(ctx, s.Place.Tx)
}

// ask makes s asked for as a start, whole.
func (o *outputsWalk) ask(s *spot) {
	if s.value == 0 {
		return
	}
	s.add(stretch{0, s.value})
	s.pro += s.value
	o.push(s)
}

// spotHeap orders what may be read next: the most value first, ties by output.
type spotHeap []*spot

func (h spotHeap) Len() int { return len(h) }
func (h spotHeap) Less(i, j int) bool {
	if h[i].due != h[j].due {
		return h[i].due > h[j].due
	}
	return compareOutPoints(h[i].at, h[j].at) < 0
}
func (h spotHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push and Pop are of heap.Interface.
func (h *spotHeap) Push(x any) { *h = append(*h, x.(*spot)) }

// Pop removes the last one.
func (h *spotHeap) Pop() any {
	last := len(*h) - 1
	s := (*h)[last]
	*h = (*h)[:last]
	return s
}

func compareOutPoints(a, b chains.OutPoint) int {
	if c := slices.Compare(a.Tx[:], b.Tx[:]); c != 0 {
		return c
	}
	return int(int64(a.Index) - int64(b.Index))
}

// push lets the walk go on from s, as far as anything there does.
func (o *outputsWalk) push(s *spot) {
	open := s.open()
	if open.none() || s.due != 0 || s.missed {
		return
	}
	s.due = open.carried()
	heap.Push(&o.wanted, s)
}

// explore reads transactions until nothing is wanted or the budget is spent.
func (o *outputsWalk) explore(ctx context.Context) error {
	for len(o.wanted) > 0 {
		s := heap.Pop(&o.wanted).(*spot)
		s.due = 0
		if o.budget.Hops > 0 && s.hops >= o.budget.Hops {
			continue
		}
		if s.knot == nil {
			if k := o.known(s); k != nil {
				o.attach(s, k)
			} else if !o.forward && o.absent[s.at.Tx] {
				s.missed = true
			} else if o.spent() {
				continue // what was read already is looked through all the same
			} else if err := o.fetch(ctx, s); err != nil {
				return err
			}
		}
		if k := s.knot; k != nil && !k.passed {
			k.hops = s.hops + 1
			if err := o.pass(ctx, k); err != nil {
				return err
			}
		}
	}
	return nil
}

// known returns the knot in which s goes on, where it was read already.
func (o *outputsWalk) known(s *spot) *knot {
	if o.forward {
		return o.spentBy[s.at]
	}
	return o.knots[s.at.Tx]
}

// fetch reads the transaction in which s goes on.
func (o *outputsWalk) fetch(ctx context.Context, s *spot) (err error) {
	var tx *chains.Tx
	if o.forward {
		tx, _, err = o.facts.Spender(ctx, s.at)
	} else {
		tx, err = o.facts.Tx(ctx, s.at.Tx)
	}
	o.read++
	if errors.Is(err, chains.ErrNotFound) {
		s.missed, o.absent[s.at.Tx] = true, true
		return nil
	}
	if err != nil {
		return err
	}
	return o.tie(s, tx)
}

// tie makes tx the knot in which s goes on.
func (o *outputsWalk) tie(s *spot, tx *chains.Tx) error {
	k, err := o.knotOf(tx)
	if err == nil {
		o.attach(s, k)
	}
	return err
}

func (o *outputsWalk) attach(s *spot, k *knot) {
	s.knot = k
	k.entry = append(k.entry, s)
	slot := int(s.at.Index)
	if o.forward {
		slot = slices.IndexFunc(k.tx.Inputs, func(in chains.Input) bool { return in.Prev == s.at })
	}
	k.index = append(k.index, slot)
}

// through returns what is asked of the whole line of k.
func (o *outputsWalk) through(k *knot) asked {
	var a asked
	for i, s := range k.entry {
		open := s.open()
		a.pro += open.pro
		for _, sp := range open.fifo {
			base := k.in.offset[k.index[i]]
			a.add(stretch{base + sp.lo, base + sp.hi})
		}
	}
	return a
}

// weakest is the weakest of the ways that lead to k, and of k itself.
func (k *knot) weakest() weak {
	w := weak{evidence: k.tx.Evidence}
	for _, s := range k.entry {
		if open := s.open(); !s.start && !open.none() {
			w.weaken(s.weak)
		}
	}
	if k.kind == knotPlain && k.contributors() > 1 {
		w.basis = max(w.basis, tracer.ByRule)
	}
	return w
}

// pass asks the slots of k for what is asked of it, looks up who is there, and lets the walk go on.
func (o *outputsWalk) pass(ctx context.Context, k *knot) error {
	k.passed = true
	met, err := o.spread(ctx, k)
	for _, s := range met {
		o.push(s)
	}
	return err
}

// spread asks the slots of k for what its entry asks for, and returns those of which nothing was asked
// before, judged.
func (o *outputsWalk) spread(ctx context.Context, k *knot) (met []*spot, err error) {
	k.asks, k.weak, k.back = o.through(k), k.weakest(), asked{}
	if k.kind != knotPlain {
		return nil, nil
	}
	meet := func(slot int) *spot {
		s := k.spots[slot]
		if s == nil {
			s = o.meet(k, slot)
		}
		if s.none() {
			met = append(met, s)
		}
		return s
	}
	k.out.cut(k.asks.fifo, func(slot int, sp stretch) {
		if o.returned(k, slot) {
			k.back.add(stretch{k.out.offset[slot] + sp.lo, k.out.offset[slot] + sp.hi})
			return
		}
		meet(slot).add(sp)
	})
	o.portions = k.out.apportion(k.asks.pro, k.out.slots(), o.portions, func(slot int, units uint64) {
		if o.returned(k, slot) {
			k.back.pro += units
			return
		}
		meet(slot).pro += units
	})
	for _, s := range met {
		s.hops, s.weak = k.hops, k.weak
		if s.fate == nil {
			if err := o.judge(ctx, s); err != nil {
				return nil, err
			}
		}
	}
	return met, nil
}

package screen

import (
	"context"
	"slices"
	"strings"
	"time"

	"clew/chains"
)

// groupWalk is what one walk found of receipts in which the same incidents trace a part. What such a
// walk meets of these incidents is the money that they told of at the receipt already.
type groupWalk struct {
	incidents []string // ids, in order
	receipts  []int
	found     *walked // nil: the budget was spent before
}

// stolen returns what incidents trace to a receipt, hit by hit, never more than lies there: of several
// incidents the one with the lower id counts first.
func (r *receipt) stolen() (each []Split[chains.Amount], left Split[chains.Amount]) {
	left = Split[chains.Amount]{FIFO: r.units, ProRata: r.units}
	each = make([]Split[chains.Amount], len(r.hits))
	for i := range r.hits {
		u := &r.hits[i].Units
		each[i] = Split[chains.Amount]{FIFO: chains.Min(u.FIFO, left.FIFO), ProRata: chains.Min(u.ProRata, left.ProRata)}
		left = Split[chains.Amount]{FIFO: left.FIFO.Minus(each[i].FIFO), ProRata: left.ProRata.Minus(each[i].ProRata)}
	}
	return each, left
}

// explained reports whether incidents trace all that lies there, under both rules.
func (r *receipt) explained() bool {
	_, left := r.stolen()
	return left.FIFO.IsZero() && left.ProRata.IsZero()
}

// walking is what walks of this screening are made with.
func (w *work) walking() walking {
	walk := walking{
		facts: w.facts, chain: w.subject.Chain, codec: w.s.cfg.Codec, who: w.s.who, hits: w.s.cfg.Index, places: w.s.cfg.Places,
		now: w.s.cfg.Now, passed: func(h *Hit) { w.stale(h) },
	}
	if w.address != "" {
		walk.own = []chains.Address{w.address}
	}
	if w.subject.Kind == KindAddress {
		walk.returns = w.address
	}
	return walk
}

// walk follows what incidents do not explain of the receipts, and the owner's address does not.
func (w *work) walk(ctx context.Context) error {
	if err := w.group(ctx); err != nil {
		return err
	}
	w.v.Coverage.Ended = EndedExplained
	began, left := w.s.cfg.Now(), w.budget
	if w.again != nil {
		left.Milliseconds = 0
	}
	read := 0
	for i := range w.walks {
		g := &w.walks[i]
		if w.v.Coverage.Limit == limitMilliseconds || w.budget.Transactions > 0 && read >= w.budget.Transactions {
			w.end(EndedBudget, w.spent())
			continue
		}
		if w.budget.Transactions > 0 {
			left.Transactions = w.budget.Transactions - read
		}
		if left.Milliseconds > 0 {
			left.Milliseconds = max(1, w.budget.Milliseconds-int(w.s.cfg.Now().Sub(began)/time.Millisecond))
		}
		if err := w.follow(ctx, g, left); err != nil {
			return err
		}
		read += g.found.transactions
	}
	w.v.Coverage.Transactions = w.read + read
	if w.v.Coverage.Limit == limitMilliseconds {
		w.v.Pins.Budget.Transactions, w.v.Pins.Budget.Milliseconds = read, 0
	}
	return nil
}

// spent names the budget that a walk which was not begun lacks.
func (w *work) spent() string {
	if w.again != nil && w.again.Coverage.Limit == limitMilliseconds || w.v.Coverage.Limit == limitMilliseconds {
		return limitMilliseconds
	}
	return limitTransactions
}

// follow makes the walk of one group.
func (w *work) follow(ctx context.Context, g *groupWalk, budget Budget) error {
	walk := w.walking()
	walk.budget = budget
	if w.again != nil && w.again.Coverage.Limit == limitMilliseconds {
		walk.limit = limitMilliseconds
	}
	starts := make([]walkStart, len(g.receipts))
	for i, r := range g.receipts {
		starts[i] = walkStart{Place: w.receipts[r].place, Tx: w.receipts[r].tx}
	}
	way := walkBack
	if w.subject.Direction == Destination {
		way = walkForward
		walk.hits = w.others(g.incidents)
	}
	found, err := way(ctx, walk, starts)
	if err != nil {
		return err
	}
	g.found = found
	w.v.Coverage.DeepestHops = max(w.v.Coverage.DeepestHops, found.deepest)
	w.end(Ended(found.ended), found.limit)
	for _, gap := range found.gaps {
		w.gap(gap)
	}
	return nil
}

// others returns the index without some incidents.
func (w *work) others(than []string) *Index {
	x := w.s.cfg.Index
	for _, id := range than {
		x = x.Without(id)
	}
	return x
}

// end joins how one walk ended to how others did: a budget wins over the store, and that over nothing.
func (w *work) end(how Ended, limit string) {
	c := &w.v.Coverage
	order := []Ended{EndedExplained, EndedStore, EndedBudget}
	if slices.Index(order, how) > slices.Index(order, c.Ended) {
		c.Ended = how
	}
	if c.Limit == "" || c.Limit == limitHops && limit != "" {
		c.Limit = limit
	}
}

// group divides the receipts that are to be followed, by the incidents that trace a part of them.
func (w *work) group(ctx context.Context) error {
	groups := map[string]int{}
	for i := range w.receipts {
		r := &w.receipts[i]
		held, err := w.heldBy(ctx, r)
		if err != nil {
			return err
		}
		if held || r.explained() {
			continue
		}
		var ids []string
		for _, h := range slices.Concat(r.hits, r.lain) {
			if id := h.Incident.ID; !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
		key := strings.Join(ids, "\x00")
		at, ok := groups[key]
		if !ok {
			at = len(w.walks)
			groups[key] = at
			w.walks = append(w.walks, groupWalk{incidents: ids})
		}
		w.walks[at].receipts = append(w.walks[at].receipts, i)
	}
	return nil
}

// heldBy reports whether value that was paid to a receipt has reached somebody at whom value ends, and
// notes whom: where it goes from there is not the subject's.
func (w *work) heldBy(ctx context.Context, r *receipt) (bool, error) {
	if w.subject.Direction != Destination || r.owner == "" {
		return false, nil
	}
	found, ok, err := w.s.who.Attribute(ctx, r.place.Chain, r.owner, time.Unix(r.time, 0).UTC())
	if err != nil || !ok || !found.Ends {
		return false, err
	}
	r.holder = &found
	return true, nil
}

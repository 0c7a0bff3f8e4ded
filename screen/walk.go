package screen

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"clew/chains"
)

// A walk explains value step by step: back, by who gave in the transaction that brought it; forward, by
// who was paid in the transaction that spends it; and so on, until somebody is known, an incident traces
// all that lies there, nothing is left to ask, or the budget ends.
//
// Its arithmetic is that of a trace (docs/architecture.md, "Conventions that the code fixes"), so that
// what a walk finds of some place is what a trace from that place brings to the start. Under fifo that is
// exact to the unit. Under prorata each division rounds by less than a unit, there as here: the two
// differ by less than one unit for each slot (an input or output, a receipt of an account) of the
// transactions on the way.
//
// What is read is decided by the value that is carried, the larger of both rules, and never by what
// somebody thinks of a place: the largest first, ties by txid and output. The sums are made in a pass
// of their own over all that was read, in the order of the chain, so that value that parts and meets
// again is counted once.

// walkBack explains where value came from.
func walkBack(ctx context.Context, w walking, starts []walkStart) (*walked, error) {
	return w.walk(ctx, starts, false)
}

// walkForward explains where value went.
func walkForward(ctx context.Context, w walking, starts []walkStart) (*walked, error) {
	return w.walk(ctx, starts, true)
}

func (w walking) walk(ctx context.Context, starts []walkStart, forward bool) (*walked, error) {
	m := newMeter(&w)
	var out *walked
	var err error
	if w.chain.Info().Family == chains.FamilyEVM {
		out, err = walkAccounts(ctx, &w, m, starts, forward)
	} else {
		out, err = walkOutputs(ctx, &w, m, starts, forward)
	}
	if err != nil {
		direction := "back"
		if forward {
			direction = "forward"
		}
		return nil, fmt.Errorf("walk %s on %s: %w", direction, w.chain, err)
	}
	out.transactions = m.read
	out.close()
	return out, nil
}

// The names of the budgets, as Coverage.Limit has them, and how a walk ends, as Coverage.Ended has it.
const (
	limitHops         = "hops"
	limitTransactions = "transactions"
	limitMilliseconds = "milliseconds"
	endedExplained    = "explained"
	endedBudget       = "budget"
	endedStore        = "store"
)

// meter counts what a walk reads.
type meter struct {
	most     int // transactions; 0: any number
	limit    string
	deadline time.Time // zero: none
	now      func() time.Time
	read     int
	ended    string // the budget that is spent, once one is
}

func newMeter(w *walking) *meter {
	m := &meter{most: w.budget.Transactions, limit: cmp.Or(w.limit, limitTransactions), now: w.now}
	if m.now == nil {
		m.now = time.Now
	}
	if w.budget.Milliseconds > 0 {
		m.deadline = m.now().Add(time.Duration(w.budget.Milliseconds) * time.Millisecond)
	}
	return m
}

// spent reports whether nothing more may be read. Time ends a walk only behind its first transaction,
// so that the count with which it can be repeated is never 0, which would set no bound.
func (m *meter) spent() bool {
	switch {
	case m.ended != "":
	case m.most > 0 && m.read >= m.most:
		m.ended = m.limit
	case m.read > 0 && !m.deadline.IsZero() && !m.now().Before(m.deadline):
		m.ended = limitMilliseconds
	}
	return m.ended != ""
}

// close brings out into its order and says how the walk ended.
func (o *walked) close() {
	slices.SortStableFunc(o.ends, func(a, b walkEnd) int {
		return cmp.Or(
			b.carried().Cmp(a.carried()), cmp.Compare(a.hops, b.hops), a.at.compare(b.at), cmp.Compare(a.asset, b.asset),
		)
	})
	o.rests = joinRests(o.rests)
	o.ended = endedExplained
	for _, r := range o.rests {
		switch {
		case r.limit != "":
			o.ended = endedBudget
			if o.limit == "" || o.limit == limitHops {
				o.limit = r.limit
			}
		case o.ended == endedExplained:
			o.ended = endedStore
		}
	}
	for i := range o.ends {
		o.deepest = max(o.deepest, o.ends[i].hops)
	}
}

// carried is the larger of what it explains under the two rules.
func (e *walkEnd) carried() chains.Amount { return chains.Max(e.units.FIFO, e.units.ProRata) }

// joinRests adds up what is left for the same reason. The largest comes first.
func joinRests(all []walkRest) []walkRest {
	var out []walkRest
	for _, r := range all {
		i := slices.IndexFunc(out, func(o walkRest) bool { return o.asset == r.asset && o.why == r.why && o.limit == r.limit })
		if i < 0 {
			out = append(out, r)
			continue
		}
		out[i].units.FIFO = out[i].units.FIFO.Plus(r.units.FIFO)
		out[i].units.ProRata = out[i].units.ProRata.Plus(r.units.ProRata)
	}
	slices.SortStableFunc(out, func(a, b walkRest) int {
		return chains.Max(b.units.FIFO, b.units.ProRata).Cmp(chains.Max(a.units.FIFO, a.units.ProRata))
	})
	return out
}

// compare orders places by what they are, for an order that is always the same.
func (p Place) compare(q Place) int {
	return cmp.Or(
		slices.Compare(p.Tx[:], q.Tx[:]), cmp.Compare(p.Vout, q.Vout), cmp.Compare(p.Account, q.Account), cmp.Compare(p.Asset, q.Asset),
	)
}

// attribute says what is known of an address, as far as that ends a walk.
func (w *walking) attribute(ctx context.Context, a chains.Address, unix int64) (*Attribution, error) {
	if w.who == nil || a == "" {
		return nil, nil
	}
	found, ok, err := w.who.Attribute(ctx, w.chain, a, time.Unix(unix, 0).UTC())
	if err != nil {
		return nil, fmt.Errorf("what is known of %s: %w", w.codec.FormatAddress(w.chain, a), err)
	}
	if !ok || !found.Ends {
		return nil, nil
	}
	return &found, nil
}

// traced returns what incidents that count trace to a place, in all under each rule, and the hits.
func (w *walking) traced(p Place) (hits []Hit, sum Split[chains.Amount], err error) {
	if w.hits == nil {
		return nil, sum, nil
	}
	for _, h := range w.hits.At(p) {
		switch {
		case h.Incident == nil || h.Incident.counts(&h):
			hits = append(hits, h)
		case w.passed != nil:
			w.passed(&h)
		}
	}
	for _, units := range w.once(hits) {
		if sum.FIFO, err = sum.FIFO.Add(units.FIFO); err == nil {
			sum.ProRata, err = sum.ProRata.Add(units.ProRata)
		}
		if err != nil {
			return nil, sum, fmt.Errorf("what incidents trace to %s: %w", p.Tx, err)
		}
	}
	return hits, sum, nil
}

// once returns what each of several hits tells beyond those before it.
func (w *walking) once(hits []Hit) []Split[chains.Amount] {
	if x, ok := w.hits.(interface {
		Once([]Hit) []Split[chains.Amount]
	}); ok && len(hits) > 1 {
		return x.Once(hits)
	}
	out := make([]Split[chains.Amount], len(hits))
	for i := range hits {
		out[i] = hits[i].Units
	}
	return out
}

// byTransaction is what a transaction itself shows of where its value comes from or goes.
func byTransaction(c Category, entity string) *Attribution {
	return &Attribution{Category: c, Entity: entity, KnownBy: ByWalk, Ends: true}
}

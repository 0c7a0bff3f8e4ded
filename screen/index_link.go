package screen

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"clew/chains"
	"clew/tracer"
)

// readParents says what each hop carries on.
func (b *building) readParents() error {
	went := map[wentKey]wentOn{}
	for i := range b.t.Hops {
		h := &b.t.Hops[i]
		b.hops[i].parents = int32(len(b.parents))
		leg := &h.Legs[0]
		for _, id := range h.Inputs {
			if p, ok := b.hopOf[id]; ok {
				b.carryOn(leg, int(p))
				continue
			}
			if !b.carryOnSeed(leg, id, went) {
				return fmt.Errorf("hop %d: its input %s is neither a hop nor a seed that came where it begins", h.Number, id)
			}
		}
	}
	return nil
}

// carryOn notes that a leg carries on hop p: what p brought, where it brought it to where the leg
// begins; and what was left when p took from an account of the leg's. With several accounts it may be
// both.
func (b *building) carryOn(leg *tracer.Leg, p int) {
	before := &b.t.Hops[p]
	last := &before.Legs[len(before.Legs)-1]
	arrived := b.hops[p].last >= 0 && slices.ContainsFunc(leg.From, func(f tracer.From) bool { return f.Node == last.To })
	if arrived {
		b.parents = append(b.parents, b.hops[p].last)
	}
	shares := slices.ContainsFunc(leg.From, func(f tracer.From) bool {
		return f.OutPoint == "" && slices.ContainsFunc(before.Legs[0].From, func(g tracer.From) bool { return g.Node == f.Node })
	})
	if !arrived || shares {
		b.parents = append(b.parents, -2-int32(p))
	}
}

// wentKey is a seed that came to an account.
type wentKey struct {
	seed string
	node string
}

// wentOn says which receipts of a seed went on from an account last, and by which transaction: all its
// hops carry on the same.
type wentOn struct {
	tx       chains.TxID
	from, to int
}

// carryOnSeed notes the receipts of a seed that a leg carries on: of outputs those that it spends, of
// an account those that came before it and after what went on last.
func (b *building) carryOnSeed(leg *tracer.Leg, id string, went map[wentKey]wentOn) (found bool) {
	receipts := b.receipts[id]
	for i := range leg.From {
		from := &leg.From[i]
		if from.OutPoint != "" {
			for _, n := range receipts {
				if s := &b.t.Seeds[n]; from.OutPoint == s.TxID.String()+":"+s.Position {
					b.parents, found = append(b.parents, n), true
				}
			}
			continue
		}
		key := wentKey{id, from.Node}
		on := went[key]
		if on.tx != leg.TxID {
			on = wentOn{leg.TxID, on.to, on.to}
			for on.to < len(receipts) && !b.behind(receipts[on.to], leg) {
				on.to++
			}
			went[key] = on
		}
		for _, n := range receipts[on.from:on.to] {
			if b.t.Seeds[n].Node == from.Node {
				b.parents, found = append(b.parents, n), true
			}
		}
	}
	return found
}

// behind reports whether a receipt came after a leg.
func (b *building) behind(receipt int32, leg *tracer.Leg) bool {
	s := &b.t.Seeds[receipt]
	return s.Chain == leg.Chain && s.Height > leg.Height
}

// readEnds says where branches end, and what accounts held at the end.
func (b *building) readEnds() error {
	reasons := tracer.Reasons()
	atSeed := map[string]int32{}
	for i := range b.t.Seeds {
		s := &b.t.Seeds[i]
		atSeed[s.TxID.String()+" "+s.Position+" "+s.Node] = int32(i)
	}
	for i := range b.t.Endpoints {
		e := &b.t.Endpoints[i]
		reason := slices.Index(reasons, e.Reason)
		if reason < 0 {
			return fmt.Errorf("endpoint %s: %q is no reason that is known", e.ID, e.Reason)
		}
		n, ok := int32(-1), false
		switch {
		case e.Hop != "":
			if h, known := b.hopOf[e.Hop]; known {
				n, ok = b.hops[h].last, b.hops[h].last >= 0
			}
		case e.TxID != nil:
			n, ok = atSeed[e.TxID.String()+" "+e.Position+" "+e.Node]
		}
		if ok && b.arrivals[n].reason == 0 {
			b.arrivals[n].reason = uint8(reason + 1)
		}
	}
	for i := range slices.Backward(b.t.Endpoints) {
		if e := &b.t.Endpoints[i]; e.Reason == tracer.ReasonBalance {
			b.readBalance(e)
		}
	}
	return nil
}

func (b *building) readBalance(e *tracer.Endpoint) {
	at, ok := b.nodes[e.Node]
	if !ok || at.address < 0 {
		return // of nobody who could be asked for
	}
	held := heldBalance{address: at.address, asset: b.asset(e.Asset), whole: b.pack(e.Units)}
	for r, rule := range splitRules {
		held.units[r] = b.pack(e.Traced.Value[rule])
		for basis, units := range e.ByBasis.Value[rule].Parts {
			if !units.IsZero() {
				held.basis[r] = tracer.Basis(basis)
			}
		}
	}
	a := &b.addresses[at.address]
	held.next, a.firstBalance = a.firstBalance, int32(len(b.balances))
	b.balances = append(b.balances, held)
}

// countHops says how many hops lie between each hop and a seed, at least: a hop is one more than what
// it carries on, and as many as one that took from the same account before it.
func (b *building) countHops() {
	for range b.hops { // once, where no hop stands before what it carries on
		again := false
		for i := range b.hops {
			least := int32(math.MaxInt32)
			for _, p := range b.parentsOf(i) {
				if n := b.hopsBehind(p); n > 0 {
					least = min(least, n)
				}
			}
			if h := &b.hops[i]; least < math.MaxInt32 && (h.hops == 0 || least < h.hops) {
				h.hops, again = least, true
			}
		}
		if !again {
			return
		}
	}
}

// hopsBehind returns how many hops a hop has that carries on p; 0 where that is not known yet.
func (b *building) hopsBehind(p int32) int32 {
	if p < -1 {
		return b.hops[-2-p].hops
	}
	a := &b.arrivals[p]
	switch {
	case a.has(isSeed):
		return 1
	case b.hops[a.hop].hops > 0:
		return b.hops[a.hop].hops + 1
	}
	return 0
}

// weaken says for each hop the weakest evidence of all ways that lead to where it begins. What was left in
// an account came over what the hop that took from it came over.
func (b *building) weaken() {
	for again := true; again; { // once more only where a hop stands before what it carries on
		again = false
		for i := range b.hops {
			h := &b.hops[i]
			came := h.came
			for _, p := range b.parentsOf(i) {
				if p < -1 {
					came = min(came, b.hops[-2-p].came)
				} else {
					came = min(came, b.weakest(&b.arrivals[p]))
				}
			}
			if came < h.came {
				h.came, again = came, true
			}
		}
	}
}

// parentsOf returns what a hop carries on.
func (t *traced) parentsOf(hop int) []int32 {
	end := int32(len(t.parents))
	if hop+1 < len(t.hops) {
		end = t.hops[hop+1].parents
	}
	return t.parents[t.hops[hop].parents:end]
}

// runs marks every stride-th hop of a run, so that a long way is found without going over all of it.
func (b *building) runs() {
	type at struct {
		deep int32           // hops of the run before it, itself counted
		mark int32           // the nearest marked one, itself or before it; -1
		low  chains.Evidence // the weakest behind that one, itself counted
	}
	all := make([]at, len(b.hops))
	for i := range b.hops {
		h := &b.hops[i]
		h.skip, all[i] = -1, at{mark: -1, low: chains.EvidenceProven}
		parents := b.parentsOf(i)
		if len(parents) != 1 || parents[0] < 0 || h.last < 0 || b.arrivals[h.last].has(isSecond) {
			continue
		}
		before := at{mark: -1, low: chains.EvidenceProven}
		if p := &b.arrivals[parents[0]]; !p.has(isSeed) {
			if p.hop >= int32(i) {
				continue
			}
			before = all[p.hop]
		}
		all[i] = at{before.deep + 1, before.mark, min(before.low, b.arrivals[h.last].evidence)}
		if all[i].deep%stride != 0 {
			continue
		}
		if before.mark >= 0 {
			h.skip, h.skipped = b.hops[before.mark].last, before.low
		}
		all[i].mark, all[i].low = int32(i), chains.EvidenceProven
	}
}

// link makes the lists of arrivals by place, transaction and address, each in chain order: of time,
// height, transaction, asset and output.
func (b *building) link() {
	order := make([]int32, len(b.arrivals))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int {
		x, y := &b.arrivals[i], &b.arrivals[j]
		tx, ty := &b.txs[x.tx], &b.txs[y.tx]
		return cmp.Or(cmp.Compare(tx.time, ty.time), cmp.Compare(tx.height, ty.height), cmp.Compare(x.tx, y.tx),
			cmp.Compare(x.asset, y.asset), cmp.Compare(x.vout, y.vout),
			cmp.Compare(x.flags&isAlias, y.flags&isAlias), cmp.Compare(i, j))
	})
	places := make(map[Place]int32, len(order))
	for _, n := range slices.Backward(order) {
		a := &b.arrivals[n]
		if !a.has(noPlace) {
			p := b.place(n)
			next, ok := places[p]
			if a.nextAtPlace = -1; ok {
				a.nextAtPlace = next
				b.arrivals[next].flags |= isLater
			}
			places[p] = n
		}
		if a.has(isAlias) {
			continue
		}
		tx := &b.txs[a.tx]
		a.nextInTx, tx.first = tx.first, n
		if a.address >= 0 && !a.has(noPlace) {
			at := &b.addresses[a.address]
			a.nextAtAddress, at.first = at.first, n
		}
	}
}

// trim gives back what was reserved beyond what is kept.
func (b *building) trim() {
	b.txs, b.addresses, b.arrivals = slices.Clip(b.txs), slices.Clip(b.addresses), slices.Clip(b.arrivals)
	b.parents, b.parts, b.big = slices.Clip(b.parents), slices.Clip(b.parts), slices.Clip(b.big)
}

// declared fills in what a trace's incident file says of itself.
func (about *Loaded) declared(t *tracer.Trace) {
	about.File = t.Incident.SHA256
	if t.Incident.Case != nil {
		about.Docket = t.Incident.Case.Docket
	}
	if t.Incident.FirstLogged != nil {
		about.Logged = *t.Incident.FirstLogged
	}
	about.Taken = ""
	for i := range t.Seeds {
		if at := t.Seeds[i].Time; about.Taken == "" || at < about.Taken { // all in UTC and of one form
			about.Taken = at
		}
	}
}

// traceNotes says what the trace cannot tell a screening, each a sentence.
func traceNotes(t *tracer.Trace) []string {
	var out []string
	switch t.Incident.Accounts {
	case string(tracer.AccountsAddress), string(tracer.AccountsCluster):
		out = append(out, "its pots are "+map[string]string{
			string(tracer.AccountsAddress): "addresses", string(tracer.AccountsCluster): "clusters",
		}[t.Incident.Accounts]+": what comes back to who paid is no arrival, and what comes in several outputs is told in sum")
	}
	if n := len(t.Gaps); n > 0 {
		out = append(out, counted(n, "gap")+": it may lead to places that it does not name")
	}
	if len(t.Through) > 0 {
		out = append(out, "it goes on through mixes: behind them amounts are inferred")
	}
	ended := 0
	for i := range t.Hops {
		if tr := &t.Hops[i].Traced; tr.Null[tracer.FIFO] && tr.Null[tracer.ProRata] {
			ended++
		}
	}
	if ended > 0 {
		out = append(out, counted(ended, "movement")+" of stolen value of which no rule tells the amount (inputs of unknown value, or a valuation)")
	}
	imported := 0
	for i := range t.Hops {
		for k := range t.Hops[i].Legs {
			if t.Hops[i].Legs[k].Evidence == chains.EvidenceImported.String() {
				imported++
				break
			}
		}
	}
	if imported > 0 {
		out = append(out, counted(imported, "movement")+" told by files that somebody made")
	}
	return out
}

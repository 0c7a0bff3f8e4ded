package tracer

import (
	"slices"

	"clew/chains"
)

// convention is a conserving rule as a small machine: how the lots of a pot are arranged
// before value leaves, which end they leave from, and which outputs are served first. Those
// three choices are the whole difference between the order rules; prorata takes from
// every source at once instead.
type convention struct {
	// arrange puts the lots into the order in which they leave, keeping the order of entry
	// among equals; nil leaves them as they entered.
	arrange func(lots) lots
	// newest: lots leave from the back.
	newest bool
	// proportional: every withdrawal takes from every source.
	proportional bool
	// largestFirst: stolen lots go to the largest output first, the fee last. A pot of
	// a transaction has all its outputs before it; an account does not, so the
	// rule does not exist there.
	largestFirst bool
}

var conventions = [Poison]convention{
	FIFO:    {},
	LIFO:    {newest: true},
	ProRata: {arrange: bySource, proportional: true},
	LIBR:    {arrange: cleanFirst},
	PIFO:    {arrange: stolenFirst},
	TIHO:    {arrange: stolenFirst, largestFirst: true},
}

func cleanFirst(ls lots) lots  { return partition(ls, func(l lot) bool { return !l.stolen() }) }
func stolenFirst(ls lots) lots { return partition(ls, lot.stolen) }

func partition(ls lots, front func(lot) bool) lots {
	out := make(lots, 0, len(ls))
	for _, l := range ls {
		if front(l) {
			out = out.push(l)
		}
	}
	for _, l := range ls {
		if !front(l) {
			out = out.push(l)
		}
	}
	return out
}

// bySource gathers the lots of each seed, in the incident's order, clean last; within a
// seed the strongest basis first.
func bySource(ls lots) lots {
	sorted := slices.Clone(ls)
	slices.SortStableFunc(sorted, func(a, b lot) int {
		switch {
		case a.seed == b.seed:
			return int(a.basis) - int(b.basis)
		case a.seed == clean:
			return 1
		case b.seed == clean:
			return -1
		}
		return int(a.seed) - int(b.seed)
	})
	out := sorted[:0]
	for _, l := range sorted {
		out = out.push(l)
	}
	return out
}

// take removes w units from *held, which must hold them and be arranged, and returns
// them in the order in which they leave. The returned lots share no memory with *held.
func (c *convention) take(held *lots, w chains.Amount) lots {
	if c.proportional {
		return takeProportional(held, w)
	}
	var out lots
	for !w.IsZero() {
		i := 0
		if c.newest {
			i = len(*held) - 1
		}
		l := &(*held)[i]
		part := *l
		part.amount = chains.Min(l.amount, w)
		w = w.Minus(part.amount)
		l.amount = l.amount.Minus(part.amount)
		out = out.push(part)
		if !l.amount.IsZero() {
			break
		}
		if c.newest {
			*held = (*held)[:i]
		} else {
			*held = (*held)[1:]
		}
	}
	return out
}

// takeProportional removes w units: each source gives floor(source·w/T), T being all that
// is held, and the units that remain go one each to the largest fractions, ties to the
// earlier seed, clean last. Held lots are in bySource order.
func takeProportional(held *lots, w chains.Amount) lots {
	total := chains.Amount{}
	for _, l := range *held {
		total = total.Plus(l.amount)
	}
	if w.IsZero() || total.IsZero() {
		return nil
	}
	sources := groups(*held)
	sums := make([]chains.Amount, len(sources))
	for i, g := range sources {
		for _, l := range (*held)[g.from:g.to] {
			sums[i] = sums[i].Plus(l.amount)
		}
	}
	shares := apportion(sums, w, total)
	var out, rest lots
	for i, g := range sources {
		out, rest = splitBases(out, rest, (*held)[g.from:g.to], shares[i], sums[i])
	}
	*held = rest
	return out
}

type group struct{ from, to int }

// groups returns the runs of lots with equal seed.
func groups(ls lots) []group {
	var gs []group
	for i := range ls {
		if i == 0 || ls[i].seed != ls[i-1].seed {
			gs = append(gs, group{i, i})
		}
		gs[len(gs)-1].to = i + 1
	}
	return gs
}

// splitBases divides a source's share over its bases in proportion. It moves no amount
// between seeds, so it never changes what a rule says, only how strong it is.
func splitBases(out, rest lots, source lots, share, sum chains.Amount) (taken, left lots) {
	amounts := make([]chains.Amount, len(source))
	for i, l := range source {
		amounts[i] = l.amount
	}
	for i, part := range apportion(amounts, share, sum) {
		l := source[i]
		out = out.push(lot{part, l.seed, l.basis})
		rest = rest.push(lot{l.amount.Minus(part), l.seed, l.basis})
	}
	return out, rest
}

// apportion divides w over parts in proportion to them, whole units by largest remainder,
// ties to the earlier part. total is their sum and w is at most total.
func apportion(parts []chains.Amount, w, total chains.Amount) []chains.Amount {
	if len(parts) == 1 {
		return []chains.Amount{w}
	}
	shares := make([]chains.Amount, len(parts))
	rests := make([]chains.Amount, len(parts))
	order := make([]int, len(parts))
	left := w
	for i, p := range parts {
		shares[i], rests[i] = p.MulDiv(w, total)
		left = left.Minus(shares[i])
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return rests[b].Cmp(rests[a]) })
	for _, i := range order {
		if left.IsZero() {
			break
		}
		shares[i] = shares[i].Plus(chains.Units(1))
		left = left.Minus(chains.Units(1))
	}
	return shares
}

// divide gives all of in to withdrawals outs, the last of which is the fee, whose sum is
// all of in. It returns the lots of each in the order of outs.
func (c *convention) divide(in lots, outs []chains.Amount) []lots {
	held := slices.Clone(in)
	if c.arrange != nil {
		held = c.arrange(held)
	}
	served := make([]lots, len(outs))
	for _, i := range c.serve(outs) {
		served[i] = c.take(&held, outs[i])
	}
	return served
}

// serve returns the order in which outputs are served: by index, or the largest first with
// ties to the lower index; the fee, which stands last, last.
func (c *convention) serve(outs []chains.Amount) []int {
	order := make([]int, len(outs))
	for i := range order {
		order[i] = i
	}
	if c.largestFirst && len(order) > 1 {
		slices.SortStableFunc(order[:len(order)-1], func(a, b int) int { return outs[b].Cmp(outs[a]) })
	}
	return order
}

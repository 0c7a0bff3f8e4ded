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
	// arrange appends the lots to an empty dst in the order in which they leave, keeping the
	// order of entry among equals; nil leaves them as they entered.
	arrange func(dst, ls lots) lots
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

func cleanFirst(dst, ls lots) lots  { return partition(dst, ls, false) }
func stolenFirst(dst, ls lots) lots { return partition(dst, ls, true) }

// partition appends the lots that are stolen, or those that are not, and then the others.
func partition(dst, ls lots, stolen bool) lots {
	for _, front := range []bool{true, false} {
		for i := range ls {
			if (ls[i].stolen() == stolen) == front {
				dst = dst.push(ls[i])
			}
		}
	}
	return dst
}

// bySource gathers the lots of each seed, in the incident's order, clean last; within a
// seed the strongest basis first.
func bySource(dst, ls lots) lots {
	sorted := append(dst, ls...)
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

// take removes w units from *held, which must hold them and be arranged, and appends them
// to an empty dst in the order in which they leave. dst shares no memory with *held.
func (c *convention) take(dst lots, held *lots, w chains.Amount, p *proportions) lots {
	if c.proportional {
		return p.take(dst, held, w)
	}
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
		dst = dst.push(part)
		if !l.amount.IsZero() {
			break
		}
		if c.newest {
			*held = (*held)[:i]
		} else {
			*held = (*held)[1:]
		}
	}
	return dst
}

// proportions is the working memory of withdrawals in proportion. The zero value is ready;
// it serves one goroutine.
type proportions struct {
	sums, amounts []chains.Amount
	seeds, bases  shares
}

// take removes w units: each source gives floor(source·w/T), T being all that is held, and
// the units that remain go one each to the largest fractions, ties to the earlier seed,
// clean last. Held lots are in bySource order.
//
// A source's share is divided over its bases in proportion too. That moves no amount between
// seeds, so it never changes what the rule says, only how strong it is.
func (p *proportions) take(dst lots, held *lots, w chains.Amount) lots {
	ls := *held
	var total chains.Amount
	p.sums = p.sums[:0]
	for i := range ls {
		if i == 0 || ls[i].seed != ls[i-1].seed {
			p.sums = append(p.sums, chains.Amount{})
		}
		sum := &p.sums[len(p.sums)-1]
		*sum = sum.Plus(ls[i].amount)
		total = total.Plus(ls[i].amount)
	}
	if w.IsZero() || total.IsZero() {
		return dst
	}
	rest := ls[:0] // never ahead of what is still to be read
	for i, share := range p.seeds.apportion(p.sums, w, total) {
		n := 1
		for n < len(ls) && ls[n].seed == ls[0].seed {
			n++
		}
		p.amounts = p.amounts[:0]
		for _, l := range ls[:n] {
			p.amounts = append(p.amounts, l.amount)
		}
		for k, part := range p.bases.apportion(p.amounts, share, p.sums[i]) {
			l := ls[k]
			dst = dst.push(lot{part, l.seed, l.basis})
			rest = rest.push(lot{l.amount.Minus(part), l.seed, l.basis})
		}
		ls = ls[n:]
	}
	*held = rest
	return dst
}

// shares is the working memory of apportion.
type shares struct {
	units, rests []chains.Amount
	order        []int
}

// apportion divides w over parts in proportion to them, whole units by largest remainder,
// ties to the earlier part. total is their sum and w is at most total. The answer is valid
// until the next call.
func (s *shares) apportion(parts []chains.Amount, w, total chains.Amount) []chains.Amount {
	s.units, s.rests, s.order = s.units[:0], s.rests[:0], s.order[:0]
	if len(parts) == 1 {
		s.units = append(s.units, w)
		return s.units
	}
	left := w
	for i := range parts {
		unit, rest := parts[i].MulDiv(w, total)
		left = left.Minus(unit)
		s.units, s.rests, s.order = append(s.units, unit), append(s.rests, rest), append(s.order, i)
	}
	if left.IsZero() {
		return s.units
	}
	slices.SortStableFunc(s.order, func(a, b int) int { return s.rests[b].Cmp(s.rests[a]) })
	for _, i := range s.order {
		if left.IsZero() {
			break
		}
		s.units[i] = s.units[i].Plus(chains.Units(1))
		left = left.Minus(chains.Units(1))
	}
	return s.units
}

// serve returns, in the memory of order, the order in which outputs are served: by index, or
// the largest first with ties to the lower index; the fee, which stands last, last.
func (c *convention) serve(order []int, outs []chains.Amount) []int {
	order = order[:0]
	for i := range outs {
		order = append(order, i)
	}
	if c.largestFirst && len(order) > 1 {
		slices.SortStableFunc(order[:len(order)-1], func(a, b int) int { return outs[b].Cmp(outs[a]) })
	}
	return order
}

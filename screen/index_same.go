package screen

import "clew/chains"

// Once returns of hits at one place what each tells beyond those before it. Of two incidents a part may be
// one money, seen twice: where a seed of one lies on the trace of the other, what came of that seed, in
// the proportion in which the other traces it there.
func (x *Index) Once(hits []Hit) []Split[chains.Amount] {
	out := make([]Split[chains.Amount], len(hits))
	for j := range hits {
		var most Split[chains.Amount]
		for i := range j {
			same := x.same(&hits[i], &hits[j])
			most = Split[chains.Amount]{FIFO: chains.Max(most.FIFO, same.FIFO), ProRata: chains.Max(most.ProRata, same.ProRata)}
		}
		u := hits[j].Units
		out[j] = Split[chains.Amount]{
			FIFO: u.FIFO.Minus(chains.Min(most.FIFO, u.FIFO)), ProRata: u.ProRata.Minus(chains.Min(most.ProRata, u.ProRata)),
		}
	}
	return out
}

// same returns how much of what two incidents trace to one place is one money: never more than either.
func (x *Index) same(a, b *Hit) Split[chains.Amount] {
	of, by := x.descends(a, b.Incident.ID), x.descends(b, a.Incident.ID)
	return Split[chains.Amount]{
		FIFO:    chains.Min(chains.Max(of.FIFO, by.FIFO), chains.Min(a.Units.FIFO, b.Units.FIFO)),
		ProRata: chains.Min(chains.Max(of.ProRata, by.ProRata), chains.Min(a.Units.ProRata, b.Units.ProRata)),
	}
}

// descends returns how much of a hit came of seeds that lie on the trace of another incident.
func (x *Index) descends(h *Hit, other string) (sum Split[chains.Amount]) {
	no, ok := x.byID[h.Incident.ID]
	if !ok || h.Ref < 0 {
		return sum
	}
	s := &x.slots[no]
	w := &pathing{traced: s.traced}
	for _, w.seed = range s.seedsAt(int32(h.Ref)) {
		seeded, traced := x.seeded(s, w.seed, other)
		if traced.FIFO.IsZero() && traced.ProRata.IsZero() {
			continue
		}
		for n := int32(h.Ref); n >= 0; n = s.arrivals[n].nextAtPlace {
			fifo, _ := w.units(n, 0).MulDiv(chains.Min(traced.FIFO, seeded), seeded)
			prorata, _ := w.units(n, 1).MulDiv(chains.Min(traced.ProRata, seeded), seeded)
			sum = Split[chains.Amount]{FIFO: sum.FIFO.Plus(fifo), ProRata: sum.ProRata.Plus(prorata)}
		}
	}
	return sum
}

// seeded returns how much a seed is, and how much of that another incident traces there.
func (x *Index) seeded(s *indexSlot, seed int32, other string) (whole chains.Amount, traced Split[chains.Amount]) {
	for n := range s.arrivals {
		a := &s.arrivals[n]
		if !a.has(isSeed) { // they stand first
			return whole, traced
		}
		if a.hop != seed {
			continue
		}
		whole = whole.Plus(s.amount(a.units[0]))
		for _, h := range x.At(s.place(int32(n))) {
			if h.Incident.ID == other {
				traced = Split[chains.Amount]{FIFO: traced.FIFO.Plus(h.Units.FIFO), ProRata: traced.ProRata.Plus(h.Units.ProRata)}
			}
		}
	}
	return whole, traced
}

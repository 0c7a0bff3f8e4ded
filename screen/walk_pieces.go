package screen

import (
	"clew/chains"
)

// piece is a run of units of an account's line, from lo up to, and without, hi, that is asked for. What
// it stands for at the starts may be another asset, since what a swap gave is counted in what it brought:
// the units that begin at from, as rate counts them.
type piece struct {
	lo, hi chains.Amount
	from   chains.Amount
	rate   *rate // nil: one to one
}

// rate is what the units of a piece stand for at the starts, as a function of a place in the line before a
// conversion (back) or behind it (forward). It never descends, and its steps are those of a trace
// (docs/architecture.md, "Conversions"), so that pieces can be cut anywhere and their units still sum.
type rate struct {
	num, den chains.Amount // a place x of this line is num·x/den of the other
	up       bool          // rounded up
	lo, hi   chains.Amount // the part of the other line that is asked for
	end      chains.Amount // the place here that stands for hi
	from     chains.Amount // lo, in the line beyond
	beyond   *rate
}

// at returns where x is at the starts.
func (r *rate) at(x chains.Amount) chains.Amount {
	if r == nil {
		return x
	}
	there := r.hi
	if x.Less(r.end) {
		q, rest := x.MulDiv(r.num, r.den)
		if r.up && !rest.IsZero() {
			q = q.Plus(chains.Units(1))
		}
		there = chains.Min(chains.Max(q, r.lo), r.hi)
	}
	return r.beyond.at(r.from.Plus(there.Minus(r.lo)))
}

// units is what p stands for at the starts.
func (p *piece) units() chains.Amount {
	return p.rate.at(p.from.Plus(p.hi.Minus(p.lo))).Minus(p.rate.at(p.from))
}

// part returns what of p lies in [lo, hi), its places counted anew: lo becomes base.
func (p piece) part(lo, hi, base chains.Amount) (piece, bool) {
	a, b := chains.Max(p.lo, lo), chains.Min(p.hi, hi)
	if !a.Less(b) {
		return piece{}, false
	}
	out := piece{lo: a.Minus(lo).Plus(base), hi: b.Minus(lo).Plus(base), from: p.from.Plus(a.Minus(p.lo)), rate: p.rate}
	return out, !out.units().IsZero()
}

// sumPieces is what pieces stand for at the starts.
func sumPieces(ps []piece) (sum chains.Amount) {
	for i := range ps {
		sum = sum.Plus(ps[i].units())
	}
	return sum
}

// before returns the piece of what was given, n units, that p, of the m units received for it, was: unit
// y of what was received was unit c of what was given, where ⌊m·c/n⌋ ≤ y < ⌊m·(c+1)/n⌋.
func (p piece) before(n, m chains.Amount) piece {
	one := chains.Units(1)
	made := func(y chains.Amount) chains.Amount { // ⌈(y+1)·n/m⌉ − 1
		q, rest := y.Plus(one).MulDiv(n, m)
		if rest.IsZero() {
			q = q.Minus(one)
		}
		return q
	}
	g := piece{lo: made(p.lo), hi: made(p.hi.Minus(one)).Plus(one)}
	g.from = g.lo
	g.rate = &rate{num: m, den: n, lo: p.lo, hi: p.hi, end: g.hi, from: p.from, beyond: p.rate}
	return g
}

// after returns the piece of what was received, m units, that p, of the n units given for it, became;
// false where it is less than a unit.
func (p piece) after(n, m chains.Amount) (piece, bool) {
	lo, _ := p.lo.MulDiv(m, n)
	hi, _ := p.hi.MulDiv(m, n)
	if lo == hi {
		return piece{}, false
	}
	r := piece{lo: lo, hi: hi, from: lo}
	r.rate = &rate{num: n, den: m, up: true, lo: p.lo, hi: p.hi, end: hi, from: p.from, beyond: p.rate}
	return r, true
}

// portionOf returns units · part / whole, rounded to the nearest; a half up. part is at most whole.
func portionOf(units, part, whole chains.Amount) chains.Amount {
	q, rest := units.MulDiv(part, whole)
	if !rest.Less(whole.Minus(rest)) {
		q = q.Plus(chains.Units(1))
	}
	return chains.Min(q, units)
}

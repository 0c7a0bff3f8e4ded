package tracer

import (
	"bytes"
	"fmt"

	"clew/chains"
)

// unit is what amounts are counted in: amounts of two units never add.
type unit struct {
	chain chains.Chain
	asset chains.Asset
}

// Books computes the conservation table of r again, from the seeds, hops and endpoints of t: a row
// for each unit, in the order in which seeds, hops of two legs, and endpoints name them. What is
// unexplained cannot be computed from them and is taken from the table in t. A rule has no rows of
// chains where it does not exist. An error means that amounts are beyond what an Amount holds.
func (t *Trace) Books(r Rule) (rows []ConservationRow, err error) {
	row := func(u unit) *ConservationRow {
		for i := range rows {
			if rows[i].Chain == u.chain && rows[i].Asset == u.asset {
				return &rows[i]
			}
		}
		rows = append(rows, ConservationRow{Chain: u.chain, Asset: u.asset})
		return &rows[len(rows)-1]
	}
	for i := range t.Seeds {
		s := &t.Seeds[i]
		if !exists(r, unit{s.Chain, s.Asset}) {
			continue
		}
		at := row(unit{s.Chain, s.Asset})
		if at.Seeded, err = at.Seeded.Add(s.Units); err != nil {
			return nil, fmt.Errorf("seeds of %s: %w", s.Asset, err)
		}
	}
	for i := range t.Hops {
		h := &t.Hops[i]
		if len(h.Legs) < 2 || !exists(r, unit{h.Legs[0].Chain, h.Legs[0].Asset}) {
			continue
		}
		first, last := &h.Legs[0], &h.Legs[len(h.Legs)-1]
		if h.Given != nil {
			out, _ := h.Given.Get(r)
			at := row(unit{first.Chain, first.Asset})
			if at.ConvertedOut, err = sumUnder(r, at.ConvertedOut, out); err != nil {
				return nil, fmt.Errorf("hop %d: %w", h.Number, err)
			}
		}
		in, _ := h.Traced.Get(r)
		at := row(unit{last.Chain, last.Asset})
		if at.ConvertedIn, err = sumUnder(r, at.ConvertedIn, in); err != nil {
			return nil, fmt.Errorf("hop %d: %w", h.Number, err)
		}
	}
	for i := range t.Endpoints {
		e := &t.Endpoints[i]
		if !exists(r, unit{e.Chain, e.Asset}) {
			continue
		}
		at := row(unit{e.Chain, e.Asset})
		a, _ := e.Traced.Get(r)
		if at.Ended, err = sumUnder(r, at.Ended, a); err != nil {
			return nil, fmt.Errorf("endpoints of %s under %s: %w", e.Asset, r, err)
		}
	}
	stated, _ := t.Conservation.Get(r)
	for _, s := range stated {
		if u := (unit{s.Chain, s.Asset}); exists(r, u) {
			row(u).Unexplained = s.Unexplained
		}
	}
	for i := range rows {
		rows[i].Difference = rows[i].difference().String()
	}
	return rows, nil
}

// exists reports whether a rule says anything of a unit: tiho needs outputs, and of a valuation
// poison alone speaks, since none of the others can divide what does not add up.
func exists(r Rule, u unit) bool {
	return !r.Conserves() || !u.asset.IsValuation() && (r != TIHO || inOutputs(u.chain))
}

// tally is what a sweep counts of one unit: what came in and what became of it.
type tally struct {
	unit
	seeded, unexplained chains.Amount
	ended, in, out      [numRules]chains.Amount // in and out: converted
}

// tally returns the one of an asset, which is made where the asset was not met before.
func (l *ledger) tally(asset chains.Asset) *tally {
	for _, t := range l.tallies {
		if t.asset == asset {
			return t
		}
	}
	t := &tally{unit: unit{l.chain, asset}}
	l.tallies = append(l.tallies, t)
	return t
}

// end counts what ended.
func (t *tally) end(traced *Traced) error { return t.count(&t.ended, traced) }

// count adds traced amounts to sums. Poison does not conserve: it counts the same value again
// and again, and its sum stops at the largest Amount.
func (t *tally) count(sums *[numRules]chains.Amount, traced *Traced) (err error) {
	for r := range sums {
		if sums[r], err = sumUnder(Rule(r), sums[r], traced.Value[r]); err != nil {
			return fmt.Errorf("sums of %s on %s: %w", t.asset, t.chain, err)
		}
	}
	return nil
}

// sumUnder returns a+b as sums under r are made.
func sumUnder(r Rule, a, b chains.Amount) (chains.Amount, error) {
	if r.Conserves() {
		return a.Add(b)
	}
	return upTo(a, b), nil
}

// upTo returns a+b, or the largest Amount where that does not fit.
func upTo(a, b chains.Amount) chains.Amount {
	sum, err := a.Add(b)
	if err != nil {
		most, _ := chains.BytesAmount(bytes.Repeat([]byte{0xff}, 32))
		return most
	}
	return sum
}

func (t *tally) unexplain(units chains.Amount) (err error) {
	t.unexplained, err = t.unexplained.Add(units)
	return err
}

// row returns its row of the conservation table of r, but for the difference.
func (t *tally) row(r Rule) ConservationRow {
	return ConservationRow{
		Asset: t.asset, Chain: t.chain, Seeded: t.seeded, Ended: t.ended[r], Unexplained: t.unexplained,
		ConvertedIn: t.in[r], ConvertedOut: t.out[r],
	}
}

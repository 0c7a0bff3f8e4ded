package tracer

import (
	"fmt"

	"clew/chains"
)

// unit is what amounts are counted in: amounts of two units never add.
type unit struct {
	chain chains.Chain
	asset chains.Asset
}

// Books computes the conservation table of r again, from the seeds and endpoints of t: a row
// for each unit, in the order in which seeds and then endpoints name them. What was converted
// and what is unexplained cannot be computed from them and is taken from the table in t. An
// error means that amounts are beyond what an Amount holds.
func (t *Trace) Books(r Rule) ([]ConservationRow, error) {
	var rows []ConservationRow
	row := func(u unit) *ConservationRow {
		for i := range rows {
			if rows[i].Chain == u.chain && rows[i].Asset == u.asset {
				return &rows[i]
			}
		}
		rows = append(rows, ConservationRow{Chain: u.chain, Asset: u.asset})
		return &rows[len(rows)-1]
	}
	var err error
	for i := range t.Seeds {
		s := &t.Seeds[i]
		at := row(unit{s.Chain, s.Asset})
		if at.Seeded, err = at.Seeded.Add(s.Units); err != nil {
			return nil, fmt.Errorf("seeds of %s: %w", s.Asset, err)
		}
	}
	for i := range t.Endpoints {
		e := &t.Endpoints[i]
		at := row(unit{e.Chain, e.Asset})
		a, _ := e.Traced.Get(r)
		if at.Ended, err = at.Ended.Add(a); err != nil {
			return nil, fmt.Errorf("endpoints of %s under %s: %w", e.Asset, r, err)
		}
	}
	stated, _ := t.Conservation.Get(r)
	for _, s := range stated {
		at := row(unit{s.Chain, s.Asset})
		at.ConvertedIn, at.ConvertedOut, at.Unexplained = s.ConvertedIn, s.ConvertedOut, s.Unexplained
	}
	for i := range rows {
		rows[i].Difference = rows[i].difference().String()
	}
	return rows, nil
}

package exhibit

import (
	"fmt"
	"slices"

	"clew/chains"
	"clew/tracer"
)

// TextValued says why amounts of a valuation are not summed.
const TextValued = "poison only: amounts are somebody’s valuation of each movement, which adds up for nobody"

// contactOnly reports whether all that t was seeded with are valuations, so that poison alone says
// something of it.
func contactOnly(t *tracer.Trace) bool {
	return len(t.Seeds) > 0 && !slices.ContainsFunc(t.Seeds, func(s tracer.SeedEntry) bool { return !s.Asset.IsValuation() })
}

// contactLine is what a trace says of which poison alone does: how far contact went from the
// seeds, in numbers of places and no sum.
func (s *Summary) contactLine() string {
	t := s.trace
	places, ends := map[string]bool{}, map[string]bool{}
	for i := range t.Seeds {
		places[t.Seeds[i].Node] = true
	}
	for i := range t.Hops {
		places[t.Hops[i].Legs[len(t.Hops[i].Legs)-1].To] = true
	}
	for i := range t.Endpoints {
		ends[t.Endpoints[i].Node] = true
	}
	return fmt.Sprintf("From %s alleged stolen (%s), contact reaches %s; at %s of them something ends. This is %s.",
		count(s.Receipts, "receipt"), count(s.Seeds, "seed"), count(len(places), "address"), groupThousands(fmt.Sprint(len(ends))), TextValued)
}

// valuedTotal is a row of the totals of a valuation: where contact ends, and no sum.
func (v *viewer) valuedTotal(e *Ending) totalView {
	row := totalView{What: capital(e.why().words()) + " (" + count(e.Poisoned, "endpoint") + " in contact)", Symbol: v.assets.symbol(e.unit())}
	for _, r := range v.t.Rules {
		c := cellView{Text: "–", Declared: r == v.rule}
		if a, ok := e.Traced.Get(r); ok && !a.IsZero() {
			c.Text = "contact"
		}
		row.Cells = append(row.Cells, c)
	}
	return row
}

// valued writes the symbol of a valuation.
func valued(u Unit, info *tracer.AssetInfo) naming {
	unit := visible(string(u.Asset[len(chains.ClaimedPrefix):]))
	if info == nil || info.Decimals < 0 || info.Decimals > mostDecimals {
		return naming{symbol: "units of " + unit + " (claimed)"}
	}
	return naming{symbol: claimedSymbol(info.Symbol) + " (claimed)", decimals: info.Decimals}
}

// listed reports whether a chain was read from files that others delivered, which name no block by
// its hash.
func listed(a *tracer.AsOf) bool { return a.Hash == chains.BlockHash{} }

// readTo says how far a chain was read.
func readTo(a *tracer.AsOf) string {
	if listed(a) {
		return "to " + visible(clock(a.Time)) + " in files on " + visible(string(a.Chain))
	}
	return fmt.Sprintf("to block %d of %s", a.Height, visible(string(a.Chain)))
}

package main

import (
	"fmt"
	"strings"

	"clew/chains"
	"clew/exhibit"
	"clew/tracer"
)

func (x *explanation) write(p *page, t *loadedTrace) error {
	leg, names := &x.Hop.Legs[len(x.Hop.Legs)-1], exhibit.NameAssets(t.Trace)
	p.line("Hop %d (%s) of trace %s", x.Hop.Number, x.Hop.ID, x.Trace)
	p.fold(exhibit.Visible(t.Incident.Title))
	p.line("")
	x.writeSections(p)
	p.table("ll", x.whereabouts(leg))
	p.line("")
	if onAccounts(leg) {
		p.line("What moved, in order; > marks this hop")
		x.moved(p, names, leg)
	} else {
		p.line("What entered, by input (%s)%s", symbol(names, leg.Chain, leg.Asset), map[bool]string{true: "; > marks this hop"}[x.Hop.Kind == tracer.HopMixer])
		x.pot(p, names, leg, x.Entered)
		p.line("What left, by output%s", map[bool]string{false: "; > marks this hop"}[x.Hop.Kind == tracer.HopMixer])
		x.pot(p, names, leg, x.Left)
		x.pieces(p, names, leg)
	}
	p.line("")
	p.line("What every rule says of this hop, in %s", symbol(names, leg.Chain, leg.Asset))
	writeRules(p, names, t, assetOn{leg.Chain, leg.Asset}, &x.Hop.Traced, func(r tracer.Rule) string {
		if b, ok := x.Hop.Basis.Get(r); ok {
			return b.String()
		}
		return "-"
	})
	p.line("")
	x.next(p, names, leg)
	x.writeChecks(p, leg)
	return p.flush()
}

// writeSections prints the sentences under their headings.
func (x *explanation) writeSections(p *page) {
	for _, s := range x.Sections {
		p.line("%s", s.Title)
		for _, says := range s.Says {
			p.line("  %s", fold(says, 2))
		}
		p.line("")
	}
}

// writeChecks prints how to check it without this program.
func (x *explanation) writeChecks(p *page, leg *tracer.Leg) {
	p.line("%s", exhibit.CheckHead(leg.Chain))
	for _, line := range x.Check {
		p.line("  %s", line)
	}
	p.line("By hand")
	for i, says := range x.ByHand {
		p.line("  %d. %s", i+1, fold(says, 5))
	}
}

// mostPieces is how many pieces of an output are printed; --json has all.
const mostPieces = 24

// pieces prints of what the rule filled the output of the hop, in order.
func (x *explanation) pieces(p *page, names *exhibit.Assets, leg *tracer.Leg) {
	if len(x.Pieces) == 0 {
		return
	}
	p.line("How %s filled it, in the order in which the units left the pot", x.Rule)
	var rows [][]string
	for _, one := range x.Pieces[:min(mostPieces, len(x.Pieces))] {
		from, whose := fmt.Sprintf("from input %d", one.Input), "not traced"
		if one.Input < 0 {
			from = "from all inputs in proportion"
		}
		if one.Seed != "" {
			whose = "traced to seed " + exhibit.Visible(one.Seed)
		}
		rows = append(rows, []string{number(names, leg.Chain, leg.Asset, one.Units), from, whose})
	}
	p.table("rll", rows)
	if more := len(x.Pieces) - mostPieces; more > 0 {
		p.line("  and %s more (--json)", grouped(int64(more)))
	}
}

// whereabouts names the transaction that is shown, and that of the other leg.
func (x *explanation) whereabouts(leg *tracer.Leg) [][]string {
	rows := [][]string{{"transaction", hashText(leg.Chain, leg.TxID)}}
	where := func(l *tracer.Leg, hash string) {
		at := grouped(l.Height) + " of " + string(l.Chain) + ", " + l.Time
		rows = append(rows, []string{"block", at})
		if hash != "" {
			rows = append(rows, []string{"block hash", hash})
		}
		var places []string
		for _, p := range l.Positions {
			places = append(places, placeName(p))
		}
		rows = append(rows, []string{"position", strings.Join(places, ", ")}, []string{"evidence", l.Evidence})
		for _, raw := range l.Raw {
			rows = append(rows, []string{"SHA-256 of its bytes", raw})
		}
	}
	hash := ""
	if x.Block != nil {
		hash = hashText(leg.Chain, x.Block.Hash)
	}
	where(leg, hash)
	if first := &x.Hop.Legs[0]; first.TxID != leg.TxID {
		rows = append(rows, []string{"given in", hashText(first.Chain, first.TxID)})
		where(first, "")
	}
	return rows
}

// placeName says where in a transaction a movement stands.
func placeName(p tracer.Position) string {
	switch p.Kind {
	case "vout":
		return "output " + p.Value
	case "vin":
		return "input " + p.Value
	case "fee":
		return "fee"
	}
	return p.Kind + " " + p.Value
}

func (x *explanation) pot(p *page, names *exhibit.Assets, leg *tracer.Leg, entries []potEntry) {
	rows := [][]string{{"", "", "value", "traced " + x.Rule.String(), "", ""}}
	for _, e := range entries {
		mark, value, traced := " ", "not known", "-"
		if e.This {
			mark = ">"
		}
		if e.Units != nil {
			value = number(names, leg.Chain, leg.Asset, *e.Units)
		}
		if a, ok := e.Traced.Get(x.Rule); ok {
			traced = number(names, leg.Chain, leg.Asset, a)
		}
		refs := strings.Join(e.Refs, ", ")
		if refs == "" {
			refs = "not traced"
		}
		rows = append(rows, []string{mark, e.Position, value, traced, refs, orElse(e.Address, e.OutPoint)})
	}
	p.table("lrrrll", rows)
}

func orElse(value, instead string) string { return or(value, short(instead)) }

// assetOn is an asset on its chain.
type assetOn struct {
	chain chains.Chain
	asset chains.Asset
}

// writeRules prints a traced amount under every rule, and beside each what basis says of it.
func writeRules(p *page, names *exhibit.Assets, t *loadedTrace, u assetOn, traced *tracer.Traced, basis func(tracer.Rule) string) {
	rows := [][]string{{"rule", "traced", "basis"}}
	for _, r := range t.Rules {
		amount, on := "-", exhibit.Silent(r, u.chain, u.asset)
		if a, ok := traced.Get(r); ok {
			amount, on = number(names, u.chain, u.asset, a), basis(r)
		}
		rows = append(rows, []string{r.String(), amount, on})
	}
	p.table("lrl", rows)
}

// next says what became of the value.
func (x *explanation) next(p *page, names *exhibit.Assets, leg *tracer.Leg) {
	var hops, ends []string
	for _, n := range x.Next {
		switch {
		case n.Hop > 0:
			hops = append(hops, fmt.Sprint(n.Hop))
		case n.Note != "":
			ends = append(ends, string(n.Reason)+" ("+plainSpaces(exhibit.Visible(names.InCoins(leg.Chain, n.Note)))+")")
		default:
			ends = append(ends, string(n.Reason))
		}
	}
	if len(hops) > 0 {
		p.fold("It went on in hop " + strings.Join(hops, ", ") + ".")
	}
	if len(ends) > 0 {
		p.fold("It ended here: " + strings.Join(ends, "; ") + ".")
	}
	if len(hops)+len(ends) > 0 {
		p.line("")
	}
}

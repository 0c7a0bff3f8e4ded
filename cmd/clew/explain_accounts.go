package main

import (
	"fmt"
	"slices"
	"strconv"

	"clew/chains"
	"clew/exhibit"
	"clew/tracer"
)

// movements lists what tx, a transaction of a chain of accounts, moved, in the order in which it
// took effect. Which of it is traced is told of whole hops: one may stand for the net of several
// movements.
func movements(led tracks, tx *chains.Tx, chain chains.Chain) []potEntry {
	name := func(a chains.Address) string {
		if a == "" {
			return "nobody"
		}
		return codec().FormatAddress(chain, a)
	}
	var out []potEntry
	for i := range tx.Exec.Moves {
		m := &tx.Exec.Moves[i]
		p := tracer.Position{Kind: m.Kind.Position(), Value: strconv.Itoa(int(m.Index))}
		e := potEntry{Position: positionName(p), From: name(m.From), Address: name(m.To), Units: &m.Amount, Asset: m.Asset, Refs: []string{}}
		if k := led[tx.ID.String()+":"+e.Position]; k != nil {
			e.Refs = k.refs
		}
		out = append(out, e)
	}
	return out
}

// tracedMovements lists what the trace itself says that a transaction of accounts moved.
func tracedMovements(t *tracer.Trace, id chains.TxID) []potEntry {
	var out []potEntry
	for i := range t.Hops {
		h := &t.Hops[i]
		for k := range h.Legs {
			l := &h.Legs[k]
			if l.TxID != id || k > 0 && h.Kind == tracer.HopFee { // what did not arrive moved nothing there
				continue
			}
			e := potEntry{Position: positionName(l.Positions[len(l.Positions)-1]), From: nodeName(t, l.From[0].Node), Address: nodeName(t, l.To),
				Units: &l.Units, Asset: l.Asset, Refs: []string{fmt.Sprintf("hop %d", h.Number)}}
			if !slices.ContainsFunc(out, func(o potEntry) bool { return o.Position == e.Position && o.Asset == e.Asset && o.Address == e.Address }) {
				out = append(out, e)
			}
		}
	}
	return out
}

// onAccounts reports whether a leg lies on a chain of accounts.
func onAccounts(leg *tracer.Leg) bool { return leg.Chain.Info().Family == chains.FamilyEVM }

// moved writes what a transaction of accounts moved.
func (x *explanation) moved(p *page, names *exhibit.Assets, leg *tracer.Leg) {
	rows := [][]string{{"", "", "value", "", "", "from", "to"}}
	for _, e := range x.Left {
		mark := " "
		if e.This {
			mark = ">"
		}
		ref := "not traced"
		if len(e.Refs) > 0 {
			ref = e.Refs[0]
		}
		if len(e.Refs) > 1 {
			ref = fmt.Sprintf("%s and %d more", ref, len(e.Refs)-1)
		}
		rows = append(rows, []string{mark, e.Position, number(names, leg.Chain, e.Asset, *e.Units), symbol(names, leg.Chain, e.Asset), ref, e.From, e.Address})
	}
	p.table("llrllll", rows)
}

// deed says what a hop on accounts did: who gave what to whom, where and when.
func (x *explanation) deed(t *loadedTrace, names *exhibit.Assets) string {
	h := x.Hop
	last := &h.Legs[len(h.Legs)-1]
	amount := func(l *tracer.Leg) string { return coins(names, l.Chain, l.Asset, l.Units) }
	when := func(l *tracer.Leg) string { return fmt.Sprintf("in block %d of %s of %s", l.Height, l.Chain, l.Time) }
	from, to := nodeName(t.Trace, h.Legs[0].From[0].Node), x.To
	if len(h.Legs) == 1 {
		switch {
		case h.Kind == tracer.HopFee && last.Positions[0].Kind == "fee":
			return fmt.Sprintf("%s paid a fee of %s, %s.", from, amount(last), when(last))
		case h.Kind == tracer.HopFee:
			return fmt.Sprintf("%s paid %s to %s as its fee, %s.", from, amount(last), to, when(last))
		}
		return fmt.Sprintf("%s paid %s to %s, %s.", from, amount(last), to, when(last))
	}
	first := &h.Legs[0]
	link := ""
	if h.Link != nil {
		link = fmt.Sprintf(" Both sides name the same message of %s: %s.", exhibit.Visible(h.Link.Protocol), exhibit.Visible(h.Link.Key))
	}
	switch h.Kind {
	case tracer.HopSwap:
		return fmt.Sprintf("In one transaction, %s, %s gave %s and %s received %s for it.", when(last), from, amount(first), to, amount(last))
	case tracer.HopMixer:
		return fmt.Sprintf("The analyst adopted, and gives a reason in the incident, that the %s which %s paid into a mixer, %s, are the %s which %s received, %s.",
			amount(first), from, when(first), amount(last), to, when(last))
	case tracer.HopFee:
		if kindOf(t.Trace, first.To) == tracer.NodeMixer {
			return fmt.Sprintf("The analyst adopted that the %s which %s paid into a mixer, %s, were withdrawn from it %s. Of them %s did not reach the recipient: a mixer pays so much, out of the withdrawal, to the relayer who sends it in the recipient's place.",
				amount(first), from, when(first), when(last), amount(last))
		}
		return fmt.Sprintf("Of %s which %s gave, %s, %s did not arrive: a fee on the way.%s", amount(first), from, when(first), amount(last), link)
	}
	return fmt.Sprintf("%s gave %s to a bridge, %s; %s received %s, %s.%s", from, amount(first), when(first), to, amount(last), when(last), link)
}

// kindOf is the kind of a node; "" where the trace does not list it.
func kindOf(t *tracer.Trace, id string) tracer.NodeKind {
	for i := range t.Nodes {
		if t.Nodes[i].ID == id {
			return t.Nodes[i].Kind
		}
	}
	return ""
}

// givenWords says how much of what a swap or a bridge took was traced; "" where the trace does
// not say.
func (x *explanation) givenWords(names *exhibit.Assets) string {
	h := x.Hop
	if len(h.Legs) == 1 || h.Given == nil {
		return ""
	}
	a, ok := h.Given.Get(x.Rule)
	if !ok || a.IsZero() {
		return ""
	}
	first := &h.Legs[0]
	return fmt.Sprintf("Of what was given, %s is traced.", coins(names, first.Chain, first.Asset, a))
}

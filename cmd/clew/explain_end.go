package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"clew/chains"
	"clew/exhibit"
	"clew/tracer"
)

// ofEndpoint explains where a branch of the trace ends.
func (x *explanation) ofEndpoint(t *loadedTrace, names *exhibit.Assets, i int) {
	e := &t.Endpoints[i]
	found := exhibit.ReadFindings(t.Trace, names)
	amount := func(a chains.Amount) string { return coins(names, e.Chain, e.Asset, a) }
	x.Thing, x.Title, x.To = e, fmt.Sprintf("Endpoint %d (%s)", i+1, e.ID), nodeName(t.Trace, e.Node)
	why, process := found.Why(e)
	x.tell("Where the trace ends", fmt.Sprintf("%s at %s%s: %s.", amount(e.Units), x.To, holdingWords(e), why))
	var reasons []string
	if e.Note != "" {
		reasons = append(reasons, capitalFirst(plainSpaces(exhibit.Visible(names.InCoins(e.Chain, e.Note))))+".")
	}
	for _, a := range t.AsOf {
		if a.Chain == e.Chain && (e.Reason == tracer.ReasonUnspent || e.Reason == tracer.ReasonBalance) {
			reasons = append(reasons, fmt.Sprintf("That is so as of block %s of %s (%s), %s; what came later was not read.", grouped(a.Height), a.Chain, hashText(a.Chain, a.Hash), a.Time))
		}
	}
	x.tell("Why it ends here", reasons...)
	x.tell("How it came here", x.ledHere(t, names, e)...)
	x.tell("Whose money is it? The rule", x.shareAt(t, names, e)...)
	x.tell("What heuristics infer (no fact)", sayFindings(found, x.aboutNode(t, found, e.Node))...)
	for k := range t.Nodes {
		if n := &t.Nodes[k]; n.ID == e.Node && isClaimed(n) {
			x.tell("What others claim (no fact)", claimOf(t.Trace, n))
		}
	}
	x.tell("What legal process could add", process)
	unknown := []string{}
	for k := range t.Gaps {
		if g := &t.Gaps[k]; e.TxID != nil && touches(g, e.Chain, e.TxID.String(), -1) || e.Reason == tracer.ReasonGap && g.TxID != "" && strings.Contains(e.Note, g.TxID) {
			x.Gaps = append(x.Gaps, *g)
			unknown = append(unknown, "A gap: "+gapWords(names, g))
		}
	}
	x.tell("What is not known", append(unknown, "Who holds the address: the chain does not tell. Whoever it is may be innocent.")...)
	x.Check = exhibit.ChecksOfEnd(t.Trace, e)
}

// holdingWords says in what form an endpoint holds its value.
func holdingWords(e *tracer.Endpoint) string {
	switch {
	case e.TxID == nil:
		return ""
	case e.Position == "fee":
		return ", the fee of transaction " + hashText(e.Chain, e.TxID.String())
	case e.Chain.Info().Family == chains.FamilyEVM:
		return fmt.Sprintf(", %s of transaction %s", e.Position, hashText(e.Chain, e.TxID.String()))
	case strings.HasPrefix(e.Position, "vin "):
		return fmt.Sprintf(", input %s of transaction %s", strings.TrimPrefix(e.Position, "vin "), e.TxID)
	}
	return fmt.Sprintf(", output %s of transaction %s", e.Position, e.TxID)
}

func capitalFirst(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// ledHere says by which hop or seed value came to an endpoint, and on which way.
func (x *explanation) ledHere(t *loadedTrace, names *exhibit.Assets, e *tracer.Endpoint) []string {
	var last *tracer.Hop
	n := 0
	for i := range t.Hops {
		h := &t.Hops[i]
		leg := &h.Legs[len(h.Legs)-1]
		switch {
		case e.Hop != "" && h.ID == e.Hop:
			last, n = h, 1
		case e.Hop == "" && e.TxID == nil && leg.To == e.Node && leg.Asset == e.Asset && !weight(h, x.Rule).IsZero():
			last, n = h, n+1
		}
	}
	if last == nil {
		var here []string
		for i := range t.Seeds {
			if s := &t.Seeds[i]; s.Node == e.Node && s.Asset == e.Asset && !slices.Contains(here, "seed "+s.ID) {
				here = append(here, "seed "+s.ID)
			}
		}
		if len(here) > 0 {
			x.Path = here[:1]
			return []string{fmt.Sprintf("It was received here (%s), and no hop brought more.", exhibit.Visible(strings.Join(here, ", ")))}
		}
		return nil
	}
	x.Path = pathTo(t.Trace, last, x.Rule)
	leg := &last.Legs[len(last.Legs)-1]
	says := fmt.Sprintf("Hop %d brought %s, in block %s of %s.", last.Number, coins(names, leg.Chain, leg.Asset, leg.Units), grouped(leg.Height), leg.Time)
	if n > 1 {
		says = fmt.Sprintf("%s brought traced value to this balance, the last of them hop %d, in block %s of %s.", counted(int64(n), "hop"), last.Number, grouped(leg.Height), leg.Time)
	}
	return []string{says, fmt.Sprintf("A way from the theft, at each step back the hop with the largest traced amount: %s.", wayWords(x.Path))}
}

// shareAt says what of an endpoint is traced under the declared rule, of which seeds, and the range.
func (x *explanation) shareAt(t *loadedTrace, names *exhibit.Assets, e *tracer.Endpoint) []string {
	amount := func(a chains.Amount) string { return coins(names, e.Chain, e.Asset, a) }
	traced, ok := e.Traced.Get(x.Rule)
	if !ok {
		return []string{fmt.Sprintf("Under %s nothing can be said of it.", x.Rule)}
	}
	says := []string{fmt.Sprintf("Under %s, the rule that the incident declares, %s of it is traced.", x.Rule, amount(traced))}
	var of []string
	for i := range e.TracedBySeed {
		by := &e.TracedBySeed[i]
		if a, ok := by.Traced.Get(x.Rule); ok && !a.IsZero() {
			of = append(of, fmt.Sprintf("%s of seed %s", amount(a), exhibit.Visible(by.Seed)))
		}
	}
	if len(of) > 0 {
		says = append(says, "It comes from "+strings.Join(of, ", ")+".")
	}
	if most, least, differ := spread(&e.Traced, t.Rules); differ {
		says = append(says, fmt.Sprintf("Over the accounting rules it is from %s to %s, which is no bound: other pots may say otherwise.", amount(least), amount(most)))
	}
	return append(says, potWordsOf(t.Incident.Accounts, e.Chain))
}

// aboutNode are the findings that name the address of a node.
func (x *explanation) aboutNode(t *loadedTrace, found *exhibit.Findings, id string) []*tracer.Finding {
	for i := range t.Nodes {
		if n := &t.Nodes[i]; n.ID == id && n.Kind != tracer.NodeCoinbase {
			return found.About(n)
		}
	}
	return nil
}

// ofSeed explains what is alleged stolen, and where it is.
func (x *explanation) ofSeed(t *loadedTrace, names *exhibit.Assets, id string) {
	x.Title = "Seed " + exhibit.Visible(id)
	x.Path = []string{"seed " + id}
	var received []string
	var entries []tracer.SeedEntry
	for i := range t.Seeds {
		s := &t.Seeds[i]
		if s.ID != id {
			continue
		}
		entries = append(entries, *s)
		received = append(received, fmt.Sprintf("%s received %s, position %s of transaction %s, in block %s of %s, %s.", exhibit.Visible(s.Address), coins(names, s.Chain, s.Asset, s.Units), s.Position,
			hashText(s.Chain, s.TxID), grouped(s.Height), s.Chain, s.Time))
		words := exhibit.EvidenceSays(s.Evidence, s.Chain.Info().Family == chains.FamilyEVM)
		if i+1 == len(t.Seeds) || t.Seeds[i+1].ID != id {
			received = append(received, words)
		}
	}
	x.Thing = entries
	x.tell("What is alleged stolen", received...)
	x.tell("Why it is a seed", "The incident says so: that this was stolen is alleged, and the trace does not show it.")
	x.tell("Where it is, under "+x.Rule.String(), x.endsOf(t, names, id)...)
	var hops []string
	for i := range t.Hops {
		if slices.Contains(t.Hops[i].Inputs, id) {
			hops = append(hops, fmt.Sprint(t.Hops[i].Number))
			x.Next = append(x.Next, nextAnswer{Hop: t.Hops[i].Number})
		}
	}
	if len(hops) > 0 {
		x.tell("What came of it", "It went on in hops "+listed(hops)+".")
	}
	for _, s := range entries {
		x.Check = append(x.Check, exhibit.Checks(&tracer.Hop{Legs: []tracer.Leg{{Chain: s.Chain, TxID: s.TxID, Height: s.Height}}})...)
	}
}

// endsOf sums by reason and asset what is traced to a seed under the declared rule.
func (x *explanation) endsOf(t *loadedTrace, names *exhibit.Assets, id string) []string {
	type key struct {
		reason tracer.Reason
		unit   assetOn
	}
	sums := map[key]chains.Amount{}
	count := map[key]int64{}
	var order []key
	for i := range t.Endpoints {
		e := &t.Endpoints[i]
		for k := range e.TracedBySeed {
			by := &e.TracedBySeed[k]
			a, ok := by.Traced.Get(x.Rule)
			if by.Seed != id || !ok || a.IsZero() {
				continue
			}
			at := key{e.Reason, assetOn{e.Chain, e.Asset}}
			if count[at]++; count[at] == 1 {
				order = append(order, at)
			}
			sums[at] = sums[at].Plus(a)
		}
	}
	slices.SortStableFunc(order, func(a, b key) int { return cmp.Compare(a.reason, b.reason) })
	var says []string
	for _, k := range order {
		says = append(says, fmt.Sprintf("%s ended as %s, at %s.", coins(names, k.unit.chain, k.unit.asset, sums[k]), k.reason, counted(count[k], "endpoint")))
	}
	return says
}

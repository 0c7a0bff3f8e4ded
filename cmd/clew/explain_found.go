package main

import (
	"fmt"
	"slices"
	"strings"

	"clew/exhibit"
	"clew/tracer"
)

// foundWords say what heuristics make of a hop, each with how wrong it was measured to be, and that
// it is no fact. Findings that say the same in the same words are said once.
func (x *explanation) foundWords(t *loadedTrace, names *exhibit.Assets) []string {
	found := exhibit.ReadFindings(t.Trace, names)
	list := found.Of(x.Hop)
	for _, id := range x.places() {
		for i := range t.Nodes {
			// What names a pool or a service is of all who pay there.
			if n := &t.Nodes[i]; n.ID == id && (n.Kind == tracer.NodeAddress || n.Kind == tracer.NodeContract) {
				list = append(list, found.About(n)...)
			}
		}
	}
	return sayFindings(found, list)
}

// sayFindings says each finding once, and those that say the same together.
func sayFindings(found *exhibit.Findings, list []*tracer.Finding) []string {
	var says []string
	var alike [][]*tracer.Finding
	for i, g := range list {
		if slices.Contains(list[:i], g) {
			continue
		}
		same := func(other []*tracer.Finding) bool {
			return other[0].Heuristic == g.Heuristic && found.Says(other[0]) == found.Says(g)
		}
		if k := slices.IndexFunc(alike, same); k >= 0 {
			alike[k] = append(alike[k], g)
			continue
		}
		alike = append(alike, []*tracer.Finding{g})
	}
	for _, group := range alike {
		says = append(says, findingWords(found, group))
	}
	return says
}

// findingWords is what one finding says, or several that say the same, as a person is told of it.
func findingWords(found *exhibit.Findings, group []*tracer.Finding) string {
	g := group[0]
	row := fmt.Sprintf("finding %d", found.Number(g))
	if len(group) > 1 {
		var numbers []string
		for _, one := range group {
			numbers = append(numbers, fmt.Sprint(found.Number(one)))
		}
		row = "findings " + strings.Join(numbers, ", ")
	}
	words := fmt.Sprintf("A heuristic says, which is no fact: %s. (%s, %s %s, %s of schedule D; %s.)",
		found.Says(g), found.Title(g), exhibit.Visible(g.Heuristic), exhibit.Visible(g.Version), row, exhibit.ErrorWords(g.Error))
	if set := found.SetSays(g); set != "" {
		words += " " + set
	}
	return plainSpaces(words)
}

// claimWords say what others claim of the places of a hop, on whose word, and when.
func (x *explanation) claimWords(t *loadedTrace) []string {
	var says []string
	for _, id := range x.places() {
		for i := range t.Nodes {
			if n := &t.Nodes[i]; n.ID == id && isClaimed(n) {
				says = append(says, claimOf(t.Trace, n))
			}
		}
	}
	return says
}

// isClaimed reports whether a node says what others claim of an address. What stands at a mix is a
// heuristic's, and what has no address (the miner, out of nothing) is the trace's own word.
func isClaimed(n *tracer.Node) bool {
	return n.Label != "" && n.Address != "" && n.Kind != tracer.NodeCoinbase && n.TxID == ""
}

// claimOf is the claim about a node as a sentence.
func claimOf(t *tracer.Trace, n *tracer.Node) string {
	who := exhibit.Visible(n.Label)
	if n.Entity != "" {
		who = exhibit.Visible(n.Entity) + ": " + who
	}
	return fmt.Sprintf("Somebody claims, which no chain shows, that %s is %s.", nodeName(t, n.ID), who)
}

// places are the nodes of the hop, each once: where it comes from, then where it goes.
func (x *explanation) places() []string {
	var ids []string
	add := func(id string) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for i := range x.Hop.Legs {
		for _, f := range x.Hop.Legs[i].From {
			add(f.Node)
		}
	}
	for i := range x.Hop.Legs {
		add(x.Hop.Legs[i].To)
	}
	return ids
}

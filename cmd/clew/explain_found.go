package main

import (
	"fmt"
	"slices"

	"clew/exhibit"
	"clew/tracer"
)

// foundWords say what heuristics make of a hop, each with how wrong it was measured to be, and that
// it is no fact.
func (x *explanation) foundWords(t *loadedTrace, names *exhibit.Assets) []string {
	found := exhibit.ReadFindings(t.Trace, names)
	var says []string
	for _, g := range found.Of(x.Hop) {
		says = append(says, findingWords(found, g))
	}
	for _, id := range x.places() {
		for i := range t.Nodes {
			// What names a pool or a service is of all who pay there.
			if n := &t.Nodes[i]; n.ID == id && (n.Kind == tracer.NodeAddress || n.Kind == tracer.NodeContract) {
				for _, g := range found.About(n) {
					if words := findingWords(found, g); !slices.Contains(says, words) {
						says = append(says, words)
					}
				}
			}
		}
	}
	return says
}

// findingWords is a finding as a person is told of it.
func findingWords(found *exhibit.Findings, g *tracer.Finding) string {
	words := fmt.Sprintf("A heuristic says, which is no fact: %s. (%s, %s %s, finding %d of schedule D; %s.)",
		found.Says(g), found.Title(g), exhibit.Visible(g.Heuristic), exhibit.Visible(g.Version), found.Number(g), exhibit.ErrorWords(g.Error))
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
			n := &t.Nodes[i]
			if n.ID != id || n.Label == "" || n.Kind == tracer.NodeCoinbase || n.TxID != "" { // a mix is what a heuristic finds
				continue
			}
			who := exhibit.Visible(n.Label)
			if n.Entity != "" {
				who = exhibit.Visible(n.Entity) + ": " + who
			}
			says = append(says, fmt.Sprintf("Somebody claims, which no chain shows, that %s is %s.", nodeName(t.Trace, id), who))
		}
	}
	return says
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

package main

import (
	"fmt"
	"strings"

	"clew/exhibit"
	"clew/screen"
)

// incidents says which thefts a verdict names, and on whose word.
func (g *verdictPage) incidents() {
	if len(g.v.Pins.Incidents) == 0 {
		return
	}
	g.head("Incidents: that something was stolen is the word of whoever wrote the file")
	for i := range g.v.Pins.Incidents {
		in := &g.v.Pins.Incidents[i]
		g.p.line("  %s: %s", exhibit.Visible(in.ID), fold(exhibit.Visible(or(in.Title, "without a title")), 4))
		g.p.line("    %s", fold(exhibit.Visible(strings.Join(declaredOf(in), "; ")), 4))
	}
}

// declaredOf lists what the file of an incident says.
func declaredOf(in *screen.PinIncident) []string {
	var says []string
	if in.Taken != "" {
		says = append(says, "first taken at "+in.Taken)
	}
	if in.Docket != "" {
		says = append(says, "case "+in.Docket)
	}
	if in.FirstLogged != "" {
		says = append(says, "declared, as the log has it, at "+in.FirstLogged)
	}
	if in.File != "" {
		says = append(says, "SHA-256 of the file "+in.File)
	}
	if in.Synthetic {
		says = append(says, "synthetic: made for a test or a demonstration")
	}
	return says
}

// further says which commands lead on from a path.
func (g *verdictPage) further() {
	for i := range g.v.Exposure {
		for k := range g.v.Exposure[i].Paths {
			path := &g.v.Exposure[i].Paths[k]
			if path.Trace == "" || len(path.Steps) == 0 {
				continue
			}
			if hop := path.Steps[len(path.Steps)-1].Hop; hop > 0 {
				g.p.line("%s", fmt.Sprintf("in words: clew explain %s %d  drawn: clew exhibit %s", path.Trace, hop, path.Trace))
				return
			}
		}
	}
}

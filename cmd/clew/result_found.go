package main

import (
	"fmt"

	"clew/exhibit"
)

// mostGroups is how many heuristics a terminal is told of, and mostOfMany of one trace among several.
const mostGroups, mostOfMany = 12, 6

// findings prints how much each heuristic says in the trace, and how wrong it was measured to be.
func (r *printed) findings(p *page, names *exhibit.Assets) {
	found := exhibit.ReadFindings(r.Trace, names)
	groups := found.Groups()
	if len(groups) == 0 {
		return
	}
	p.line("")
	p.line("What heuristics say, none of it a fact (%d; schedule D)", len(r.Findings))
	most := mostGroups
	if r.brief {
		most = mostOfMany
	}
	for _, g := range groups[:min(most, len(groups))] {
		p.line("  - %s", fold(plainSpaces(fmt.Sprintf("%s: %s", g.Title, counted(int64(g.Count), "finding")+"; "+exhibit.ErrorWords(g.Error))), 4))
	}
	if more := len(groups) - most; more > 0 {
		p.line("  and those of %s more", counted(int64(more), "heuristic"))
	}
}

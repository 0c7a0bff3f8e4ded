package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"clew/bundle"
	"clew/exhibit"
)

// writeVerdict prints what a verification found, for people: the outcome first.
func writeVerdict(p *page, v *bundle.Verdict) error {
	writeOutcome(p, v)
	p.line("")
	p.line("Bundle   SHA-256 %s", v.Bundle.SHA256)
	p.line("Trace    %s, SHA-256 %s", exhibit.Visible(v.Trace.ID), exhibit.Visible(v.Trace.SHA256))
	p.line("Incident %s, %s", exhibit.Visible(v.Incident.ID), fold(plainSpaces(exhibit.Visible(v.Incident.Title)), 9))
	for i := range v.Expected {
		if e := &v.Expected[i]; e.Is != "" {
			p.line("Expected %s is that of the %s: it agrees", e.SHA256, e.Is)
		}
	}
	if s := v.Signed; s != nil {
		p.line("Signed   %s", signedWords(s))
	}
	for _, d := range v.Otherwise() {
		p.line("Earlier  %s", fold(plainSpaces(exhibit.Visible(d.Words())), 9))
	}
	writeHeaders(p, v)
	for _, part := range []struct {
		title string
		list  []bundle.Said
	}{
		{"Proven, if these headers are the chain's", v.Proven}, {"Attested: somebody's word", v.Attested}, {"Imported from files", v.Imported},
		{"Conventions: chosen, not found", v.Rules}, {"Inferred: may be wrong", v.Inferred}, {"Claimed by others", v.Claimed},
	} {
		writeSaid(p, part.title, part.list)
	}
	p.line("")
	p.line("What this does not show")
	for _, note := range v.Notes {
		item(p, exhibit.Visible(note))
	}
	return p.flush()
}

// writeOutcome prints what came of it, and why it is no more.
func writeOutcome(p *page, v *bundle.Verdict) {
	if v.Incident.Synthetic {
		p.line("REPLICA: synthetic data, no real incident")
	}
	switch n := int64(len(v.Problems)); {
	case n > 0:
		p.line("NOT verified: %s", counted(n, "problem"))
	case !v.Complete:
		p.line("Verified as recorded, and not complete: nothing contradicts anything, but")
	default:
		p.line("Verified, and a node of one's own agrees: nothing was left out")
	}
	for i := range v.Problems {
		item(p, exhibit.Visible(orFile(v.Problems[i].File)+": "+v.Problems[i].What))
	}
	for _, lack := range v.Lacks {
		if len(v.Problems) > 0 {
			lack = "beside this: " + lack
		}
		item(p, exhibit.Visible(lack))
	}
}

// signedWords says what is known of a signature, and never more.
func signedWords(s *bundle.Signed) string {
	switch s.State {
	case bundle.Holds:
		return "by key " + s.KeyID + ": the signature holds"
	case bundle.HoldsNot:
		return "not: it carries a signature that names key " + s.KeyID + ", and it does NOT hold"
	}
	return "by nobody that is known: it carries a signature that names key " + s.KeyID + ", not checked (--key)"
}

// item prints one item of a list.
func item(p *page, text string) { p.line("  - %s", fold(plainSpaces(text), 4)) }

func orFile(name string) string { return or(name, "the bundle") }

// writeHeaders prints what the proofs hang on: of each chain the ends of what is recorded, and who
// vouches for how many.
func writeHeaders(p *page, v *bundle.Verdict) {
	if len(v.Trusted) == 0 {
		return
	}
	p.line("")
	p.line("Headers")
	for i := range v.Work {
		k := &v.Work[i]
		item(p, fmt.Sprintf("%s: %s whose work takes about %s hashes", k.Chain, counted(int64(k.Headers), "header"), rounded(k.Hashes)))
	}
	for i := 0; i < len(v.Trusted); {
		first, end := &v.Trusted[i], i
		for end < len(v.Trusted) && v.Trusted[end].Chain == first.Chain {
			end++
		}
		writeChain(p, v.Trusted[i:end])
		i = end
	}
	for i := range v.Asked {
		a := &v.Asked[i]
		text := fmt.Sprintf("%s was asked for %s: %s, of which %d agree", a.Node, a.What, counted(int64(a.Asked), "answer"), a.Agrees)
		if a.Lacking > 0 {
			text += fmt.Sprintf("; it cannot tell %d more", a.Lacking)
		}
		item(p, text)
	}
}

// writeChain prints the headers of one chain: the first, the last, and how many are between.
func writeChain(p *page, list []bundle.Trusted) {
	line := func(t *bundle.Trusted) {
		item(p, fmt.Sprintf("%s block %s %s: %s", t.Chain, grouped(t.Height), hashText(t.Chain, t.Hash), vouched(t.By)))
	}
	line(&list[0])
	if len(list) > 2 {
		by := map[string]int{}
		for i := range list[1 : len(list)-1] {
			by[vouched(list[i+1].By)]++
		}
		var parts []string
		for _, words := range slices.Sorted(maps.Keys(by)) {
			parts = append(parts, fmt.Sprintf("%d: %s", by[words], words))
		}
		item(p, fmt.Sprintf("%s, between these, %s on which movements hang (%s; --json lists them)", list[0].Chain, counted(int64(len(list)-2), "header"), strings.Join(parts, "; ")))
	}
	if len(list) > 1 {
		line(&list[len(list)-1])
	}
}

func vouched(by string) string {
	switch by {
	case bundle.ByFile:
		return "as the trust file says"
	case bundle.ByRPC:
		return "as your node says"
	case bundle.ByProgram:
		return "a checkpoint of this program"
	case bundle.ByLater:
		return "named by a later block that is vouched for"
	}
	return "nobody vouches for it"
}

// rounded writes a large decimal as a.b × 10^n.
func rounded(decimal string) string {
	if len(decimal) <= 6 {
		return decimal
	}
	digits, err := strconv.Atoi(decimal[:3])
	if err != nil {
		return decimal
	}
	n, power := (digits+5)/10, len(decimal)-1
	if n == 100 {
		n, power = 10, power+1
	}
	return fmt.Sprintf("%d.%d × 10^%d", n/10, n%10, power)
}

// writeSaid prints one list of what the trace says.
func writeSaid(p *page, title string, list []bundle.Said) {
	if len(list) == 0 {
		return
	}
	p.line("")
	p.line("%s", title)
	for i := range list {
		s := &list[i]
		text := exhibit.Visible(s.What)
		if s.Movements > 0 {
			text = counted(int64(s.Movements), "movement") + ": " + text
		}
		if len(s.Hops) > 0 {
			text += " (hops " + ranges(s.Hops) + ")"
		}
		item(p, text)
	}
}

// ranges writes ascending numbers: "3, 5–9".
func ranges(list []int) string {
	var parts []string
	for i := 0; i < len(list); {
		j := i
		for j+1 < len(list) && list[j+1] == list[j]+1 {
			j++
		}
		if part := fmt.Sprint(list[i]); j > i {
			parts = append(parts, fmt.Sprintf("%s–%d", part, list[j]))
		} else {
			parts = append(parts, part)
		}
		i = j + 1
	}
	return strings.Join(parts, ", ")
}

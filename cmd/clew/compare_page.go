package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"clew/exhibit"
	"clew/tracer"
)

// mostRows is how many rows of a table for people there are at most; --json has all.
const mostRows = 20

// write prints what differs for people.
func (c *comparison) write(p *page, a, b *loadedTrace) error {
	for _, side := range []struct {
		name  string
		trace *loadedTrace
	}{{"A", a}, {"B", b}} {
		p.line("%s  %s  %s", side.name, side.trace.id, exhibit.Visible(side.trace.Incident.Title))
		p.line("   under %s, read to %s, made by clew %s", side.trace.Incident.Rule, readTo(side.trace.Trace), toolWords(side.trace.Tool))
	}
	p.line("")
	if c.Equal {
		if c.Tools.A != c.Tools.B {
			p.line("They say the same. What made them differs, which is not compared.")
			return p.flush()
		}
		p.line("They say the same.")
		return p.flush()
	}
	c.writeAsked(p)
	c.writeNamed(p)
	c.writeSums(p, a, b)
	c.writeEnds(p, a, b)
	c.writeRules(p)
	c.writeSeeds(p, a, b)
	c.writeFindings(p, a, b)
	c.writeGaps(p, a, b)
	p.fold(c.counts())
	return p.flush()
}

// readTo names the last block of each chain.
func readTo(t *tracer.Trace) string {
	var parts []string
	for _, at := range t.AsOf {
		parts = append(parts, fmt.Sprintf("block %s of %s", grouped(at.Height), at.Chain))
	}
	return cmp.Or(strings.Join(parts, ", "), "nothing")
}

func toolWords(t tracer.Tool) string {
	return exhibit.Visible(strings.TrimSpace(cmp.Or(t.Version, "of no version") + " " + t.Commit))
}

// writeAsked prints in what the two were asked otherwise.
func (c *comparison) writeAsked(p *page) {
	asked := false
	for i := range c.Changed {
		f := &c.Changed[i]
		words := askedWords()[f.Field]
		if f.What != "trace" || words == "" {
			continue
		}
		if !asked {
			p.line("What was asked otherwise")
		}
		p.line("  %s", fold(fmt.Sprintf("%s: A %s, B %s", words, saidWords(f.A), saidWords(f.B)), 4))
		asked = true
	}
	if asked {
		p.line("")
	}
}

// askedWords name the fields of a trace itself that a person decided on; the others follow from them.
func askedWords() map[string]string {
	return map[string]string{
		"without": "Done without", "through": "Gone on through", "as_of": "Read to", "stop.hops": "Stop at hops", "stop.until": "Stop at time", "stop.dust": "Stop below",
		"stop.touched": "Stop poison at transactions", "rules": "Rules computed",
		"incident.id": "Incident", "incident.title": "Title", "incident.rule": "Rule declared", "incident.rule_reason": "Reason for the rule", "incident.accounts": "Pots",
		"incident.sha256": "Incident (SHA-256)", "inputs.labels.sha256": "Labels (SHA-256)", "inputs.recording.sha256": "Recording (SHA-256)",
		"inputs.heuristics.sha256": "Heuristics (SHA-256 of versions and errors)", "inputs.labels": "Labels", "inputs.recording": "Recording",
	}
}

// writeNamed prints the addresses of which both say something else.
func (c *comparison) writeNamed(p *page) {
	if len(c.Labels) == 0 {
		return
	}
	p.line("What is claimed otherwise of an address that both have (%s)", grouped(int64(len(c.Labels))))
	for i := range c.Labels[:min(mostRows, len(c.Labels))] {
		n := &c.Labels[i]
		p.line("  %s", fold(fmt.Sprintf("%s: A %s; B %s", exhibit.Visible(n.Address), n.A.words(), n.B.words()), 4))
	}
	p.more(len(c.Labels))
	p.line("")
}

// more says how many rows a table leaves out of n.
func (p *page) more(n int) {
	if n > mostRows {
		p.line("  and %s more (--json)", grouped(int64(n-mostRows)))
	}
}

// words are what a trace says of an address.
func (n *naming) words() string {
	if n.Label == "" && n.Entity == "" {
		return string(n.Kind) + ", nothing claimed"
	}
	return exhibit.Visible(string(n.Kind) + ", " + strings.TrimPrefix(n.Entity+": "+n.Label, ": "))
}

// writeSums prints what ended for each reason before and after, under the rule that each declares.
func (c *comparison) writeSums(p *page, a, b *loadedTrace) {
	ruleA, ruleB := a.Incident.Rule, b.Incident.Rule
	names := [2]*exhibit.Assets{exhibit.NameAssets(a.Trace), exhibit.NameAssets(b.Trace)}
	sums := sumsUnder(a.Trace, b.Trace, ruleA, ruleB)
	if len(sums) == 0 {
		p.fold(fmt.Sprintf("What ended for each reason is the same%s.", underWords(ruleA, ruleB)))
		p.line("")
		return
	}
	p.line("What ended, by reason%s", underWords(ruleA, ruleB))
	rows := [][]string{{"reason", "A", "B", ""}}
	for i := range sums[:min(mostRows, len(sums))] {
		s := &sums[i]
		of := names[0]
		if s.A.IsZero() {
			of = names[1] // A may not name an asset that B alone has
		}
		rows = append(rows, []string{string(s.Reason), number(of, s.Chain, s.Asset, s.A), number(of, s.Chain, s.Asset, s.B), symbol(of, s.Chain, s.Asset)})
	}
	p.table("lrrl", rows)
	p.more(len(sums))
	p.line("")
}

func underWords(a, b tracer.Rule) string {
	if a == b {
		return ", under " + a.String()
	}
	return fmt.Sprintf(", A under %s and B under %s, as each declares", a, b)
}

// sumsUnder are the sums that differ where each trace is read under its own rule.
func sumsUnder(a, b *tracer.Trace, ruleA, ruleB tracer.Rule) []reasonSum {
	if ruleA == ruleB {
		return slices.DeleteFunc(sumsOf(a, b), func(s reasonSum) bool { return s.Rule != ruleA })
	}
	var out []reasonSum
	none := &tracer.Trace{}
	for _, s := range sumsOf(a, none) {
		if s.Rule == ruleA {
			out = append(out, s)
		}
	}
	for _, s := range sumsOf(none, b) {
		if s.Rule != ruleB {
			continue
		}
		k := slices.IndexFunc(out, func(o reasonSum) bool { return o.Chain == s.Chain && o.Asset == s.Asset && o.Reason == s.Reason })
		if k < 0 {
			out = append(out, s)
			continue
		}
		out[k].B = s.B
	}
	return slices.DeleteFunc(out, func(s reasonSum) bool { return s.A == s.B })
}

// writeEnds prints the endpoints that differ under the rule that each declares, by how much, the
// largest difference first.
func (c *comparison) writeEnds(p *page, a, b *loadedTrace) {
	left, right := endsOf(a.Trace, a.Incident.Rule), endsOf(b.Trace, b.Incident.Rule)
	ids := unionOf(left, right)
	rows := [][]string{{"A", "B", "at"}}
	for _, id := range ids {
		x, y := left[id], right[id]
		rows = append(rows, []string{x.text(), y.text(), cmp.Or(x.where, y.where)})
	}
	if len(ids) == 0 {
		return
	}
	p.line("Where value ends%s, the largest difference of each asset first", underWords(a.Incident.Rule, b.Incident.Rule))
	p.table("lll", rows[:min(mostRows+1, len(rows))])
	p.more(len(ids))
	p.line("")
}

// writeRules prints under each rule how many endpoints differ.
func (c *comparison) writeRules(p *page) {
	rows := [][]string{{"rule", "A alone", "B alone", "changed", "the same"}}
	differ := false
	for _, e := range c.Ends {
		differ = differ || e.OnlyA+e.OnlyB+e.Changed > 0
		rows = append(rows, []string{e.Rule.String(), fmt.Sprint(e.OnlyA), fmt.Sprint(e.OnlyB), fmt.Sprint(e.Changed), fmt.Sprint(e.Same)})
	}
	if !differ {
		p.line("Under every rule value ends at the same places, with the same amounts.")
		p.line("")
		return
	}
	p.line("Endpoints with traced value, under every rule (sums of each: --json)")
	p.table("lrrrr", rows)
	p.line("")
}

// onlyOf are the things of one kind that one trace alone has, by id.
func onlyOf(things []thing, what string) map[string]bool {
	ids := map[string]bool{}
	for i := range things {
		if things[i].What == what {
			ids[things[i].ID] = true
		}
	}
	return ids
}

// writeSeeds prints the receipts that one of them lacks.
func (c *comparison) writeSeeds(p *page, a, b *loadedTrace) {
	some := false
	for _, side := range []struct {
		name   string
		trace  *loadedTrace
		things []thing
	}{{"A", a, c.OnlyA}, {"B", b, c.OnlyB}} {
		names, ids, n := exhibit.NameAssets(side.trace.Trace), onlyOf(side.things, "seed"), 0
		for i := range side.trace.Seeds {
			s := &side.trace.Seeds[i]
			if !ids[seedID(s)] {
				continue
			}
			if n++; n <= mostRows {
				p.fold(fmt.Sprintf("%s alone has seed %s: %s that %s received, %s.", side.name, exhibit.Visible(s.ID), coins(names, s.Chain, s.Asset, s.Units), exhibit.Visible(s.Address), s.Time))
			}
			some = true
		}
		p.more(n)
	}
	if some {
		p.line("")
	}
}

// writeGaps prints the gaps that one of them lacks.
func (c *comparison) writeGaps(p *page, a, b *loadedTrace) {
	for _, side := range []struct {
		name   string
		trace  *loadedTrace
		things []thing
	}{{"A", a, c.OnlyA}, {"B", b, c.OnlyB}} {
		names, alone, n := exhibit.NameAssets(side.trace.Trace), onlyOf(side.things, "gap"), 0
		for i, id := range gapIDs(side.trace.Trace) {
			if !alone[id] {
				continue
			}
			if n++; n <= mostGapsCompared {
				p.fold(fmt.Sprintf("%s alone has a gap: %s", side.name, gapWords(names, &side.trace.Gaps[i])))
			}
		}
		if n > mostGapsCompared {
			p.line("%s alone has %s more (--json)", side.name, counted(int64(n-mostGapsCompared), "gap"))
		}
		if n > 0 {
			p.line("")
		}
	}
}

// mostGapsCompared is how many gaps are said whole that one trace alone has.
const mostGapsCompared = 4

// saidWords write a value of JSON for people: a list by commas, of a block its height and chain, and
// nothing where there is none.
func saidWords(value json.RawMessage) string {
	var list []json.RawMessage
	var text string
	var block struct {
		Chain  string `json:"chain"`
		Height int64  `json:"height"`
	}
	switch {
	case string(value) == "null" || string(value) == "[]":
		return "nothing"
	case json.Unmarshal(value, &list) == nil:
		parts := make([]string, len(list))
		for i := range list {
			parts[i] = saidWords(list[i])
		}
		return strings.Join(parts, ", ")
	case json.Unmarshal(value, &text) == nil:
		return short(exhibit.Visible(text))
	case json.Unmarshal(value, &block) == nil && block.Chain != "":
		return exhibit.Visible(fmt.Sprintf("block %d of %s", block.Height, block.Chain))
	}
	return exhibit.Visible(string(value))
}

// mostCompared is how many findings of one heuristic are said whole that one trace alone has.
const mostCompared = 2

// writeFindings prints the findings that one of them lacks, those of one heuristic together.
func (c *comparison) writeFindings(p *page, a, b *loadedTrace) {
	for _, side := range []struct {
		name   string
		trace  *loadedTrace
		things []thing
	}{{"A", a, c.OnlyA}, {"B", b, c.OnlyB}} {
		found := exhibit.ReadFindings(side.trace.Trace, exhibit.NameAssets(side.trace.Trace))
		says := map[string][]string{}
		var order []string
		for i := range side.trace.Findings {
			g := &side.trace.Findings[i]
			alone := func(t thing) bool { return t.What == "finding" && t.ID == g.ID }
			if !slices.ContainsFunc(side.things, alone) {
				continue
			}
			title := exhibit.HeuristicWords(g.Heuristic)
			if len(says[title]) == 0 {
				order = append(order, title)
			}
			says[title] = append(says[title], found.Says(g))
		}
		for _, title := range order {
			all := says[title]
			for _, one := range all[:min(mostCompared, len(all))] {
				p.fold(plainSpaces(fmt.Sprintf("%s alone finds: %s: %s.", side.name, title, one)))
			}
			if more := len(all) - mostCompared; more > 0 {
				p.fold(fmt.Sprintf("%s alone finds %d more of these.", side.name, more))
			}
		}
	}
}

// counts says how much differs.
func (c *comparison) counts() string {
	count := func(things []thing) string {
		n := map[string]int64{}
		var order []string
		for i := range things {
			if n[things[i].What]++; n[things[i].What] == 1 {
				order = append(order, things[i].What)
			}
		}
		var parts []string
		for _, what := range order {
			parts = append(parts, counted(n[what], strings.TrimSuffix(what, "s")))
		}
		if len(parts) == 0 {
			return "nothing"
		}
		return strings.Join(parts, ", ")
	}
	differ := "differ"
	if len(c.Changed) == 1 {
		differ = "differs"
	}
	return fmt.Sprintf("A alone has %s; B alone has %s; of what both have %s %s (--json lists all).", count(c.OnlyA), count(c.OnlyB), counted(int64(len(c.Changed)), "field"), differ)
}

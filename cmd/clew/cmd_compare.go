package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/exhibit"
	"clew/tracer"
)

func compareCommand() *command {
	return &command{
		path: "compare", args: "TRACE TRACE", short: "what differs between two traces",
		long: "Each TRACE is a trace.json, or the id that clew trace printed (its first characters are enough). Things are the same that have the same id: a hop by its transaction and position, an endpoint by where it lies, a finding by what it is of. So what one kind of evidence does shows by taking it away: trace once more with --without, and compare.\n\n" +
			"For people, only what they decide on is printed: what was asked otherwise, findings, and endpoints under the declared rule of the first trace. --json has every field that differs. Numbers of hops, which only count, and the version of the program are not compared. The exit status is 0 whether or not they differ: `equal` tells.",
		examples: []example{
			{"clew compare 3f2a9c1e 77b0d1aa", "two traces of the store"},
			{"clew compare report/trace.json without/trace.json --json", "every field, from files"},
		},
		codes: []exitCode{codeNoStore, codeStore},
		least: 2, most: 2,
		action: runCompare,
	}
}

func runCompare(ctx context.Context, w *world, c *cli.Context) error {
	a, err := loadTrace(ctx, c, c.Args().Get(0))
	if err != nil {
		return err
	}
	b, err := loadTrace(ctx, c, c.Args().Get(1))
	if err != nil {
		return err
	}
	found, err := compareTraces(a, b)
	if err != nil {
		return err
	}
	if w.json {
		return writeJSON(w.stdout, found)
	}
	return found.write(newPage(w.stdout), a, b)
}

// write prints what differs for people.
func (c *comparison) write(p *page, a, b *loadedTrace) error {
	p.line("A  %s  %s", a.id, exhibit.Visible(a.Incident.Title))
	p.line("B  %s  %s", b.id, exhibit.Visible(b.Incident.Title))
	p.line("")
	if c.Equal {
		p.line("They say the same.")
		return p.flush()
	}
	c.writeAsked(p)
	rule := a.Incident.Rule
	left, right := endsOf(a.Trace, rule), endsOf(b.Trace, rule)
	rows := [][]string{}
	for _, id := range unionOf(left, right) {
		x, y := left[id], right[id]
		if x.amount == y.amount && x.reason == y.reason {
			continue
		}
		rows = append(rows, []string{x.text(), y.text(), cmp.Or(x.where, y.where)})
	}
	if len(rows) > 0 {
		p.line("Where value ends under %s:", rule)
		p.table("lll", append([][]string{{"A", "B", "at"}}, rows...))
		p.line("")
	}
	c.writeFindings(p, a, b)
	p.fold(c.counts())
	return p.flush()
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
		p.fold(fmt.Sprintf("%s: A %s, B %s", words, saidWords(f.A), saidWords(f.B)))
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
		"incident.id": "Incident", "incident.title": "Title", "incident.rule": "Rule declared", "incident.accounts": "Pots",
		"inputs.labels.sha256": "Labels (SHA-256)", "inputs.recording.sha256": "Recording (SHA-256)",
	}
}

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
		return exhibit.Visible(text)
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

// ending is an endpoint under one rule.
type ending struct {
	amount, reason, where string
}

func (e ending) text() string {
	if e.reason == "" {
		return "–"
	}
	return e.amount + " " + e.reason
}

// endsOf returns the endpoints of a trace that have something under a rule, by id.
func endsOf(t *tracer.Trace, rule tracer.Rule) map[string]ending {
	names := exhibit.NameAssets(t)
	ends := map[string]ending{}
	for i := range t.Endpoints {
		e := &t.Endpoints[i]
		amount, says := e.Traced.Get(rule)
		if !says || amount == (chains.Amount{}) {
			continue
		}
		ends[e.ID] = ending{coins(names, e.Chain, e.Asset, amount), string(e.Reason), nodeName(t, e.Node)}
	}
	return ends
}

// unionOf returns the ids of both, sorted by where they lie and then by id.
func unionOf(a, b map[string]ending) []string {
	var ids []string
	for id := range a {
		ids = append(ids, id)
	}
	for id := range b {
		if _, both := a[id]; !both {
			ids = append(ids, id)
		}
	}
	where := func(id string) string { return cmp.Or(a[id].where, b[id].where) }
	slices.SortFunc(ids, func(x, y string) int { return cmp.Or(cmp.Compare(where(x), where(y)), cmp.Compare(x, y)) })
	return ids
}

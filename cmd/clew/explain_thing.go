package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"clew/chains"
	"clew/exhibit"
	"clew/tracer"
)

// thingKinds are what explain knows besides hops, and how each is named on the command line.
var thingKinds = []struct{ word, what string }{{"endpoint", "endpoint"}, {"end", "endpoint"}, {"seed", "seed"}, {"finding", "finding"}, {"gap", "gap"}, {"hop", "hop"}}

// splitThing takes "end 7", "end7" and "seed V1" apart; what is "" where the name is of a hop, or an id.
func splitThing(words []string) (what, name string) {
	text := strings.TrimSpace(strings.Join(words, " "))
	for _, k := range thingKinds {
		rest, is := strings.CutPrefix(strings.ToLower(text), k.word)
		if !is || rest == "" {
			continue
		}
		if rest = strings.TrimSpace(text[len(k.word):]); rest != "" {
			return k.what, rest
		}
	}
	return "", text
}

// kindOfID is what the trace has an id for that is or begins as name: a hop where nothing else does.
func kindOfID(t *tracer.Trace, name string) string {
	is := func(id string) bool { return id == name || len(name) >= 4 && strings.HasPrefix(id, name) }
	if _, err := strconv.Atoi(name); err == nil || slices.ContainsFunc(t.Hops, func(h tracer.Hop) bool { return is(h.ID) }) {
		return "hop"
	}
	if slices.ContainsFunc(t.Endpoints, func(e tracer.Endpoint) bool { return is(e.ID) }) {
		return "endpoint"
	}
	if slices.ContainsFunc(t.Findings, func(g tracer.Finding) bool { return is(g.ID) }) {
		return "finding"
	}
	return "hop"
}

// explainThing explains an endpoint, a seed, a finding or a gap.
func explainThing(t *loadedTrace, what, name string) (*explanation, error) {
	names := exhibit.NameAssets(t.Trace)
	x := &explanation{Schema: "clew.explain/1", What: what, Trace: t.id, Rule: t.Incident.Rule, Accounts: t.Incident.Accounts, From: []string{}, Entered: []potEntry{},
		Left: []potEntry{}, Next: []nextAnswer{}, Gaps: []tracer.Gap{}, Path: []string{}, Check: []string{}, ByHand: []string{}}
	switch what {
	case "endpoint":
		i, err := pick(t, what, name, len(t.Endpoints), func(i int) string { return t.Endpoints[i].ID })
		if err != nil {
			return nil, err
		}
		x.ofEndpoint(t, names, i)
	case "seed":
		if !slices.ContainsFunc(t.Seeds, func(s tracer.SeedEntry) bool { return s.ID == name }) {
			return nil, withHint(fmt.Errorf("seed %s of trace %s: %w", name, t.id, chains.ErrNotFound), "it has: %s", strings.Join(seedNames(t.Trace), ", "))
		}
		x.ofSeed(t, names, name)
	case "finding":
		i, err := pick(t, what, name, len(t.Findings), func(i int) string { return t.Findings[i].ID })
		if err != nil {
			return nil, err
		}
		x.ofFinding(t, names, i)
	default:
		i, err := pick(t, "gap", name, len(t.Gaps), func(int) string { return "" })
		if err != nil {
			return nil, err
		}
		x.ofGap(t, names, i)
	}
	for _, s := range x.Sections {
		x.Says = append(x.Says, s.Says...)
	}
	return x, nil
}

// pick returns the place of the thing with a number, from 1, or with an id that begins so.
func pick(t *loadedTrace, what, name string, n int, id func(int) string) (int, error) {
	number, err := strconv.Atoi(name)
	if err == nil && number >= 1 && number <= n {
		return number - 1, nil
	}
	found := -1
	for i := range n {
		if own := id(i); own == name {
			return i, nil
		} else if len(name) >= 4 && strings.HasPrefix(own, name) {
			if found >= 0 {
				return 0, withHint(fmt.Errorf("%s %s of trace %s: several begin so", what, name, t.id), "name more of it, or its number")
			}
			found = i
		}
	}
	if found >= 0 {
		return found, nil
	}
	hint := fmt.Sprintf("the trace has no %ss", what)
	if n > 0 {
		hint = fmt.Sprintf("the trace has %ss 1 to %d, the rows of their schedule", what, n)
	}
	return 0, withHint(fmt.Errorf("%s %s of trace %s: %w", what, name, t.id, chains.ErrNotFound), "%s", hint)
}

// seedNames are the ids of the seeds, each once.
func seedNames(t *tracer.Trace) []string {
	var out []string
	for i := range t.Seeds {
		if !slices.Contains(out, t.Seeds[i].ID) {
			out = append(out, t.Seeds[i].ID)
		}
	}
	return out
}

// writeThing prints what is not a hop.
func (x *explanation) writeThing(p *page, t *loadedTrace) error {
	p.line("%s of trace %s", x.Title, x.Trace)
	p.fold(exhibit.Visible(t.Incident.Title))
	p.line("")
	x.writeSections(p)
	if e, is := x.Thing.(*tracer.Endpoint); is {
		names := exhibit.NameAssets(t.Trace)
		p.line("What every rule says, in %s", symbol(names, e.Chain, e.Asset))
		writeRules(p, names, t, assetOn{e.Chain, e.Asset}, &e.Traced, func(r tracer.Rule) string { return plainSpaces(or(names.ByBasis(e, r), "-")) })
		p.line("")
	}
	if len(x.Check) > 0 {
		p.line("Check it on a node of your own")
		for _, line := range x.Check {
			p.line("  %s", line)
		}
	}
	return p.flush()
}

// ofFinding explains what a heuristic says.
func (x *explanation) ofFinding(t *loadedTrace, names *exhibit.Assets, i int) {
	g, found := &t.Findings[i], exhibit.ReadFindings(t.Trace, names)
	x.Thing, x.Title = g, fmt.Sprintf("Finding %d (%s)", i+1, g.ID)
	x.tell("What a heuristic infers (no fact)", findingWords(found, []*tracer.Finding{g}))
	var rests []string
	txs := slices.Clone(g.TxIDs)
	if g.TxID != "" && !slices.Contains(txs, g.TxID) {
		txs = append([]string{g.TxID}, txs...)
	}
	if len(txs) > 0 {
		rests = append(rests, "Transactions: "+listed(hashes(found.Chain(g), txs))+".")
	}
	if len(g.Addresses) > 0 {
		rests = append(rests, "Addresses: "+listed(visibleAll(g.Addresses))+".")
	}
	x.tell("What it rests on", rests...)
	moves := "It moves no amount."
	if hops := found.Hops(g); len(hops) > 0 {
		var numbers []string
		for _, n := range hops {
			numbers = append(numbers, fmt.Sprint(n))
		}
		moves = "Hops that name it: " + listed(numbers) + ". An amount rests on it only where a hop's basis is inference."
	}
	x.tell("What it changes", moves)
	x.tell("What is not known", "Whether it is right here. --without traces once more without this kind of evidence, and clew compare shows what that changes.")
}

// ofGap explains what was not read or not understood.
func (x *explanation) ofGap(t *loadedTrace, names *exhibit.Assets, i int) {
	g := &t.Gaps[i]
	x.Thing, x.Title = g, fmt.Sprintf("Gap %d", i+1)
	x.Gaps = append(x.Gaps, *g)
	x.tell("What is not known", gapWords(names, g))
	var hops, ends []string
	for k := range t.Hops {
		h := &t.Hops[k]
		if slices.ContainsFunc(h.Legs, func(l tracer.Leg) bool { return touches(g, l.Chain, l.TxID.String(), l.Height) }) {
			hops = append(hops, fmt.Sprint(h.Number))
		}
	}
	for k := range t.Endpoints {
		if e := &t.Endpoints[k]; e.Reason == tracer.ReasonGap && e.Chain == g.Chain && (g.TxID == "" || strings.Contains(e.Note, g.TxID)) {
			ends = append(ends, fmt.Sprint(k+1))
		}
	}
	var touched []string
	if len(hops) > 0 {
		touched = append(touched, "Hops in it: "+listed(hops)+".")
	}
	if len(ends) > 0 {
		touched = append(touched, "Endpoints for want of it: "+listed(ends)+".")
	}
	x.tell("What it touches", touched...)
}

// mostListed is how many names a sentence lists.
const mostListed = 12

// listed joins names by commas, those beyond mostListed by their number.
func listed(all []string) string {
	if more := len(all) - mostListed; more > 0 {
		return strings.Join(all[:mostListed], ", ") + " and " + grouped(int64(more)) + " more"
	}
	return strings.Join(all, ", ")
}

func hashes(chain chains.Chain, ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = hashText(chain, exhibit.Visible(strings.TrimPrefix(id, "0x")))
	}
	return out
}

func visibleAll(texts []string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = exhibit.Visible(text)
	}
	return out
}

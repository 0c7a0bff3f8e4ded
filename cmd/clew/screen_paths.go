package main

import (
	"fmt"
	"slices"
	"strings"

	"clew/exhibit"
	"clew/screen"
	"clew/tracer"
)

// shownPaths is how many paths of an exposure stand on a page.
const shownPaths = 2

// paths prints the ways that value took, step by step in the order in which it moved.
func (g *verdictPage) paths() {
	for i := range g.v.Exposure {
		e := &g.v.Exposure[i]
		shown := min(len(e.Paths), shownPaths)
		for k := range e.Paths[:shown] {
			g.path(i+1, e, k)
		}
		if more := len(e.Paths) - shown + e.More; more > 0 {
			g.p.line("  and %s of exposure %d that carry less (--json has %d of them)", counted(int64(more), "path"), i+1, len(e.Paths)-shown)
		}
	}
}

// path prints one way, or where it takes the steps of the one before it, what differs.
func (g *verdictPage) path(n int, e *screen.Exposure, k int) {
	path := &e.Paths[k]
	g.head("Path of exposure %d: fifo %s, pro rata %s", n, g.briefCoins(e.Chain, e.Asset, path.Units.FIFO), g.briefCoins(e.Chain, e.Asset, path.Units.ProRata))
	g.pathHead(path)
	steps := path.Steps
	if k > 0 && sameSteps(&e.Paths[k-1], path) {
		g.step(nil, steps, 0)
		last := &steps[len(steps)-1]
		g.p.line("     then as in the path before, step 2 to the last, which carries of this seed fifo %s, pro rata %s",
			g.brief(last.Chain, last.Asset, last.Carried.FIFO), g.brief(last.Chain, last.Asset, last.Carried.ProRata))
		return
	}
	gap := -1
	if path.Omitted > 0 {
		gap = len(steps) / 2
	}
	for i := range steps {
		if i == gap {
			g.p.line("     … %s in between (the trace has them)", counted(int64(path.Omitted), "step"))
		}
		g.step(path, steps, i)
	}
}

// sameSteps reports whether two ways of different seeds are the same behind their receipts.
func sameSteps(a, b *screen.Path) bool {
	return a.Trace != "" && a.Trace == b.Trace && a.Omitted == b.Omitted && len(a.Steps) > 2 &&
		slices.EqualFunc(a.Steps[1:], b.Steps[1:], func(x, y screen.Step) bool { return x.TxID == y.TxID && x.Hop == y.Hop && x.To == y.To })
}

// pathHead says which way it is, and how its sums are followed.
func (g *verdictPage) pathHead(path *screen.Path) {
	if path.Incident != "" {
		from := "incident " + path.Incident
		if path.Seed != "" {
			from += ", seed " + path.Seed
		}
		if path.Trace != "" {
			from += ", trace " + short(path.Trace)
		}
		if path.Rule != "" {
			from += ", the way by " + path.Rule + " alone"
		}
		g.p.line("  %s", exhibit.Visible(from))
	}
	says := fmt.Sprintf("%s in %s", counted(int64(path.Hops), "hop"), counted(int64(len(path.Steps)+path.Omitted), "step"))
	if path.Trace != "" {
		says += "; #N is hop N of the trace, in which a swap, a bridge or a mixer is one hop of two steps"
	}
	if path.Evidence != "" {
		says += "; at its weakest " + path.Evidence
	}
	g.p.line("  %s", fold(says, 2))
	if path.Merges > 0 {
		g.p.line("  %s", fold(fmt.Sprintf("The main way of several: at each step back what brought the most of the seed. At %s more of it came in from elsewhere (“beside”).",
			counted(int64(path.Merges), "step")), 2))
	}
	if path.Trace != "" {
		g.p.line("  %s", fold("What a step carries less than what came before it went elsewhere, or stayed.", 2))
	}
}

// step prints one movement. Without a path, nothing is said of what came beside.
func (g *verdictPage) step(path *screen.Path, steps []screen.Step, i int) {
	s := &steps[i]
	hop := ""
	if s.Hop > 0 {
		hop = fmt.Sprintf(", #%d", s.Hop)
	}
	number := i + 1
	if path != nil && i >= len(steps)/2 {
		number += path.Omitted
	}
	g.p.line("  %2d %s  %s  block %d%s", number, s.Time, hashText(s.Chain, strings.TrimPrefix(s.TxID, "0x")), s.Height, hop)
	if from := party(s.From, s.FromOut); from != "" {
		g.p.line("     from %s", exhibit.Visible(from))
	}
	g.p.line("     to   %s", exhibit.Visible(or(party(s.To, s.ToOut), "nobody")))
	if says := whose(s); says != "" {
		g.p.line("          %s", fold(exhibit.Visible(says), 10))
	}
	second := i > 0 && s.Hop > 0 && steps[i-1].Hop == s.Hop
	carried := ""
	if s.Carried.FIFO != s.Units || s.Carried.ProRata != s.Units {
		carried = fmt.Sprintf(", of which fifo %s, pro rata %s", g.brief(s.Chain, s.Asset, s.Carried.FIFO), g.brief(s.Chain, s.Asset, s.Carried.ProRata))
	}
	g.p.line("     %s", fold(fmt.Sprintf("%s%s; %s", g.briefCoins(s.Chain, s.Asset, s.Units), carried, grounds(s.Evidence, s.Basis)), 5))
	if says := conversion(s, second); says != "" {
		g.p.line("     %s", fold(exhibit.Visible(says), 5))
	}
	if path != nil && s.Beside != nil {
		g.p.line("     %s", fold(g.beside(s), 5))
	}
}

// whose says whose the address is that a step leads to, and who claims it.
func whose(s *screen.Step) string {
	var says string
	switch {
	case s.ToKind == "" && s.ToEntity == "":
		return ""
	case s.ToKind == "":
		says = s.ToEntity
	case s.ToEntity == "":
		return "a " + s.ToKind
	default:
		says = "a " + s.ToKind + ": " + s.ToEntity
	}
	return says + ", as claimed by " + or(s.ToSource, "somebody who is not named")
}

// conversion says what links the two steps of a hop.
func conversion(s *screen.Step, second bool) string {
	kind := tracer.HopKind(s.Kind)
	switch {
	case s.Kind == "" || kind == tracer.HopTransfer || kind == tracer.HopFee:
		return ""
	case kind == tracer.HopMixer && second:
		return "out of the mixer, as the analyst adopted: the chain does not show that this is the same money. The incident's file has the reason, and clew explain tells the other candidates"
	case kind == tracer.HopMixer:
		return "into the mixer"
	case kind == tracer.HopSwap && second:
		return "received in the swap"
	case kind == tracer.HopSwap:
		return "given in a swap"
	case kind == tracer.HopBridge && second && s.Link != nil:
		return "received over the bridge: both sides name message " + s.Link.Key + " of " + s.Link.Protocol
	case kind == tracer.HopBridge && second:
		return "received over the bridge"
	case kind == tracer.HopBridge:
		return "given to a bridge"
	}
	return ""
}

// beside says what else of the seed lay where a step begins.
func (g *verdictPage) beside(s *screen.Step) string {
	b := s.Beside
	says := fmt.Sprintf("beside: %s had brought fifo %s, pro rata %s of the seed there as well", counted(int64(b.Movements), "other movement"),
		g.brief(s.Chain, s.Asset, b.Units.FIFO), g.brief(s.Chain, s.Asset, b.Units.ProRata))
	for i, hop := range b.Hops {
		if i == 0 {
			says += ": "
		} else {
			says += ", "
		}
		says += fmt.Sprintf("#%d", hop)
	}
	if more := b.Movements - len(b.Hops); more > 0 && len(b.Hops) > 0 {
		says += " …"
	}
	return says
}

// party names one side of a step: an address, with the output where it lies; "" where several gave, or none.
func party(address, out string) string {
	switch {
	case address != "" && out != "":
		return address + " (" + short(out) + ")"
	case out != "":
		return out
	}
	return address
}

// basisWords say on what a traced amount rests.
var basisWords = map[string]string{
	tracer.Whole.String(): "all of it", tracer.ByRule.String(): "by the rule", tracer.Conversion.String(): "by the rule, over a conversion",
	tracer.BridgeKey.String(): "by the rule, over a bridge", tracer.Inference.String(): "an inference", tracer.Adopted.String(): "adopted by the analyst",
}

// grounds says on what a step rests: the movement on evidence, its part of the value on a basis.
func grounds(evidence, basis string) string {
	parts := []string{}
	if evidence != "" {
		parts = append(parts, "movement "+evidence)
	}
	if basis != "" {
		parts = append(parts, "amount: "+or(basisWords[basis], basis))
	}
	return strings.Join(parts, ", ")
}

// claims prints who says what behind each exposure, those that contradict each other side by side.
func (g *verdictPage) claims() {
	for i := range g.v.Exposure {
		e := &g.v.Exposure[i]
		if len(e.Claims) == 0 {
			continue
		}
		g.head("Labels behind exposure %d", i+1)
		for k := range e.Claims {
			g.claim(&e.Claims[k], e.Distance == screen.Own && g.v.Subject.Kind == screen.KindAddress)
		}
	}
}

// claim prints one; an address by itself has no transaction at whose time something was claimed.
func (g *verdictPage) claim(c *screen.Claim, timeless bool) {
	what := c.Text
	if c.Actor != "" {
		what += ", by " + c.Actor
	}
	g.p.line("  %s: %s (%s)", c.Address, exhibit.Visible(what), c.Category)
	var when []string
	if c.ListDated != "" && c.ListDated != c.Retrieved {
		when = append(when, "list of "+c.ListDated)
	}
	if c.Retrieved != "" { // tables of the program's own have no date
		when = append(when, "retrieved "+c.Retrieved)
	}
	if c.ValidFrom != "" {
		when = append(when, "listed "+c.ValidFrom)
	}
	if c.ValidTo != "" {
		when = append(when, "delisted "+c.ValidTo)
	}
	if c.Confidence != "" {
		when = append(when, "confidence "+c.Confidence)
	}
	if !timeless {
		when = append(when, "at the time of the transaction: "+yesNo(c.AtTransaction))
	}
	when = append(when, "now: "+yesNo(c.Now))
	g.p.line("    %s", fold(exhibit.Visible(c.Source)+"; "+exhibit.Visible(strings.Join(when, "; ")), 4))
}

// unasked prints what came without being asked for.
func (g *verdictPage) unasked() {
	if len(g.v.Unasked) == 0 {
		return
	}
	g.head("Came unasked, and raises no match")
	for i := range g.v.Unasked {
		u := &g.v.Unasked[i]
		from := ""
		if u.From != "" {
			from = " from " + u.From
		}
		known := ""
		if u.Category != "" && u.Category != screen.Unknown {
			known = ", " + string(u.Category)
		}
		if u.Incident != "" {
			known += ", incident " + u.Incident
		}
		g.p.line("  %s%s in %s%s", coins(g.names, u.Chain, u.Asset, u.Units), exhibit.Visible(from), hashText(u.Chain, strings.TrimPrefix(u.TxID, "0x")), exhibit.Visible(known))
		g.p.line("    %s", fold(exhibit.Visible(u.Why), 4))
	}
}

// endedWords say why a walk ended.
var endedWords = map[screen.Ended]string{
	screen.EndedExplained: "nothing was left to explain",
	screen.EndedStore:     "what is left lies outside of the blocks that were read",
}

// coverage says what was looked at, and what was not.
func (g *verdictPage) coverage() {
	c := &g.v.Coverage
	g.head("What was looked at")
	if len(c.Spans) == 0 {
		g.p.line("  incidents and labels; no block of %s is in the store", g.v.Subject.Chain)
	}
	for _, s := range c.Spans {
		g.p.line("  %s blocks %s to %s", s.Chain, grouped(s.From), grouped(s.To))
	}
	switch c.Ended {
	case screen.EndedNoStore:
	case screen.EndedAnswered, "":
		g.p.line("  no walk: an incident or a label decides, and a walk could not change that")
	case screen.EndedBudget:
		g.p.line("  %s, up to %s away; the walk ended at its bound on %s", counted(int64(c.Transactions), "transaction"), counted(int64(c.DeepestHops), "hop"), c.Limit)
	default:
		g.p.line("  %s, up to %s away; %s", counted(int64(c.Transactions), "transaction"), counted(int64(c.DeepestHops), "hop"), or(endedWords[c.Ended], string(c.Ended)))
	}
	for i := range c.Gaps {
		gap := &c.Gaps[i]
		where := ""
		if gap.TxID != "" {
			where = " (" + hashText(gap.Chain, strings.TrimPrefix(gap.TxID, "0x")) + ")"
		}
		g.p.line("  gap: %s", fold(exhibit.Visible(gap.What+where+": "+gap.Why+"; "+gap.Effect), 7))
	}
}

// pins says what the verdict was made from.
func (g *verdictPage) pins() {
	v := g.v
	g.head("Made from")
	rows := [][]string{{"rules", exhibit.Visible(v.Pins.PolicyID), v.Pins.Policy}, {"labels", "", v.Pins.Labels}, {"categories", "", v.Pins.Categories}, {"heuristics", "", v.Pins.Heuristics}}
	for _, in := range v.Pins.Incidents {
		rows = append(rows, []string{"incident", exhibit.Visible(in.ID), in.SHA256})
	}
	for i := range v.Pins.Blocks {
		b := &v.Pins.Blocks[i]
		at := fmt.Sprintf("%s %s, %s", b.Chain, grouped(b.Height), b.Time)
		if b.Behind != nil {
			at += fmt.Sprintf(", %s behind its node", counted(*b.Behind, "block"))
		}
		rows = append(rows, []string{"block", at, hashText(b.Chain, strings.TrimPrefix(b.Hash, "0x"))})
	}
	g.p.table("lll", rows)
	bounds := []string{}
	for _, b := range []struct {
		n    int
		noun string
	}{{v.Pins.Budget.Hops, "hop"}, {v.Pins.Budget.Transactions, "transaction"}, {v.Pins.Budget.Milliseconds, "millisecond"}} {
		if b.n > 0 {
			bounds = append(bounds, counted(int64(b.n), b.noun))
		}
	}
	if len(bounds) > 0 {
		g.p.line("  a walk was bounded by %s", strings.Join(bounds, ", "))
	}
	g.p.line("")
	g.p.line("%s  (again: clew screen --replay %s)", v.ID, v.ID)
}

package exhibit

import (
	"fmt"
	"slices"
	"strings"

	"clew/exhibit/scene"
	"clew/tracer"
)

// paragraph writes text at the left margin, broken into lines, and returns the y below it.
// y is the top.
func (a *artist) paragraph(g *scene.Group, text string, y, width, size int, bold bool) (int, error) {
	lines, err := a.f.Wrap(text, width, size, bold)
	if err != nil {
		return y, err
	}
	for _, l := range lines {
		w, err := a.f.Measure(l, size, bold)
		if err != nil {
			return y, err
		}
		g.AddText(scene.Text{X: margin, Y: y + size, W: w, Size: size, Bold: bold, S: l})
		y += size + size/3
	}
	return y, nil
}

// textWidth is how wide running text is: no wider than can be read, or than a page of letter paper
// across holds at 7 pt.
func (a *artist) textWidth() int { return min(a.scene.Width-2*margin, 1200) }

// header writes title, rule and what it shows, and returns the y below.
func (a *artist) header(y int) (int, error) {
	t := a.d.Trace
	g := scene.Group{Kind: scene.GroupFrame, ID: scene.IDTitle}
	top, w := y, a.textWidth()
	title := strings.TrimSpace(visible(t.Incident.Title))
	if title == "" {
		title = visible(t.Incident.ID)
	}
	a.scene.Title = "Flow of funds alleged to be stolen: " + title
	a.scene.Words = scene.Words{Title: a.scene.Title}
	head := &a.scene.Words.Head
	var err error
	if t.Incident.Synthetic {
		*head = append(*head, scene.Sentences{Text: textReplica, Bold: true})
		if y, err = a.paragraph(&g, textReplica, y, w, 13, true); err != nil {
			return y, err
		}
		y += 4
	}
	if y, err = a.paragraph(&g, a.scene.Title, y, w, 20, true); err != nil {
		return y, err
	}
	y += 2
	sum := summarize(t, a.d.Rule)
	a.scene.Description = strings.Join(sum.Sentences(), " ")
	lines := append([]string{sum.Opening()}, headLines(sum.PerAsset())...)
	if line := sum.StatementLine(); line != "" {
		lines = append(lines, line)
	}
	for _, s := range append(lines, "Amounts: "+ruleLine(t, a.d.Rule)) {
		*head = append(*head, scene.Sentences{Text: s})
		if y, err = a.paragraph(&g, s, y, w, 13, false); err != nil {
			return y, err
		}
	}
	if len(t.Gaps) > 0 {
		*head = append(*head, scene.Sentences{Text: sum.GapLine(), Bold: true})
		if y, err = a.paragraph(&g, sum.GapLine(), y, w, 13, true); err != nil {
			return y, err
		}
	}
	g.Frame = scene.Rect{X: margin, Y: top, W: a.scene.Width - 2*margin, H: y - top}
	a.scene.Groups = append(a.scene.Groups, g)
	return y, nil
}

// mostHeadLines is how many assets the head of a drawing tells of.
const mostHeadLines = 8

// headLines cuts the sentences of many assets short.
func headLines(lines []string) []string {
	if len(lines) <= mostHeadLines {
		return lines
	}
	more := len(lines) - (mostHeadLines - 1)
	return append(slices.Clone(lines[:mostHeadLines-1]), count(more, "further asset")+": see the report and schedule E.")
}

// ruleLine says under which rule amounts are drawn, and whether it is the declared one.
func ruleLine(t *tracer.Trace, r tracer.Rule) string {
	s := fmt.Sprintf("traced under %s (%s), the rule declared in the incident", r, ruleWordsOf(t, r))
	switch {
	case contactOnly(t):
		s = fmt.Sprintf("what others valued each movement at, wherever %s finds contact; the incident declares %s, which says nothing of valuations", r, t.Incident.Rule)
	case r != t.Incident.Rule && t.Incident.Rule.Conserves():
		return fmt.Sprintf("traced under %s (%s), for comparison: the rule declared in the incident is %s. “a of b”: a is traced of a movement of b.", r, ruleWordsOf(t, r), t.Incident.Rule)
	case r != t.Incident.Rule:
		s = fmt.Sprintf("traced under %s (%s); the incident declares %s, which marks contact and does not divide amounts", r, ruleWordsOf(t, r), t.Incident.Rule)
	}
	if why := strings.TrimSpace(visible(t.Incident.RuleReason)); why != "" {
		s += ": " + strings.TrimSuffix(why, ".")
	}
	if contactOnly(t) {
		return s + "."
	}
	return s + ". “a of b”: a is traced of a movement of b."
}

// legend explains lines and boxes in one row that wraps.
func (a *artist) legend(y int) (int, error) {
	g := scene.Group{Kind: scene.GroupFrame, ID: scene.IDLegend}
	top, x := y, margin
	limit := margin + a.textWidth()
	for _, e := range a.legendEntries() {
		w, err := a.f.Measure(e.text, sizeText, false)
		if err != nil {
			return y, err
		}
		if x > margin && x+44+w > limit {
			x, y = margin, y+24
		}
		e.draw(&g, x, y)
		g.AddText(scene.Text{X: x + 44, Y: y + 14, W: w, Size: sizeText, S: e.text})
		x += 44 + w + 24
		one := scene.Group{Kind: scene.GroupFrame, Frame: scene.Rect{W: 44 + w, H: 22}}
		e.draw(&one, 0, 0)
		one.AddText(scene.Text{X: 44, Y: 14, W: w, Size: sizeText, S: e.text})
		a.scene.Words.Legend = append(a.scene.Words.Legend, one)
	}
	y += 28
	g.Frame = scene.Rect{X: margin, Y: top, W: a.scene.Width - 2*margin, H: y - top}
	a.scene.Groups = append(a.scene.Groups, g)
	return y, nil
}

// lineEntries is how many entries at the head of the legend explain lines.
const lineEntries = 3

type legendEntry struct {
	text string
	draw func(g *scene.Group, x, y int)
}

func (a *artist) legendEntries() []legendEntry {
	stroke := func(s Style) func(*scene.Group, int, int) {
		return func(g *scene.Group, x, y int) {
			width, dash, double := lineOf(s)
			g.AddPath(scene.Path{Points: []scene.Point{{X: x, Y: y + 10}, {X: x + 36, Y: y + 10}}, Line: width, Stroke: scene.Dark, Dash: dash, Double: double})
		}
	}
	box := func(r scene.Rect) func(*scene.Group, int, int) {
		return func(g *scene.Group, x, y int) {
			r := r
			r.X, r.Y, r.W, r.H, r.Filled = x, y+2, 34, 16, true
			g.AddRect(r)
		}
	}
	entries := []legendEntry{ // lineEntries of them
		{"movement proven by inclusion in a block", stroke(Proven)},
		{"movement attested by a node, or imported", stroke(Attested)},
		{"inferred by a heuristic, or adopted by the analyst", stroke(Inferred)},
	}
	has := map[BoxKind]bool{}
	ends := false
	for i := range a.d.Boxes {
		has[a.d.Boxes[i].Kind] = true
		ends = ends || len(a.d.Boxes[i].Held) > 0
	}
	if has[BoxPlace] {
		entries = append(entries, legendEntry{"address", box(scene.Rect{Line: 1, Fill: scene.White, Round: 2})})
	}
	if ends {
		entries = append(entries, legendEntry{"traced value ends here, and why", func(g *scene.Group, x, y int) {
			box(scene.Rect{Line: 1, Fill: scene.Pale, Round: 2})(g, x, y)
			g.AddRect(scene.Rect{X: x + 30, Y: y + 2, W: 4, H: 16, Fill: scene.Dark, Filled: true})
		}})
	}
	if has[BoxJunction] {
		entries = append(entries, legendEntry{"transaction that merges several sources", box(scene.Rect{Line: 1, Fill: scene.White, Round: 8, Stroke: scene.Dark})})
	}
	entries = append(entries, a.shapeEntries()...)
	if a.framed {
		entries = append(entries, legendEntry{"addresses that a heuristic takes for one owner’s (inferred: schedule D)", box(scene.Rect{Line: 1, Fill: scene.White, Round: 6, Stroke: scene.Middle, Dash: scene.Dashed})})
	}
	if has[BoxRun] || has[BoxFold] || has[BoxSeeds] {
		entries = append(entries, legendEntry{"several, folded, with totals; opens in the report", func(g *scene.Group, x, y int) {
			box(scene.Rect{Line: 1, Fill: scene.White, Round: 2, Stroke: scene.Middle})(g, x+4, y-4)
			box(scene.Rect{Line: 1, Fill: scene.White, Round: 2})(g, x, y)
		}})
	}
	if !a.d.Fees.isZero() {
		entries = append(entries, legendEntry{a.d.feeWords() + ": value that ends with whoever " + a.d.madeBlocks() + ", a line in the box that pays", func(g *scene.Group, x, y int) {
			box(scene.Rect{Line: 1, Fill: scene.White, Round: 2})(g, x, y)
			g.AddPath(scene.Path{Points: []scene.Point{{X: x + 6, Y: y + 10}, {X: x + 28, Y: y + 10}}, Line: 2, Stroke: scene.Middle})
		}})
	}
	for _, o := range a.others {
		if o.h > 0 {
			return append(entries, legendEntry{"other funds join: not traced", box(scene.Rect{Line: 1, Fill: scene.White, Round: 2, Stroke: scene.Middle, Dash: scene.Dashed})})
		}
	}
	return entries
}

// footer writes the notes, the source and the hash.
func (a *artist) footer(y int) (int, error) {
	g := scene.Group{Kind: scene.GroupFrame, ID: scene.IDNotes}
	top := y
	g.AddPath(scene.Path{Points: []scene.Point{{X: margin, Y: y}, {X: a.scene.Width - margin, Y: y}}, Line: 1, Stroke: scene.Light})
	y += 8
	var err error
	for _, note := range append(a.footnoteLines(), a.d.notes(a.traceID)...) {
		a.scene.Words.Notes = append(a.scene.Words.Notes, scene.Sentences{Text: note})
		if y, err = a.paragraph(&g, note, y, a.textWidth(), sizeText, false); err != nil {
			return y, err
		}
		y += 2
	}
	g.Frame = scene.Rect{X: margin, Y: top, W: a.scene.Width - 2*margin, H: y - top}
	a.scene.Groups = append(a.scene.Groups, g)
	return y, nil
}

// feeWords names what boxes pay that has no arrow: on chains of accounts the fee of a bridge is
// among it.
func (d *Diagram) feeWords() string {
	if hasAccounts(d.Trace) {
		return "fees"
	}
	return "network fees"
}

func (d *Diagram) madeBlocks() string {
	if hasAccounts(d.Trace) {
		return "made the block, ran the bridge or carried a withdrawal"
	}
	return "mined"
}

// notes are the sentences under the drawing, in order.
func (d *Diagram) notes(hash string) []string {
	t := d.Trace
	notes := []string{textAlleged + " " + textInnocent}
	notes = append(notes, textScale+" Addresses and hashes are shortened here and whole in the schedules; A1, A2 … and hop numbers are the same there. “By rule” is the smallest and the largest amount over the accounting rules that were computed; it is no bound, and such ranges do not add up.")
	if hasAccounts(t) {
		notes = append(notes, textBrief+" So is what a box or an arrow says where the pointer rests on it.")
	}
	if line := ReadFindings(t, d.Assets).foundLine(); line != "" {
		notes = append(notes, line)
	}
	if line := d.inferredLine(); line != "" {
		notes = append(notes, line)
	}
	if names := d.Assets.legend(); len(names) > 0 {
		notes = append(notes, "Symbols are what the tokens’ contracts claim: "+strings.Join(names, "; ")+".")
	}
	if !d.Fees.isZero() {
		notes = append(notes, fmt.Sprintf("%s took %s of the traced value in %s; they are written in the boxes that paid them and have no arrows.", capital(d.feeWords()), strings.Join(d.Assets.briefParts(d.Fees), " + "), count(d.FeeHops, "transaction")))
	}
	if d.Folded > 0 {
		notes = append(notes, fmt.Sprintf("Folded: %s, which %s for %s, with %s inside; every hop is a row of schedule A. What enters a folded box equals what leaves it, what is held in it and its fees.",
			count(d.Folded, "box"), standStands(d.Folded), count(d.FoldedAddresses, "address"), count(d.FoldedHops, "hop")))
	}
	if d.TouchedOnly > 0 {
		notes = append(notes, fmt.Sprintf("Not drawn: %s without traced value under this rule (their whole value, counted at each hop: %s); poison alone marks %s of them. They are rows of schedule A.",
			count(d.TouchedOnly, "hop"), strings.Join(d.Assets.briefParts(d.TouchedOnlyTotal), " + "), groupThousands(fmt.Sprint(d.PoisonOnly))))
	}
	for _, o := range t.AsOf {
		if listed(&o) {
			notes = append(notes, fmt.Sprintf("Source: files of transfers on the chain %s (%s) up to %s, as others delivered them; no block was read.", visible(string(o.Chain)), visible(o.CAIP2), visible(o.Time)))
			continue
		}
		what := "public transactions of the chain"
		if t.Incident.Synthetic {
			what = "transactions made for demonstration, on a chain of the form of"
		}
		notes = append(notes, fmt.Sprintf("Source: "+what+" %s (%s) to block %d, %s, of %s.", visible(string(o.Chain)), visible(o.CAIP2), o.Height, o.Hash, visible(o.Time)))
	}
	return append(notes, "Trace SHA-256 "+hash+" · incident SHA-256 "+visible(t.Incident.SHA256))
}

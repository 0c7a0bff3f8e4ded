package exhibit

import (
	"fmt"
	"slices"
	"strings"

	"clew/exhibit/paper"
	"clew/exhibit/scene"
	"clew/tracer"
)

// placeText is a place in a line: its short name, address, and what is said of it.
func placeText(p *place) string {
	text := strings.TrimSpace(p.Alias + " " + p.Address)
	if p.Name != "" {
		text += " (claimed: " + p.Name + ")"
	}
	for _, f := range p.Found {
		text += " [" + f + "]"
	}
	return text
}

// mostPlaces is how many places a row lists; the rest is counted and stands in the file.
const mostPlaces = 20

func placeTexts(all []place) string {
	shown, more := cut(all, mostPlaces)
	parts := make([]string, len(shown))
	for i := range shown {
		parts[i] = placeText(&shown[i])
	}
	text := strings.Join(parts, "; ")
	if more > 0 {
		text += fmt.Sprintf("; and %d more in schedule_a_hops.csv", more)
	}
	return text
}

func placeNames(all []place) string {
	shown, more := cut(all, mostPlaces)
	parts := make([]string, len(shown))
	for i := range shown {
		parts[i] = shown[i].Alias
		if parts[i] == "" {
			parts[i] = shown[i].Address
		}
	}
	text := strings.Join(parts, ", ")
	if more > 0 {
		text += fmt.Sprintf(", %d more", more)
	}
	return text
}

// hopBlocks are schedule A: two lines of columns, and below them what names transaction, places and
// bytes, whole on a line each, so that it can be copied.
func (v *viewer) hopBlocks() ([]paper.Block, error) {
	if len(v.t.Hops) == 0 {
		return []paper.Block{paper.Paragraph{Text: "None: the value has not moved."}}, nil
	}
	t := paper.Table{Repeat: "Schedule A, continued", Columns: []paper.Column{{Head: "Hop", Width: 7}, {Head: "Time (UTC)", Width: 22}, {Head: "Chain, block", Width: 19},
		{Head: "From", Width: 12}, {Head: "To", Width: 14}, {Head: "Whole movement", Width: 24, Right: true}, {Head: "Traced", Width: 24, Right: true}, {Head: "Evidence, basis", Width: 18}}}
	told := map[string]bool{} // transactions of which another hop tells
	for i := range v.t.Hops {
		if h := &v.t.Hops[i]; h.Kind != tracer.HopFee {
			for k := range h.Legs {
				told[txText(h.Legs[k].Chain, h.Legs[k].TxID.String())] = true
			}
		}
	}
	rest := t
	rest.Repeat, rest.Rows = "Schedule A, without traced value, continued", nil
	leaveOut := v.untraced() > mostUntraced
	for i := range v.t.Hops {
		h := &v.t.Hops[i]
		for k := range h.Legs {
			if leaveOut && !v.carries(h) {
				continue
			}
			row := v.hop(h, k)
			cells := hopOnPaper(&row, h.Kind == tracer.HopFee && len(h.Legs) == 1 && told[row.TxID])
			if v.carries(h) {
				t.Rows = append(t.Rows, cells)
			} else {
				rest.Rows = append(rest.Rows, cells)
			}
		}
	}
	said := count(len(v.t.Hops), "hop") + " in chain order."
	if len(t.Rows)+len(rest.Rows) > len(v.t.Hops) {
		said += " A swap, a bridge and an adopted way through a mixer have two rows with one number: what was given or went in, and what was received for it or came out."
	}
	blocks := []paper.Block{paper.Paragraph{Text: said + " " + textSpends + " " + textFeeHops, Fine: true}}
	if len(t.Rows) > 0 {
		blocks = append(blocks, t)
	}
	if n := v.untraced(); n > 0 {
		blocks = append(blocks, paper.Heading{Text: count(n, "hop") + " without traced value under " + v.rule.String()})
		if leaveOut {
			said, err := v.leftOut()
			return append(blocks, paper.Paragraph{Text: said}), err
		}
		blocks = append(blocks, paper.Paragraph{Text: "Other rules trace value there, or poison marks contact; the amounts are in schedule_a_hops.csv.", Fine: true}, rest)
	}
	return blocks, nil
}

// mostUntraced is how many hops without traced value under the drawn rule are on paper.
const mostUntraced = 500

// carries reports whether h moves value under the drawn rule.
func (v *viewer) carries(h *tracer.Hop) bool { return v.basisOf(h) != "" }

// hopOnPaper is a row of schedule A; a short one is of a fee, to which no arrow leads, and whose bytes
// are those of another hop of its transaction.
func hopOnPaper(r *hopView, short bool) []paper.Cell {
	grey := scene.Black
	if r.Basis == "" {
		grey = scene.Dark // no traced value under the declared rule
	}
	number := paper.Cell{Text: fmt.Sprint(r.Number), Bold: true, Link: scene.ShownAnchor(r.Number)}
	if !r.Second {
		number.Anchor = scene.HopAnchor(r.Number)
	}
	traced := r.Traced
	switch {
	case r.Null:
		traced = "the rule ends here"
	case !r.Part && r.Traced == r.Whole:
		traced = "the whole"
	}
	known := r.Evidence
	if r.Basis != "" {
		known += ", " + r.Basis
	}
	cells := []paper.Cell{number, {Text: r.Time, Grey: grey}, {Text: r.Chain + " " + r.Block, Grey: grey}, {Text: placeNames(r.From), Grey: grey}, {Text: placeNames(r.To), Grey: grey},
		{Text: r.Whole, Grey: grey}, {Text: traced, Bold: grey == scene.Black, Grey: grey}, {Text: known, Grey: grey}}
	if short {
		return append(cells, paper.Cell{Text: "fee of " + r.TxID, Grey: grey})
	}
	kind := r.Kind
	if r.Role != "" {
		kind += " (" + r.Role + ")"
	}
	line := fmt.Sprintf("%s in %s, position %s", kind, r.TxID, r.Position)
	if len(r.Inputs) > 0 {
		line += "; carries on " + strings.Join(r.Inputs, ", ")
	}
	for _, o := range r.Other {
		line += "; " + o
	}
	for _, f := range r.Findings {
		line += fmt.Sprintf("; finding %d: %s", f.Number, f.Title)
	}
	from := "from " + placeTexts(r.From)
	if r.Beside != "" {
		from += ", " + r.Beside
	}
	cells = append(cells, paper.Cell{Text: from + " → to " + placeTexts(r.To), Grey: grey}, paper.Cell{Text: line, Grey: grey})
	if len(r.Raw) > 0 {
		cells = append(cells, paper.Cell{Text: "SHA-256 of the bytes read: " + strings.Join(r.Raw, " "), Grey: grey})
	}
	return cells
}

// runBlocks are schedule B.
func (v *viewer) runBlocks() []paper.Block {
	blocks := []paper.Block{paper.Paragraph{Text: textRuns + " Transactions are whole in schedule A, by the numbers of the hops.", Fine: true}}
	if len(v.x.Diagram.Runs) == 0 {
		return append(blocks, paper.Paragraph{Text: "None of four transactions or more."})
	}
	for _, part := range v.runs() {
		for i := range part {
			blocks = append(blocks, runOnPaper(&part[i])...)
		}
	}
	return blocks
}

func runOnPaper(r *runView) []paper.Block {
	head := fmt.Sprintf("Run %d (%s)", r.Number, r.Kind)
	blocks := []paper.Block{paper.Heading{Text: head}, paper.Paragraph{Text: capital(r.Title) + "."}}
	if r.Finding > 0 {
		blocks = append(blocks, paper.Paragraph{Text: fmt.Sprintf("Finding %d: which output goes on is what a heuristic says, no fact; %s.", r.Finding, r.Error), Fine: true})
	}
	t := paper.Table{Repeat: head + ", continued", Columns: []paper.Column{{Head: "Step", Width: 7, Right: true}, {Head: "Time (UTC), block", Width: 20}, {Head: "Payment, hop", Width: 9, Right: true},
		{Head: "to", Width: 37}, {Head: "Traced", Width: 22, Right: true}, {Head: "Rest, hop", Width: 9, Right: true}, {Head: "to", Width: 37}, {Head: "Traced", Width: 22, Right: true}}}
	for _, part := range r.Steps {
		for i := range part {
			t.Rows = append(t.Rows, stepRow(&part[i]))
		}
	}
	return append(blocks, t)
}

// stepRow is a step of a run.
func stepRow(s *stepView) []paper.Cell {
	hop := func(n int) paper.Cell { return paper.Cell{Text: fmt.Sprint(n), Link: scene.HopAnchor(n)} }
	part := func(traced, whole string, differs bool) string {
		if differs {
			return traced + "\nof " + whole
		}
		return traced
	}
	row := []paper.Cell{{Text: fmt.Sprint(s.Step)}, {Text: s.Time + "\n" + s.Block}, {Text: "none traced"}, {}, {}}
	if s.HasPayment {
		row[2], row[3], row[4] = hop(s.Payment), paper.Cell{Text: placeText(&s.PaymentTo)}, paper.Cell{Text: part(s.PaymentTraced, s.PaymentWhole, s.PaymentDiffers)}
	}
	return append(row, hop(s.Rest), paper.Cell{Text: placeText(&s.RestTo)}, paper.Cell{Text: part(s.RestTraced, s.RestWhole, s.RestsDiffers)})
}

// endpointBlocks are schedule C.
func (v *viewer) endpointBlocks() []paper.Block {
	p := &reportPage{Trace: v.t}
	v.endpoints(p)
	blocks := []paper.Block{paper.Paragraph{Text: fmt.Sprintf("%s with traced value under at least one accounting rule, fees apart. %s %s", count(p.EndpointsCount, "endpoint"), textRange, textInnocent), Fine: true}}
	if p.EndpointsCount == 0 {
		blocks = append(blocks, paper.Paragraph{Text: "None."})
	} else {
		blocks = append(blocks, v.endTable("Schedule C, continued", p.Endpoints)...)
	}
	if len(p.Process) > 0 {
		t := paper.Table{Repeat: "What legal process could add, continued", Columns: []paper.Column{{Head: "Where it ends", Width: 20}, {Head: "What legal process could add", Width: 80}}}
		for _, w := range p.Process {
			t.Rows = append(t.Rows, []paper.Cell{{Text: capital(w.Reason)}, {Text: w.Text}})
		}
		blocks = append(blocks, paper.Heading{Text: "What legal process could add"}, t)
	}
	if p.FeesCount > 0 {
		blocks = append(blocks, paper.Heading{Text: fmt.Sprintf("%d %s", p.FeesCount, p.FeeWords())}, paper.Paragraph{Text: textFeesShort, Fine: true}, v.shortTable("Fees, continued", p.Fees, true))
	}
	if p.TouchedCount > 0 {
		blocks = append(blocks, paper.Heading{Text: fmt.Sprintf("%s only in contact (poison), without value under any accounting rule", count(p.TouchedCount, "endpoint"))},
			paper.Paragraph{Text: textTouchShort, Fine: true}, v.shortTable("Contact only, continued", p.Touched, false))
	}
	return blocks
}

// endTable has a column for each rule that says anything there; the others are named below it.
func (v *viewer) endTable(repeat string, parts [][]endpointView) []paper.Block {
	t := paper.Table{Repeat: repeat, Columns: []paper.Column{{Head: "No", Width: 5, Right: true}, {Head: "Whole", Width: 20, Right: true}}}
	var shown []int
	var silent []string
	for k, r := range v.t.Rules {
		if !slices.ContainsFunc(parts, func(part []endpointView) bool {
			return slices.ContainsFunc(part, func(e endpointView) bool { return k < len(e.Cells) && e.Cells[k].Text != noAmount })
		}) {
			silent = append(silent, r.String())
			continue
		}
		head := r.String()
		if r == v.rule && r == v.t.Incident.Rule {
			head += "\n(declared)"
		}
		shown = append(shown, k)
		t.Columns = append(t.Columns, paper.Column{Head: head, Width: 17, Right: true})
	}
	for _, part := range parts {
		for i := range part {
			t.Rows = append(t.Rows, v.endRow(&part[i], shown))
		}
	}
	out := []paper.Block{t}
	if len(silent) > 0 {
		out = append(out, paper.Paragraph{Text: "Without a column, since it says nothing of what is traced here (schedule G): " + strings.Join(silent, ", ") + ".", Fine: true})
	}
	return out
}

// noAmount stands where a rule says nothing.
const noAmount = "–"

func (v *viewer) endRow(e *endpointView, shown []int) []paper.Cell {
	row := []paper.Cell{{Text: fmt.Sprint(e.Number), Bold: true, Anchor: fmt.Sprintf("end%d", e.Number)}, {Text: e.Whole}}
	for _, k := range shown {
		c := &e.Cells[k]
		row = append(row, paper.Cell{Text: c.Text, Bold: c.Declared})
	}
	row = append(row, paper.Cell{Text: capital(e.Reason) + ", at " + placeText(&e.Place) + endPlace(e)})
	more := []string{"range over the rules: " + e.Range}
	if len(e.Found) > 0 {
		more = append(more, refer(e.Found))
	}
	if e.Basis != "" {
		more = append(more, "basis under the declared rule: "+e.Basis)
	}
	if e.Note != "" {
		more = append(more, e.Note)
	}
	if len(more) > 0 {
		row = append(row, paper.Cell{Text: strings.Join(more, "; ")})
	}
	return row
}

// endPlace names the output or the transaction of an endpoint, and the hop that led there.
func endPlace(e *endpointView) string {
	text := ", " + e.Chain
	if e.TxID != "" {
		text += ", " + e.TxID
	}
	if e.Position != "" {
		text += " position " + e.Position
	}
	if e.Hop > 0 {
		text += fmt.Sprintf(", after hop %d", e.Hop)
	}
	return text
}

// shortTable lists endpoints in a line each.
func (v *viewer) shortTable(repeat string, parts [][]endpointView, fees bool) paper.Table {
	t := paper.Table{Repeat: repeat, Columns: []paper.Column{{Head: "No", Width: 5, Right: true}, {Head: "Where", Width: 80}, {Head: "Whole", Width: 20, Right: true}}}
	if fees {
		t.Columns = append(t.Columns, paper.Column{Head: "Traced, declared rule", Width: 20, Right: true})
	}
	for _, part := range parts {
		for i := range part {
			e := &part[i]
			where := placeText(&e.Place) + endPlace(e)
			if fees {
				where = strings.TrimPrefix(endPlace(e), ", ")
			}
			row := []paper.Cell{{Text: fmt.Sprint(e.Number), Anchor: fmt.Sprintf("end%d", e.Number)}, {Text: where}, {Text: e.Whole}}
			for _, c := range e.Cells {
				if fees && c.Declared {
					row = append(row, paper.Cell{Text: c.Text})
				}
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

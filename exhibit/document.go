package exhibit

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"clew/exhibit/paper"
	"clew/tracer"
)

// PDF writes the exhibit for paper: a first page with caption and summary, the drawing (over several
// sheets where it is too large for one), the schedules and the source note. It shows the same rows
// as the report and the files.
func (x *Exhibit) PDF(w io.Writer) error {
	doc, err := x.Document()
	if err != nil {
		return err
	}
	return doc.PDF(w, x.Scene.Fonts)
}

// Document is the exhibit as a document of parts.
func (x *Exhibit) Document() (*paper.Document, error) {
	of := &x.options.Case
	size, err := paper.SizeNamed(of.Paper)
	if err != nil {
		return nil, err
	}
	doc := &paper.Document{Title: x.Scene.Title, Size: size, Head: headOf(of), Sticker: visible(of.Exhibit), Mark: markOf(of.Offered), Foot: x.foot(),
		BatesPrefix: visible(of.BatesPrefix), BatesStart: of.BatesStart}
	if x.Trace.Incident.Synthetic {
		doc.Watermark = "REPLICA"
	}
	v := &viewer{register: newRegister(x.Trace, x.Diagram.Rule), x: x}
	doc.Parts = []paper.Part{{Blocks: v.firstPage()}}
	drawn, err := x.drawnParts(doc)
	if err != nil {
		return nil, err
	}
	doc.Parts = append(doc.Parts, drawn...)
	hops, err := v.hopBlocks()
	if err != nil {
		return nil, err
	}
	for _, p := range []paper.Part{
		{Title: "Values in money: an illustration", Blocks: x.moneyBlocks()},
		{Title: "Schedule A: every hop", Blocks: hops},
		{Title: "Schedule B: peel and relay runs", Flows: true, Blocks: v.runBlocks()},
		{Title: "Schedule C: endpoints under every rule", Landscape: true, Blocks: v.endpointBlocks()},
		{Title: "Schedule D: what heuristics say, and what others claim", Flows: true, Blocks: v.foundBlocks()},
		{Title: "Schedule E: conservation", Landscape: true, Flows: true, Blocks: v.conservationBlocks()},
		{Title: "Schedule F: gaps", Landscape: true, Flows: true, Blocks: v.gapBlocks()},
		{Title: "Schedule G: method", Flows: true, Blocks: v.methodBlocks()},
		{Title: "Schedule H: from the victim to each account", Landscape: true, Flows: true, Blocks: x.accountBlocks()},
		{Title: "Source note", Landscape: true, Flows: true, Blocks: v.sourceBlocks()},
	} {
		if len(p.Blocks) > 0 {
			doc.Parts = append(doc.Parts, p)
		}
	}
	return doc, nil
}

// headOf is what heads the first page.
func headOf(c *tracer.Case) []string {
	var out []string
	for _, l := range append(append([]string{c.Court}, c.Caption...), c.Docket) {
		if l = strings.TrimSpace(visible(l)); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// markOf says as what a page is offered.
func markOf(o tracer.Offered) string {
	switch o {
	case tracer.OfferedSummary:
		return "Offered as a summary of voluminous records (Fed. R. Evid. 1006)"
	case tracer.OfferedAid:
		return "Illustrative aid (Fed. R. Evid. 107); not evidence"
	}
	return "Not yet marked as a summary (Fed. R. Evid. 1006) or an illustrative aid (107)"
}

// foot is what stands on every page.
func (x *Exhibit) foot() []string {
	t := x.Trace
	var read []string
	for i := range t.AsOf {
		read = append(read, readTo(&t.AsOf[i]))
	}
	what := "public transactions"
	if t.Incident.Synthetic {
		what = "transactions made for demonstration"
	}
	line := fmt.Sprintf("Source: %s, read %s; whole block hashes in the source note. Value is alleged to be stolen.", what, cmp.Or(series(read), "of no chain"))
	if known(t.Tool.Version) { // where it is not, the source note alone says so
		line += " clew " + visible(t.Tool.Version) + "."
	}
	return append([]string{line}, "Trace SHA-256 "+x.SHA256)
}

// firstPage says what the exhibit shows and what it does not.
func (v *viewer) firstPage() []paper.Block {
	t := v.t
	sum := Summarize(t)
	var b []paper.Block
	if t.Incident.Synthetic {
		b = append(b, paper.Paragraph{Text: textReplica, Bold: true})
	}
	b = append(b, paper.Paragraph{Text: textAlleged + " " + textInnocent}, paper.Heading{Text: "What it finds"})
	for i, line := range sum.Sentences() {
		b = append(b, paper.Paragraph{Text: line, Bold: i == 0})
	}
	if line := sum.FoundLine(); line != "" {
		b = append(b, paper.Paragraph{Text: line})
	}
	b = append(b, paper.Heading{Text: "What it is, and what it is not"}, paper.Paragraph{Text: textWhatItIs}, paper.Paragraph{Text: textWhatItIsNot})
	if n := v.untraced(); n > mostUntraced {
		b = append(b, paper.Paragraph{Text: fmt.Sprintf("Schedule A prints the hops with traced value; %s others are rows of a file, which it names by its SHA-256.", groupThousands(fmt.Sprint(n)))})
	}
	b = append(b, paper.Heading{Text: "Contents"}, paper.Contents{}, paper.Heading{Text: declaredHead(v.t)})
	for _, m := range v.method() {
		b = append(b, paper.Paragraph{Text: m.Term + ": " + m.Text})
	}
	b = append(b, paper.Heading{Text: "Where the value is, under every rule"})
	b = append(b, v.totalTable(sum)...)
	b = append(b, paper.Heading{Text: "What was taken: the alleged thefts (seeds)"}, v.seedTable())
	b = append(b, v.statementBlocks()...)
	b = append(b, paper.Heading{Text: "How to read it"})
	for _, line := range textHowToRead() {
		b = append(b, paper.Paragraph{Text: line})
	}
	b = append(b, paper.Heading{Text: "Words used here"}, termTable("Word", wordsUsed(), "Words used here, continued"))
	prepared := cmp.Or(strings.TrimSpace(visible(v.x.options.Case.PreparedBy)), "________________________________")
	return append(b, paper.Paragraph{Text: "Prepared by: " + prepared})
}

// totalTable is the sums under every rule.
func (v *viewer) totalTable(sum *Summary) []paper.Block {
	columns := []paper.Column{{Head: "What", Width: 26}}
	for _, r := range v.t.Rules {
		head := r.String()
		if r == v.rule {
			head += "\n(declared)"
			if r != v.t.Incident.Rule {
				head = r.String() + "\n(drawn)"
			}
		}
		columns = append(columns, paper.Column{Head: head, Width: 12, Right: true})
	}
	t := paper.Table{Columns: columns, Repeat: "Where the value is, under every rule, continued"}
	rounded := false
	for _, g := range v.totals(sum) {
		if g.Head != "" {
			t.Rows = append(t.Rows, append(make([]paper.Cell, len(columns)), paper.Cell{Text: g.Head, Bold: true}))
		}
		for _, r := range g.Rows {
			what := r.What
			if g.Head == "" {
				what += ", " + r.Symbol
			}
			row := []paper.Cell{{Text: what}}
			for _, c := range r.Cells {
				rounded = rounded || c.Full != ""
				row = append(row, paper.Cell{Text: c.Text, Bold: c.Declared})
			}
			t.Rows = append(t.Rows, row)
		}
	}
	out := []paper.Block{t}
	if rounded {
		out = append(out, paper.Paragraph{Text: textRounded, Fine: true})
	}
	return out
}

func (v *viewer) seedTable() paper.Table {
	t := paper.Table{Columns: []paper.Column{{Head: "Alleged theft", Width: 9}, {Head: "Time (UTC), block", Width: 24}, {Head: "Amount", Width: 32, Right: true}, {Head: "To", Width: 60}}, Repeat: "Alleged thefts, continued"}
	for _, s := range v.seeds() {
		t.Rows = append(t.Rows, []paper.Cell{{Text: s.ID, Bold: true, Anchor: "seed" + s.ID}, {Text: s.Time + "\n" + s.Chain + " " + s.Block}, {Text: s.Amount}, {Text: strings.TrimSpace(s.Alias + " " + s.Address)},
			{Text: "transaction " + s.TxID + ", position " + s.Position}})
	}
	return t
}

// statementBlocks are what the victim states.
func (v *viewer) statementBlocks() []paper.Block {
	all := v.statements()
	if len(all) == 0 {
		return nil
	}
	t := paper.Table{Columns: []paper.Column{{Head: "Asset", Width: 14}, {Head: "What", Width: 70}, {Head: "Amount", Width: 24, Right: true}}, Repeat: "What the victim states, continued"}
	var sources []paper.Block
	for i := range all {
		s := &all[i]
		t.Rows = append(t.Rows, []paper.Cell{{Text: s.Asset, Bold: true}, {Text: "taken"}, {Text: s.Taken}})
		for _, r := range s.Rows {
			t.Rows = append(t.Rows, []paper.Cell{{Text: s.Asset}, {Text: r[0]}, {Text: r[1]}})
		}
		t.Rows = append(t.Rows, []paper.Cell{{Text: s.Asset}, {Text: "accounted for by nobody", Bold: true}, {Text: s.Open, Bold: true}})
		if s.Source != "" {
			sources = append(sources, paper.Paragraph{Text: s.Asset + ": " + s.Source, Fine: true})
		}
	}
	return append([]paper.Block{paper.Heading{Text: "What the victim states; no part of the sums above"}, t}, sources...)
}

// The resolution of flow.png: mostPerInch where it has few enough pixels, else less.
const (
	mostPerInch   = 192
	picturePixels = 40_000_000
)

// PNG writes the drawing as a picture, of 192 pixels an inch where it is not too large for that.
func (x *Exhibit) PNG(w io.Writer) error {
	return x.Scene.PNG(w, x.Scene.PixelsPerInch(mostPerInch, picturePixels))
}

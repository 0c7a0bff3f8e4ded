package exhibit

import (
	"fmt"
	"slices"
	"strings"

	"clew/exhibit/paper"
	"clew/exhibit/scene"
)

// textMatch says how sheets belong together.
const textMatch = "Where an arrow leaves what is shown, at a dashed match line, it goes on at the same letter on the sheet that is named beside it. Lines and boxes are explained on the key."

// textKey says what the key is.
const textKey = "The whole drawing, small: a number is that of the sheet that shows its part."

// drawnParts are the pages with drawings.
func (x *Exhibit) drawnParts(doc *paper.Document) ([]paper.Part, error) {
	sheet := paper.Part{Title: "Flow of funds", Landscape: true}
	if x.options.DrawingPaper != "" {
		var err error
		if sheet.Size, err = paper.SizeNamed(x.options.DrawingPaper); err != nil {
			return nil, err
		}
	}
	parts, err := x.flowParts(doc, sheet)
	if err != nil {
		return nil, err
	}
	for _, chart := range []struct {
		title string
		draw  func() (*scene.Scene, error)
	}{{"Timeline", x.Timeline}, {"Value in proportion", x.Sankey}} {
		sc, err := chart.draw()
		if err != nil {
			return nil, err
		}
		p, err := x.chartPart(doc, paper.Part{Title: chart.title, Size: sheet.Size}, sc)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// framed is a drawing with its frame set as text of the page. With all, legend and notes keep to the page of the drawing,
// else the legend alone does.
func framed(sc *scene.Scene, all bool) []paper.Block {
	w := &sc.Words
	var blocks []paper.Block
	said, heads := sentences(sc), len(w.Head)
	blocks = append(blocks, said[:heads]...)
	d := paper.Drawing{Scene: sc}
	var below []paper.Block
	if len(w.Legend) > 0 {
		d.With, below = 1, append(below, paper.Legend{Entries: w.Legend})
	}
	below = append(below, said[heads:]...)
	if all {
		d.With = len(below)
	}
	return append(append(blocks, d), below...)
}

// sentences are head and notes of a drawing but for the hash of the trace, which stands at the foot of each page.
func sentences(sc *scene.Scene) []paper.Block {
	var out []paper.Block
	for _, s := range slices.Concat(sc.Words.Head, sc.Words.Notes) {
		if !strings.HasPrefix(s.Text, "Trace SHA-256 ") {
			out = append(out, paper.Paragraph{Text: s.Text, Bold: s.Bold, Fine: true})
		}
	}
	return out
}

// area is the room of the drawing of p, in pixels.
func (x *Exhibit) area(doc *paper.Document, p *paper.Part) (paper.Area, error) {
	w, h, err := doc.Room(p, x.Scene.Fonts)
	return paper.Area{W: max(0, w*96/paper.Unit), H: max(0, h*96/paper.Unit)}, err
}

// fitting sets sc on p, across or upright, with its notes on the same page where that is possible; false where its text would be
// below 7 pt in each of these ways, or below what slack, in percent, allows of it.
func (x *Exhibit) fitting(doc *paper.Document, p *paper.Part, sc *scene.Scene, slack int) (bool, error) {
	for _, all := range []bool{true, false} {
		for _, percent := range []int{100, 100 + slack} {
			for _, across := range []bool{sc.Width >= sc.Height, sc.Width < sc.Height} {
				p.Landscape, p.Blocks = across, framed(sc, all)
				area, err := x.area(doc, p)
				if err != nil {
					return false, err
				}
				if paper.Fits(sc, paper.Area{W: area.W * percent / 100, H: area.H * percent / 100}) {
					return true, nil
				}
			}
		}
	}
	return false, nil
}

// chartSlack is by how much, in percent, the text of a chart may be smaller rather than run over two pages.
const chartSlack = 7

// chartPart is a chart on a page, upright where that shows it larger; on the next larger paper where it could not be read on
// this one.
func (x *Exhibit) chartPart(doc *paper.Document, p paper.Part, sc *scene.Scene) (paper.Part, error) {
	bare := paper.Bare(sc)
	if p.Size.W == 0 {
		p.Size = doc.Size
	}
	for {
		if fits, err := x.fitting(doc, &p, bare, chartSlack); fits || err != nil {
			return p, err
		}
		larger, ok := p.Size.Larger()
		if !ok {
			break
		}
		p.Size = larger
	}
	p.Landscape, p.Blocks = bare.Width > bare.Height, framed(bare, false)
	return p, nil
}

// bare is the drawing without its frame, with what of its head the first page of the exhibit does not say.
func (x *Exhibit) bare() *scene.Scene {
	out := paper.Bare(x.Scene)
	out.Words.Head = []scene.Sentences{{Text: "Amounts: " + ruleLine(x.Trace, x.Diagram.Rule)}}
	if len(x.Trace.Gaps) > 0 {
		out.Words.Head = append(out.Words.Head, scene.Sentences{Text: summarize(x.Trace, x.Diagram.Rule).GapLine(), Bold: true})
	}
	return out
}

// flowParts are the drawing on one page, or a key and sheets.
func (x *Exhibit) flowParts(doc *paper.Document, sheet paper.Part) ([]paper.Part, error) {
	bare := x.bare()
	whole := sheet
	if fits, err := x.fitting(doc, &whole, bare, 0); fits || err != nil {
		return []paper.Part{whole}, err
	}
	key, keyArea, err := x.keyPart(doc, sheet, bare)
	if err != nil {
		return nil, err
	}
	var best []paper.Sheet
	var drawn *scene.Scene
	lies := true
	for _, across := range []bool{bare.Width >= bare.Height, bare.Width < bare.Height} {
		p := x.sheetPart(&sheet, &paper.Sheet{Number: 1, Scene: bare}, 1)
		p.Landscape = across
		area, err := x.area(doc, &p)
		if err != nil {
			return nil, err
		}
		sheets, small, err := paper.Sheets(x.Scene, area, keyArea)
		if err != nil {
			return nil, err
		}
		if small == nil { // it fits alone: what explains it follows
			p.Title, p.Unlisted = sheet.Title, false
			p.Blocks = append([]paper.Block{paper.Drawing{Scene: bare, With: 1}, paper.Legend{Entries: bare.Words.Legend[:lineEntries]}, paper.Legend{Entries: bare.Words.Legend[lineEntries:]}}, sentences(bare)...)
			return []paper.Part{p}, nil
		}
		if best == nil || len(sheets) < len(best) {
			best, drawn, lies = sheets, small, across
		}
	}
	for i, b := range key.Blocks {
		if d, ok := b.(paper.Drawing); ok {
			d.Scene = drawn
			key.Blocks[i] = d
		}
	}
	parts := []paper.Part{key}
	for i := range best {
		p := x.sheetPart(&sheet, &best[i], len(best))
		p.Landscape = lies
		parts = append(parts, p)
	}
	return parts, nil
}

// sheetPart is the page of one sheet, with what its lines mean.
func (x *Exhibit) sheetPart(of *paper.Part, s *paper.Sheet, n int) paper.Part {
	p := *of
	p.Title, p.Unlisted = fmt.Sprintf("%s: sheet %d of %d", of.Title, s.Number, n), true
	p.Blocks = []paper.Block{paper.Paragraph{Text: textMatch, Fine: true}, paper.Drawing{Scene: s.Scene, With: 1}, paper.Legend{Entries: x.Scene.Words.Legend[:lineEntries]}}
	return p
}

// keyPart is the page of the key, whose drawing comes later: across or upright, whichever shows it larger.
func (x *Exhibit) keyPart(doc *paper.Document, of paper.Part, bare *scene.Scene) (best paper.Part, room paper.Area, err error) {
	most := -1
	for _, all := range []bool{true, false} {
		for _, across := range []bool{true, false} {
			p := of
			p.Title, p.Landscape, p.Blocks = of.Title+": key to the sheets", across, framed(bare, all)
			p.Blocks = append([]paper.Block{paper.Paragraph{Text: textKey, Bold: true, Fine: true}}, p.Blocks...)
			area, err := x.area(doc, &p)
			if err != nil {
				return best, room, err
			}
			// The scale, in thousandths; a page more for the notes must be worth it.
			scale := min(area.W*1000/bare.Width, area.H*1000/bare.Height, 1000)
			if all {
				scale *= 2
			}
			if scale > most {
				most, best, room = scale, p, area
			}
		}
	}
	return best, room, nil
}

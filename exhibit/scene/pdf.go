package scene

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// Info is what a PDF says of itself.
type Info struct {
	Title   string
	Subject string
}

// PDF writes pages as one file: vectors, and text that can be selected, found and copied, in the
// embedded font, of which the file has the characters that it uses. Bookmarks become its outline,
// links of groups lead from page to page. It says no time at which it was made: the same pages give the
// same bytes, and a time of the data would be a false one. The texts of all pages were measured by the
// fonts of the first.
func PDF(w io.Writer, pages []*Scene, info Info) error {
	if len(pages) == 0 {
		return fmt.Errorf("a PDF of no pages")
	}
	p := newPDF(pages, info)
	for i, sc := range pages {
		if err := p.page(sc); err != nil {
			return fmt.Errorf("page %d: %w", i+1, err)
		}
	}
	var file bytes.Buffer
	if err := p.doc.Output(&file); err != nil {
		return fmt.Errorf("make the PDF: %w", err)
	}
	if err := undate(file.Bytes()); err != nil {
		return err
	}
	if _, err := file.WriteTo(w); err != nil {
		return fmt.Errorf("write the PDF: %w", err)
	}
	return nil
}

// undate writes spaces over the times that the library cannot leave out, which are optional: positions
// within the file stay what its table of objects says.
func undate(file []byte) error {
	for _, key := range []string{"/CreationDate (D:", "/ModDate (D:"} {
		at := bytes.LastIndex(file, []byte(key))
		if at < 0 {
			return fmt.Errorf("the PDF library wrote no %s where it says when a file was made", key)
		}
		end := at + len(key) + len(noTime) + len(")")
		copy(file[at:end], bytes.Repeat([]byte(" "), end-at))
	}
	return nil
}

// noTime is what the library is told, so that it does not look at the clock.
const noTime = "19800101000000"

// pdfWriter draws scenes. Shapes are written as operators with decimals made from integers: the
// library's own functions for them go through floating point and write each as text several times.
type pdfWriter struct {
	doc    *fpdf.Fpdf
	pages  []*Scene
	places map[string]pdfPlace // of anchors
	links  map[string]int      // by anchor, as the library numbers them
	last   int                 // height of the last page, in hundredths of a point

	// Of the page that is drawn:
	perInch, height int // units an inch; height in hundredths of a point
	out             []byte
	grey            Grey // the fill that is set
	bold            bool
	size            int // of the font that is set; 0 for none
}

// pdfPlace is where an anchor stands.
type pdfPlace struct{ page, y int }

func newPDF(pages []*Scene, info Info) *pdfWriter {
	first := pages[0]
	d := fpdf.NewCustom(&fpdf.InitType{OrientationStr: "P", UnitStr: "pt", Size: pageSize(first)})
	d.SetCatalogSort(true)
	d.SetCompression(true)
	d.SetAutoPageBreak(false, 0)
	d.SetMargins(0, 0, 0)
	never := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC) // noTime
	d.SetCreationDate(never)
	d.SetModificationDate(never)
	d.SetTitle(info.Title, true)
	d.SetSubject(info.Subject, true)
	d.SetProducer("clew", true)
	d.SetCreator("clew", true)
	d.SetLang("en")
	d.SetDisplayMode("fullpage", "single")
	d.AddUTF8FontFromBytes(pdfFont, "", first.Fonts.regular.data)
	d.AddUTF8FontFromBytes(pdfFont, "B", first.Fonts.bold.data)
	p := &pdfWriter{doc: d, pages: pages, places: map[string]pdfPlace{}, links: map[string]int{}}
	for i, sc := range pages {
		p.anchors(i+1, sc)
	}
	end := pages[len(pages)-1]
	p.last = hundredths(end.Height, end.perInch())
	return p
}

// pdfFont names the embedded fonts, whose unchanged files alone may bear their own name.
const pdfFont = "clewsans"

func (sc *Scene) perInch() int {
	if sc.PerInch > 0 {
		return sc.PerInch
	}
	return 96
}

// hundredths turns units into hundredths of a point.
func hundredths(v, perInch int) int {
	n := v * 7200
	if n < 0 {
		return -((-n + perInch/2) / perInch)
	}
	return (n + perInch/2) / perInch
}

func pageSize(sc *Scene) fpdf.SizeType {
	at := func(v int) float64 { return float64(hundredths(v, sc.perInch())) / 100 }
	return fpdf.SizeType{Wd: at(sc.Width), Ht: at(sc.Height)}
}

// anchors notes where the anchors of a page stand.
func (p *pdfWriter) anchors(number int, sc *Scene) {
	for i := range sc.Groups {
		g := &sc.Groups[i]
		y := hundredths(g.Frame.Y, sc.perInch())
		if g.Anchor != "" {
			if _, ok := p.places[g.Anchor]; !ok {
				p.places[g.Anchor] = pdfPlace{number, y}
			}
		}
		if g.Kind == GroupLabel {
			for _, n := range g.Hops {
				p.places[ShownAnchor(n)] = pdfPlace{number, y}
			}
		}
	}
}

// page draws one page.
func (p *pdfWriter) page(sc *Scene) error {
	p.doc.AddPageFormat("P", pageSize(sc))
	p.perInch, p.height = sc.perInch(), hundredths(sc.Height, sc.perInch())
	p.grey, p.size = Black, 0
	for _, b := range sc.Bookmarks {
		// The library counts from the top of the last page, whichever page it names.
		p.doc.Bookmark(b.Title, b.Level, float64(p.last-p.height+hundredths(b.Y, p.perInch))/100)
	}
	for i := range sc.Groups {
		g := &sc.Groups[i]
		if g.Kind == GroupMark { // no part of the text, so that who copies a table does not copy pieces of it
			p.op("/Artifact <</Type /Pagination /Subtype /Watermark>> BDC /Span <</ActualText ()>> BDC")
		}
		for _, o := range g.Order {
			switch o.List {
			case ListPath:
				p.path(&g.Paths[o.Index])
			case ListRect:
				p.rect(&g.Rects[o.Index])
			case ListText:
				if err := p.text(sc, &g.Texts[o.Index]); err != nil {
					return err
				}
			}
		}
		if g.Kind == GroupMark {
			p.op("EMC")
			p.op("EMC")
		}
		p.link(g)
	}
	p.flush()
	return p.doc.Error()
}

// link makes the frame of g lead to where it says.
func (p *pdfWriter) link(g *Group) {
	to := g.Link
	if to == "" && g.Kind == GroupLabel && len(g.Hops) > 0 {
		to = HopAnchor(g.Hops[0])
	}
	place, ok := p.places[to]
	if !ok || g.Frame.W == 0 {
		return
	}
	id, ok := p.links[to]
	if !ok {
		id = p.doc.AddLink()
		p.doc.SetLink(id, float64(place.y)/100, place.page)
		p.links[to] = id
	}
	at := func(v int) float64 { return float64(hundredths(v, p.perInch)) / 100 }
	f := g.Frame
	p.doc.Link(at(f.X), at(f.Y), at(f.W), at(f.H), id)
}

package scene

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
)

// fontStack names the embedded font and, for viewers that ignore embedded fonts, fonts of
// the same widths.
const fontStack = "'" + fontName + "', 'Liberation Sans', Arimo, Arial, Helvetica, sans-serif"

// SVG writes the drawing as one file that needs nothing else: the glyphs that it uses are in it.
func (sc *Scene) SVG(w io.Writer) error {
	faces, err := FontFaces(sc)
	if err != nil {
		return err
	}
	s := svgWriter{w: bufio.NewWriter(w)}
	s.open(sc)
	s.print("<style>%s</style>\n", faces)
	s.scene(sc)
	return s.finish()
}

// Inline writes the drawing for a page whose style sheet carries the fonts (FontFaces), with hop
// numbers that link to the row #hopN.
func (sc *Scene) Inline(w io.Writer) error {
	s := svgWriter{w: bufio.NewWriter(w), links: true}
	s.open(sc)
	s.scene(sc)
	return s.finish()
}

// Level writes the drawing of an opened fold for such a page, as one line.
func (sc *Scene) Level(w io.Writer) error {
	var b bytes.Buffer
	s := svgWriter{w: bufio.NewWriter(&b), links: true}
	s.print(`<svg xmlns="http://www.w3.org/2000/svg" class="level" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="%s" font-family="%s">`,
		sc.Width, sc.Height, sc.Width, sc.Height, xmlText(sc.Title+". "+sc.Description), fontStack)
	s.scene(sc)
	if err := s.finish(); err != nil {
		return err
	}
	_, err := io.WriteString(w, strings.ReplaceAll(b.String(), "\n", "")+"\n")
	return err
}

// FontFaces returns the style rules that embed the glyphs that the drawings use, in both
// weights. They share the fonts of the first.
func FontFaces(scenes ...*Scene) (string, error) {
	var used [2]map[rune]bool
	used[0], used[1] = map[rune]bool{}, map[rune]bool{}
	for _, s := range scenes {
		for i := range s.Groups {
			for _, t := range s.Groups[i].Texts {
				for _, r := range t.S {
					used[weight(t.Bold)][r] = true
				}
			}
		}
	}
	var b strings.Builder
	for i, face := range []*typeface{scenes[0].Fonts.regular, scenes[0].Fonts.bold} {
		data, err := face.subset(used[i])
		if err != nil {
			return "", fmt.Errorf("subset of the font: %w", err)
		}
		fmt.Fprintf(&b, "@font-face{font-family:'%s';font-weight:%d;src:url(data:font/ttf;base64,%s) format('truetype')}\n",
			fontName, 400+300*i, base64.StdEncoding.EncodeToString(data))
	}
	return b.String(), nil
}

func weight(bold bool) int {
	if bold {
		return 1
	}
	return 0
}

// litRows is how many rows of schedule A a box of the diagram lights in the report.
const litRows = 500

// svgWriter writes shapes. The first error stays and is returned at the end.
type svgWriter struct {
	w     *bufio.Writer
	links bool
	err   error
}

func (s *svgWriter) print(format string, args ...any) {
	if s.err == nil {
		_, s.err = fmt.Fprintf(s.w, format, args...)
	}
}

func (s *svgWriter) finish() error {
	s.print("</svg>\n")
	if s.err != nil {
		return s.err
	}
	return s.w.Flush()
}

func (s *svgWriter) open(sc *Scene) {
	s.print(`<svg xmlns="http://www.w3.org/2000/svg" id="diagram" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-labelledby="flow-title flow-desc" font-family="%s">`+"\n",
		sc.Width, sc.Height, sc.Width, sc.Height, fontStack)
	s.print("<title id=\"flow-title\">%s</title>\n<desc id=\"flow-desc\">%s</desc>\n", xmlText(sc.Title), xmlText(sc.Description))
}

func (s *svgWriter) scene(sc *Scene) {
	s.print("<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", sc.Width, sc.Height)
	for i := range sc.Groups {
		s.group(&sc.Groups[i])
	}
}

func (s *svgWriter) group(g *Group) {
	s.print("<g class=\"%s\"", g.Kind)
	if g.ID != "" {
		s.print(" id=\"%s\"", g.ID)
	}
	if g.Fold > 0 && s.links {
		s.print(" data-fold=\"%d\"", g.Fold)
	}
	if hops := g.Hops; len(hops) > 0 {
		if g.Fold > 0 && s.links { // the report lights that many rows at most
			hops = hops[:min(len(hops), litRows)]
		}
		s.print(" data-hops=\"%s\"", strings.Trim(fmt.Sprint(hops), "[]"))
	}
	s.print(">")
	if g.Say != "" {
		s.print("<title>%s</title>", xmlText(g.Say))
	}
	link := s.links && len(g.Hops) > 0 && (g.Kind == GroupLabel || g.Kind == GroupArrow)
	if link {
		s.print("<a href=\"#hop%d\">", g.Hops[0])
		if f := g.Frame; f.W > 0 { // the whole label can be clicked, not only its letters
			s.print("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"none\" pointer-events=\"all\"/>", f.X, f.Y, f.W, f.H)
		}
	}
	for _, o := range g.Order {
		switch o.List {
		case ListPath:
			s.path(&g.Paths[o.Index])
		case ListRect:
			s.rect(&g.Rects[o.Index])
		case ListText:
			s.text(&g.Texts[o.Index])
		}
	}
	if link {
		s.print("</a>")
	}
	s.print("</g>\n")
}

func grey(g Grey) string {
	if h := fmt.Sprintf("%02x", uint8(g)); h[0] == h[1] {
		return "#" + h[:1] + h[:1] + h[:1]
	}
	return fmt.Sprintf("#%02x%02x%02x", uint8(g), uint8(g), uint8(g))
}

func (s *svgWriter) rect(r *Rect) {
	x, y, w, h := fmt.Sprint(r.X), fmt.Sprint(r.Y), r.W, r.H
	if r.Line%2 == 1 { // so that a border of odd width covers whole pixels
		x, y, w, h = x+".5", y+".5", w-1, h-1
	}
	s.print("<rect x=\"%s\" y=\"%s\" width=\"%d\" height=\"%d\"", x, y, w, h)
	if r.Round > 0 {
		s.print(" rx=\"%d\"", r.Round)
	}
	s.print(" fill=\"%s\"", fill(r.Filled, r.Fill))
	if r.Line > 0 {
		s.stroke(r.Line, r.Stroke, r.Dash)
	}
	s.print("/>")
}

func fill(filled bool, g Grey) string {
	if !filled {
		return "none"
	}
	return grey(g)
}

// stroke writes width, grey and pattern of a line.
func (s *svgWriter) stroke(width int, g Grey, d Dash) {
	s.print(" stroke=\"%s\"", grey(g))
	if width != 1 {
		s.print(" stroke-width=\"%d\"", width)
	}
	switch d {
	case DashDot:
		s.print(" stroke-dasharray=\"9 4 2 4\"")
	case Dotted:
		s.print(" stroke-dasharray=\"3 4\"")
	case Dashed:
		s.print(" stroke-dasharray=\"4 3\"")
	}
}

func (s *svgWriter) path(p *Path) {
	d := pathData(p)
	s.print("<path d=\"%s\" fill=\"%s\"", d, fill(p.Filled, p.Fill))
	if p.Line > 0 {
		s.stroke(p.Line, p.Stroke, p.Dash)
	}
	s.print("/>")
	if p.Double {
		s.print("<path d=\"%s\" fill=\"none\" stroke=\"#fff\"/>", d)
	}
}

func pathData(p *Path) string {
	var b strings.Builder
	for i, q := range p.Points {
		switch {
		case i == 0:
			b.WriteString("M")
		case p.Curve && i == 1:
			b.WriteString("C")
		case i == 1:
			b.WriteString("L")
		default:
			b.WriteString(" ")
		}
		fmt.Fprintf(&b, "%d,%d", q.X, q.Y)
	}
	if p.Filled {
		b.WriteString("Z")
	}
	return b.String()
}

func (s *svgWriter) text(t *Text) {
	s.print("<text x=\"%d\" y=\"%d\" font-size=\"%d\"", t.X, t.Y, t.Size)
	if t.Bold {
		s.print(" font-weight=\"700\"")
	}
	if t.Fill != Black {
		s.print(" fill=\"%s\"", grey(t.Fill))
	}
	if t.Turn != 0 {
		s.print(" transform=\"rotate(%d %d %d)\"", -t.Turn, t.X, t.Y)
	} else {
		s.print(" textLength=\"%d\"", t.W)
	}
	s.print(">%s</text>", xmlText(t.S))
}

// xmlText escapes text for XML and HTML, in content and in quoted attributes, with
// everything that hides made visible.
func xmlText(text string) string {
	return xmlEscaper.Replace(Visible(text))
}

var xmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;")

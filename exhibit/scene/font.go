package scene

import (
	"fmt"
	"strings"

	"github.com/go-fonts/liberation/liberationsansbold"
	"github.com/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

const asciiEnd = 128

// typeface measures text in one weight of the embedded font. Widths are those that the
// font file states, without kerning, so that they are the same on every machine.
type typeface struct {
	data  []byte // the TrueType file
	font  *sfnt.Font
	buf   sfnt.Buffer
	width map[rune]int // advance in units of the em
	drawn map[rune]bool
	ascii [asciiEnd]int // the same as width for the first characters, where it is known
	em    int
}

func openTypeface(data []byte) (*typeface, error) {
	f, err := sfnt.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("embedded font: %w", err)
	}
	return &typeface{data: data, font: f, width: map[rune]int{}, drawn: map[rune]bool{}, em: int(f.UnitsPerEm())}, nil
}

// has reports whether the font draws r. Only the basic plane counts: what the files embed has no
// other characters.
func (t *typeface) has(r rune) (bool, error) {
	if known, ok := t.drawn[r]; ok {
		return known, nil
	}
	g, err := t.font.GlyphIndex(&t.buf, r)
	if err != nil {
		return false, fmt.Errorf("glyph of %q: %w", r, err)
	}
	t.drawn[r] = g != 0 && r <= 0xffff
	return t.drawn[r], nil
}

// advance returns the width of r in units of the em. A character that the font lacks is
// counted as a full em, the widest that a font standing in will draw.
func (t *typeface) advance(r rune) (int, error) {
	if w, ok := t.width[r]; ok {
		return w, nil
	}
	w := t.em
	g, err := t.font.GlyphIndex(&t.buf, r)
	if err != nil {
		return 0, fmt.Errorf("glyph of %q: %w", r, err)
	}
	if g != 0 {
		a, err := t.font.GlyphAdvance(&t.buf, g, fixed.I(t.em), font.HintingNone)
		if err != nil {
			return 0, fmt.Errorf("width of %q: %w", r, err)
		}
		w = a.Round()
	}
	t.width[r] = w
	if r < asciiEnd {
		t.ascii[r] = w
	}
	return w, nil
}

// Fonts are the two weights that drawings use. One goroutine at a time.
type Fonts struct{ regular, bold *typeface }

// OpenFonts reads the embedded fonts.
func OpenFonts() (*Fonts, error) {
	r, err := openTypeface(liberationsansregular.TTF)
	if err != nil {
		return nil, err
	}
	b, err := openTypeface(liberationsansbold.TTF)
	if err != nil {
		return nil, err
	}
	return &Fonts{r, b}, nil
}

func (f *Fonts) face(bold bool) *typeface {
	if bold {
		return f.bold
	}
	return f.regular
}

// Measure returns the width of text at size, in pixels, rounded up.
func (f *Fonts) Measure(text string, size int, bold bool) (int, error) {
	t := f.face(bold)
	sum := 0
	for _, r := range text {
		if r < asciiEnd && t.ascii[r] > 0 {
			sum += t.ascii[r]
			continue
		}
		w, err := t.advance(r)
		if err != nil {
			return 0, err
		}
		sum += w
	}
	return (sum*size + t.em - 1) / t.em, nil
}

// Shown returns text as pages and pictures show it, which can draw nothing that the embedded font
// lacks: Visible, with such characters as [U+4E2D].
func (f *Fonts) Shown(text string, bold bool) (string, error) {
	if plain(text) {
		return text, nil
	}
	text, t := Visible(text), f.face(bold)
	var b *strings.Builder
	for i, r := range text {
		has, err := t.has(r)
		if err != nil {
			return "", err
		}
		if !has && b == nil {
			b = &strings.Builder{}
			b.WriteString(text[:i])
		}
		switch {
		case !has:
			fmt.Fprintf(b, "[U+%04X]", r)
		case b != nil:
			b.WriteRune(r)
		}
	}
	if b == nil {
		return text, nil
	}
	return b.String(), nil
}

// plain reports whether text has printable ASCII alone, which every font has.
func plain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// Wrap breaks text into lines of at most width pixels, between words; a word that is
// longer than a line is broken inside.
func (f *Fonts) Wrap(text string, width, size int, bold bool) ([]string, error) {
	var lines []string
	line := ""
	for _, word := range strings.FieldsFunc(text, breaks) {
		for _, piece := range f.pieces(word, width, size, bold) {
			next := piece
			if line != "" {
				next = line + " " + piece
			}
			w, err := f.Measure(next, size, bold)
			if err != nil {
				return nil, err
			}
			if w > width && line != "" {
				lines = append(lines, line)
				next = piece
			}
			line = next
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines, nil
}

// breaks reports whether a line may end at r; spaces inside amounts do not count.
func breaks(r rune) bool { return r == ' ' || r == '\n' || r == '\t' }

// pieces cuts a word into parts that fit into width; most words stay whole.
func (f *Fonts) pieces(word string, width, size int, bold bool) []string {
	if w, err := f.Measure(word, size, bold); err == nil && w <= width {
		return []string{word}
	}
	n := max(1, width/size)
	r := []rune(word)
	var parts []string
	for len(r) > n {
		parts = append(parts, string(r[:n]))
		r = r[n:]
	}
	return append(parts, string(r))
}

package scene

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"sort"
)

// fontName is the family name of the subsets that drawings embed. The fonts that they are
// cut from reserve their own name for the unchanged files.
const fontName = "Clew Sans"

var errBadFont = errors.New("the embedded font file is not as expected")

// subset returns a TrueType font with the glyphs of runes only: outlines and widths as in
// the original; hinting, kerning and layout features left out, so that text is as wide as
// it was measured. The same runes give the same bytes. Characters that the font lacks are
// left to whatever the reader's machine shows instead.
func (t *typeface) subset(runes map[rune]bool) ([]byte, error) {
	s, err := newSubsetter(t.data)
	if err != nil {
		return nil, err
	}
	sorted := make([]rune, 0, len(runes))
	for r := range runes {
		sorted = append(sorted, r)
	}
	sort.Slice(sorted, func(i, j int) bool { return sorted[i] < sorted[j] })
	var mapped []runeGlyph
	s.take(0)
	for _, r := range sorted {
		g, err := t.font.GlyphIndex(&t.buf, r)
		if err != nil {
			return nil, fmt.Errorf("glyph of %q: %w", r, err)
		}
		if g != 0 && r <= 0xffff {
			mapped = append(mapped, runeGlyph{r, s.take(uint16(g))})
		}
	}
	if err := s.outlines(); err != nil {
		return nil, err
	}
	return s.assemble(mapped), nil
}

type runeGlyph struct {
	r rune
	g uint16
}

// subsetter copies glyphs of a TrueType file under new numbers.
type subsetter struct {
	tables  map[string][]byte
	long    bool // loca has 32-bit entries
	metrics int  // entries of hmtx that carry a width
	order   []uint16
	number  map[uint16]uint16
	glyf    bytes.Buffer
	loca    []uint32
}

func newSubsetter(data []byte) (*subsetter, error) {
	s := &subsetter{tables: map[string][]byte{}, number: map[uint16]uint16{}}
	if len(data) < 12 {
		return nil, errBadFont
	}
	n := int(binary.BigEndian.Uint16(data[4:]))
	if len(data) < 12+16*n {
		return nil, errBadFont
	}
	for i := range n {
		rec := data[12+16*i:]
		off, size := binary.BigEndian.Uint32(rec[8:]), binary.BigEndian.Uint32(rec[12:])
		if uint64(off)+uint64(size) > uint64(len(data)) {
			return nil, errBadFont
		}
		s.tables[string(rec[:4])] = data[off : off+size]
	}
	for name, least := range map[string]int{"head": 54, "hhea": 36, "maxp": 32, "hmtx": 4, "loca": 4, "glyf": 1, "OS/2": 78} {
		if len(s.tables[name]) < least {
			return nil, fmt.Errorf("table %s: %w", name, errBadFont)
		}
	}
	s.long = binary.BigEndian.Uint16(s.tables["head"][50:]) == 1
	s.metrics = int(binary.BigEndian.Uint16(s.tables["hhea"][34:]))
	return s, nil
}

// take gives glyph old a new number, once.
func (s *subsetter) take(old uint16) uint16 {
	if n, ok := s.number[old]; ok {
		return n
	}
	n := uint16(len(s.order))
	s.number[old] = n
	s.order = append(s.order, old)
	return n
}

func (s *subsetter) outline(old uint16) ([]byte, error) {
	loca, glyf := s.tables["loca"], s.tables["glyf"]
	var from, to uint32
	if i := int(old); s.long && len(loca) >= 4*i+8 {
		from, to = binary.BigEndian.Uint32(loca[4*i:]), binary.BigEndian.Uint32(loca[4*i+4:])
	} else if !s.long && len(loca) >= 2*i+4 {
		from, to = 2*uint32(binary.BigEndian.Uint16(loca[2*i:])), 2*uint32(binary.BigEndian.Uint16(loca[2*i+2:]))
	} else {
		return nil, fmt.Errorf("glyph %d: %w", old, errBadFont)
	}
	if from > to || uint64(to) > uint64(len(glyf)) {
		return nil, fmt.Errorf("glyph %d: %w", old, errBadFont)
	}
	return glyf[from:to], nil
}

// outlines copies every taken glyph, and the parts of composed ones, without hinting.
func (s *subsetter) outlines() error {
	for i := 0; i < len(s.order); i++ { //nolint:intrange // the parts of composed glyphs are appended meanwhile
		s.loca = append(s.loca, uint32(s.glyf.Len()))
		g, err := s.outline(s.order[i])
		if err != nil {
			return err
		}
		if len(g) == 0 {
			continue
		}
		if len(g) < 10 {
			return fmt.Errorf("glyph %d: %w", s.order[i], errBadFont)
		}
		if int16(binary.BigEndian.Uint16(g)) < 0 {
			g, err = s.composite(g)
		} else {
			g, err = unhinted(g)
		}
		if err != nil {
			return fmt.Errorf("glyph %d: %w", s.order[i], err)
		}
		s.glyf.Write(g)
		for s.glyf.Len()%4 != 0 {
			s.glyf.WriteByte(0)
		}
	}
	s.loca = append(s.loca, uint32(s.glyf.Len()))
	return nil
}

// unhinted returns a simple glyph without its instructions.
func unhinted(g []byte) ([]byte, error) {
	at := 10 + 2*int(binary.BigEndian.Uint16(g))
	if len(g) < at+2 {
		return nil, errBadFont
	}
	n := int(binary.BigEndian.Uint16(g[at:]))
	if len(g) < at+2+n {
		return nil, errBadFont
	}
	out := append([]byte(nil), g[:at]...)
	out = append(out, 0, 0)
	return append(out, g[at+2+n:]...), nil
}

// composite returns a composed glyph with its parts renumbered and no instructions.
func (s *subsetter) composite(g []byte) ([]byte, error) {
	out := append([]byte(nil), g...)
	for at := 10; ; {
		if len(out) < at+4 {
			return nil, errBadFont
		}
		flags := binary.BigEndian.Uint16(out[at:])
		binary.BigEndian.PutUint16(out[at+2:], s.take(binary.BigEndian.Uint16(out[at+2:])))
		binary.BigEndian.PutUint16(out[at:], flags&^0x0100)
		size := 6
		if flags&0x0001 != 0 {
			size = 8
		}
		switch {
		case flags&0x0008 != 0:
			size += 2
		case flags&0x0040 != 0:
			size += 4
		case flags&0x0080 != 0:
			size += 8
		}
		at += size
		if len(out) < at {
			return nil, errBadFont
		}
		if flags&0x0020 == 0 {
			return out[:at], nil
		}
	}
}

package scene

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
)

// assemble writes the font file around the copied glyphs.
func (s *subsetter) assemble(mapped []runeGlyph) []byte {
	head := append([]byte(nil), s.tables["head"]...)
	binary.BigEndian.PutUint32(head[8:], 0)
	binary.BigEndian.PutUint16(head[50:], 1)
	hhea := append([]byte(nil), s.tables["hhea"][:36]...)
	binary.BigEndian.PutUint16(hhea[34:], uint16(len(s.order)))
	maxp := append([]byte(nil), s.tables["maxp"][:32]...)
	binary.BigEndian.PutUint16(maxp[4:], uint16(len(s.order)))
	loca := make([]byte, 0, 4*len(s.loca))
	for _, o := range s.loca {
		loca = binary.BigEndian.AppendUint32(loca, o)
	}
	post := make([]byte, 32)
	binary.BigEndian.PutUint32(post, 0x00030000)
	file := []sfntTable{
		{"OS/2", s.tables["OS/2"]}, {"cmap", cmapTable(mapped)}, {"glyf", s.glyf.Bytes()},
		{"head", head}, {"hhea", hhea}, {"hmtx", s.widths()}, {"loca", loca}, {"maxp", maxp},
		{"name", nameTable()}, {"post", post},
	}
	return sfntFile(file)
}

// widths returns the hmtx table of the taken glyphs.
func (s *subsetter) widths() []byte {
	hmtx := s.tables["hmtx"]
	var out []byte
	for _, old := range s.order {
		i := int(old)
		bearing := 4*i + 2
		if i >= s.metrics {
			bearing = 4*s.metrics + 2*(i-s.metrics)
			i = s.metrics - 1
		}
		out = append(out, hmtx[4*i:4*i+2]...)
		out = append(out, hmtx[bearing:bearing+2]...)
	}
	return out
}

// cmapTable maps characters of the basic plane to glyphs: one table of format 4 with a
// segment for each character.
func cmapTable(mapped []runeGlyph) []byte {
	n := len(mapped) + 1
	log := bits.Len(uint(n)) - 1
	var b []byte
	u16 := func(v int) { b = binary.BigEndian.AppendUint16(b, uint16(v)) }
	for _, v := range []int{0, 1, 3, 1} { // version, tables; platform Windows, encoding Unicode
		u16(v)
	}
	b = binary.BigEndian.AppendUint32(b, 12)
	for _, v := range []int{4, 16 + 8*n, 0, 2 * n, 2 << log, log, 2*n - 2<<log} {
		u16(v)
	}
	for _, m := range mapped {
		u16(int(m.r))
	}
	u16(0xffff)
	u16(0)
	for _, m := range mapped {
		u16(int(m.r))
	}
	u16(0xffff)
	for _, m := range mapped {
		u16(int(m.g) - int(m.r))
	}
	u16(1)
	for range n {
		u16(0)
	}
	return b
}

// nameTable names the font, its origin and its licence.
func nameTable() []byte {
	names := []struct {
		id   uint16
		text string
	}{
		{0, "Digitized data copyright (c) 2010 Google Corporation; copyright (c) 2012 Red Hat, Inc."},
		{1, fontName}, {2, "Regular"}, {4, fontName}, {6, "ClewSans"},
		{13, "SIL Open Font License 1.1; a subset of the Liberation fonts under another name"},
	}
	var records, text []byte
	for _, n := range names {
		start := len(text)
		for _, u := range utf16.Encode([]rune(n.text)) {
			text = binary.BigEndian.AppendUint16(text, u)
		}
		for _, v := range []uint16{3, 1, 0x0409, n.id, uint16(len(text) - start), uint16(start)} {
			records = binary.BigEndian.AppendUint16(records, v)
		}
	}
	b := binary.BigEndian.AppendUint16(nil, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(len(names)))
	b = binary.BigEndian.AppendUint16(b, uint16(6+len(records)))
	return append(append(b, records...), text...)
}

type sfntTable struct {
	tag  string
	data []byte
}

// sfntFile writes tables, sorted by tag, with their directory and sums.
func sfntFile(tables []sfntTable) []byte {
	n := len(tables)
	log := bits.Len(uint(n)) - 1
	b := binary.BigEndian.AppendUint32(nil, 0x00010000)
	for _, v := range []int{n, 16 << log, log, 16*n - 16<<log} {
		b = binary.BigEndian.AppendUint16(b, uint16(v))
	}
	var body bytes.Buffer
	headAt := 0
	for _, t := range tables {
		at := 12 + 16*n + body.Len()
		if t.tag == "head" {
			headAt = at
		}
		b = append(b, t.tag...)
		for _, v := range []uint32{tableSum(t.data), uint32(at), uint32(len(t.data))} {
			b = binary.BigEndian.AppendUint32(b, v)
		}
		body.Write(t.data)
		for body.Len()%4 != 0 {
			body.WriteByte(0)
		}
	}
	b = append(b, body.Bytes()...)
	binary.BigEndian.PutUint32(b[headAt+8:], 0xB1B0AFBA-tableSum(b))
	return b
}

func tableSum(data []byte) uint32 {
	var sum uint32
	for len(data) > 0 {
		var word [4]byte
		n := copy(word[:], data)
		sum += binary.BigEndian.Uint32(word[:])
		data = data[n:]
	}
	return sum
}

package labels

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unsafe"

	"clew/chains"
)

// ErrNoPack means that bytes are no pack of labels, or a damaged one.
var ErrNoPack = errors.New("not a pack of labels")

// packMagic begins the bytes of a pack; the number is that of the format.
const packMagic = "clew.labels/1\n"

// foreignMark begins the name of a chain that the program does not know, in a pack.
const foreignMark = "?"

// Pack is one edition with everything that it says, as it is kept. It is immutable and safe for
// concurrent use.
//
// Its bytes are canonical: the same edition with the same labels gives the same ones, whatever
// the order in which they were added. They are
//
//	magic | edition, JSON | texts | actors | claims | names of chains | labels
//
// Numbers are unsigned varints; a text stands once and is named by its number, 0 being "". A
// label is six numbers (chain, claim, text, context, raw, written), each kept in a column for
// all labels, and its address; labels are in order of chain and address.
type Pack struct {
	edition Edition
	sum     string
	arena   string // the bytes; every text is a part of it
	claims  []Claim
	actors  []Actor
	chains  []string
	entries []entry
}

// entry is one label: 28 bytes and its part of the arena.
type entry struct {
	address                     uint32 // where it begins in the arena
	text, context, raw, written uint32 // where the length of each stands in the arena; 0: ""
	claim                       uint32
	chain                       uint16
	length                      uint8 // of the address
}

// Edition returns what p is an edition of.
func (p *Pack) Edition() Edition { return p.edition }

// Bytes returns the canonical bytes, from which Unpack makes the same pack.
func (p *Pack) Bytes() []byte { return []byte(p.arena) }

// SHA256 is the hash of Bytes, hex.
func (p *Pack) SHA256() string { return p.sum }

// Len returns the number of labels.
func (p *Pack) Len() int { return len(p.entries) }

// Actors returns whom the pack describes, in order of their ids. It is shared: do not write to it.
func (p *Pack) Actors() []Actor { return p.actors }

func (p *Pack) addressOf(e *entry) string {
	return p.arena[e.address : e.address+uint32(e.length)]
}

// textAt returns the text whose length stands at a place in the arena; "" for 0.
func (p *Pack) textAt(at uint32) string {
	if at == 0 {
		return ""
	}
	n, size := uint32(0), uint32(0)
	for {
		b := p.arena[at+size]
		n |= uint32(b&0x7f) << (7 * size)
		size++
		if b < 0x80 {
			return p.arena[at+size : at+size+n]
		}
	}
}

// label returns entry i, with claim as its claim.
func (p *Pack) label(i int, claim *Claim) Label {
	e := &p.entries[i]
	l := Label{
		Claim: claim, Address: chains.Address(p.addressOf(e)), Text: p.textAt(e.text), Context: p.textAt(e.context),
		pack: p, entry: i,
	}
	if foreign, ok := strings.CutPrefix(p.chains[e.chain], foreignMark); ok {
		l.Foreign = foreign
	} else {
		l.Chain = chains.Chain(p.chains[e.chain])
	}
	return l
}

// Unpack reads the bytes of a pack, and keeps them: they may not be written to afterwards. It
// accepts canonical bytes only in so far as a damaged pack gives an error that wraps ErrNoPack;
// whether they are those that were kept, SHA256 tells.
func Unpack(data []byte) (*Pack, error) {
	if len(data) >= 1<<32 {
		return nil, fmt.Errorf("%w: longer than 4 GiB", ErrNoPack)
	}
	sum := sha256.Sum256(data)
	p := &Pack{sum: hex.EncodeToString(sum[:])}
	if len(data) > 0 {
		p.arena = unsafe.String(&data[0], len(data)) //nolint:gosec // texts are parts of the bytes, which nobody writes to any more; a copy would double the memory of large sets
	}
	r := &unpacker{arena: p.arena}
	err := r.all(p)
	if err == nil {
		err = r.err
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoPack, err)
	}
	return p, nil
}

// unpacker reads a pack from front to back. The first error stays.
type unpacker struct {
	arena string
	at    int
	texts []uint32 // places of the lengths of texts
	err   error
}

func (r *unpacker) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s at byte %d", what, r.at)
	}
}

// number reads an unsigned varint that is below limit.
func (r *unpacker) number(limit int) int {
	n, shift := uint64(0), 0
	for r.at < len(r.arena) && shift < 63 {
		b := r.arena[r.at]
		r.at++
		n |= uint64(b&0x7f) << shift
		shift += 7
		if b < 0x80 {
			if n >= uint64(limit) {
				break
			}
			return int(n)
		}
	}
	r.fail("a number that cannot be")
	return 0
}

// count reads how many things follow, of which each takes a byte at least.
func (r *unpacker) count() int {
	n := r.number(len(r.arena) + 1)
	if n > len(r.arena)-r.at {
		r.fail("more than there is")
		return 0
	}
	return n
}

func (r *unpacker) bytes() string {
	n := r.count()
	r.at += n
	return r.arena[r.at-n : r.at]
}

// text reads the number of a text and returns the place of its length.
func (r *unpacker) text() uint32 {
	if n := r.number(len(r.texts)); n < len(r.texts) {
		return r.texts[n]
	}
	return 0
}

func (r *unpacker) all(p *Pack) error {
	if !strings.HasPrefix(r.arena, packMagic) {
		return errors.New("it begins otherwise, or is of another version")
	}
	r.at = len(packMagic)
	if err := json.Unmarshal([]byte(r.bytes()), &p.edition); err != nil {
		return fmt.Errorf("its edition: %w", err)
	}
	n := r.count()
	r.texts = make([]uint32, 1, n+1)
	for range n {
		r.texts = append(r.texts, uint32(r.at))
		r.bytes()
	}
	if r.err != nil {
		return r.err
	}
	r.actors(p)
	r.claims(p)
	for range r.count() {
		p.chains = append(p.chains, p.textAt(r.text()))
	}
	r.entries(p)
	if r.err == nil && r.at != len(r.arena) {
		r.fail("something is left over")
	}
	return r.err
}

func (r *unpacker) actors(p *Pack) {
	next := func() string { return p.textAt(r.text()) }
	for range r.count() {
		p.actors = append(p.actors, Actor{
			ID: next(), Label: next(), URI: next(), Categories: fromLines(next()), Jurisdictions: fromLines(next()), Aliases: fromLines(next()), Raw: next(),
		})
	}
}

func (r *unpacker) claims(p *Pack) {
	next := func() string { return p.textAt(r.text()) }
	n := r.count()
	p.claims = make([]Claim, 0, n)
	for range n {
		p.claims = append(p.claims, Claim{
			Edition: &p.edition, Actor: next(), Category: next(), Abuse: next(), Concepts: fromLines(next()), Source: next(), Confidence: next(),
			ClusterDefiner: next(), Asset: next(), Network: next(), LastMod: r.time(), ValidFrom: r.time(), ValidTo: r.time(),
		})
	}
}

// time reads seconds since 1970 plus one, in zigzag; 0 is the zero time.
func (r *unpacker) time() time.Time {
	n := r.number(1 << 62)
	if n == 0 {
		return time.Time{}
	}
	n--
	return time.Unix(int64(n>>1)^-int64(n&1), 0).UTC()
}

func (r *unpacker) entries(p *Pack) {
	n := r.count()
	if r.err != nil {
		return
	}
	p.entries = make([]entry, n)
	for i := range p.entries {
		p.entries[i].chain = uint16(r.number(min(len(p.chains), 1<<16)))
	}
	for i := range p.entries {
		p.entries[i].claim = uint32(r.number(len(p.claims)))
	}
	for _, column := range []func(*entry) *uint32{
		func(e *entry) *uint32 { return &e.text }, func(e *entry) *uint32 { return &e.context },
		func(e *entry) *uint32 { return &e.raw }, func(e *entry) *uint32 { return &e.written },
	} {
		for i := range p.entries {
			*column(&p.entries[i]) = r.text()
		}
	}
	for i := range p.entries {
		p.entries[i].length = uint8(r.number(maxAddress + 1))
	}
	for i := range p.entries {
		e := &p.entries[i]
		e.address = uint32(r.at)
		r.at += int(e.length)
	}
	if r.at > len(r.arena) {
		r.at = len(r.arena)
		r.fail("addresses are cut off")
	}
}

// maxAddress is the length of the longest address that is kept, in bytes. A Monero address has
// 95 characters.
const maxAddress = 255

func fromLines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// packer writes a pack.
type packer struct {
	out   []byte
	texts map[string]int
	order []string
}

func (w *packer) number(n int) { w.out = binary.AppendUvarint(w.out, uint64(n)) }

// text returns the number of a text, which it has from then on.
func (w *packer) text(s string) int {
	if s == "" {
		return 0
	}
	n, ok := w.texts[s]
	if !ok {
		n = len(w.order) + 1
		w.texts[s], w.order = n, append(w.order, s)
	}
	return n
}

func packedTime(t time.Time) int {
	if t.IsZero() {
		return 0
	}
	s := t.Unix()
	return int(uint64(s<<1)^uint64(s>>63)) + 1
}

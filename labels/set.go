package labels

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/maphash"
	"slices"
	"sort"
	"strings"
	"time"

	"clew/chains"
)

// Set answers what is claimed of an address, out of the packs that it was made of. It is
// immutable and safe for concurrent use. A label takes 28 bytes, 16 to 28 of the index, and its
// address and texts once.
//
// What was claimed when. An edition holds from its date until that of the next edition of the
// same source; the first one that is at hand holds also before, as far back as its labels say
// themselves. A label in it is made from ValidFrom on, else from LastMod, else from the date of
// its edition, and ends at ValidTo if the source says so.
type Set struct {
	held   []held
	bases  []int // of held: number of the first label
	claims [][]live
	chains map[string]uint32
	names  [][]uint32 // of each pack: its chains' numbers
	actors map[string]*Actor
	seed   maphash.Seed
	table  []slot
	next   []uint32 // number of an address's next label, plus one
	date   time.Time
}

// slot is a place of the table, by the hash of chain and address: the upper half of that hash, whether
// the address has more than one label (a bit), and the number of its first one, plus one; 0 is
// free. So a question of an address without a label rarely reads anything else.
type slot uint64

const (
	slotMore  = 1 << 31
	slotLimit = slotMore - 1 // labels that a set can hold
)

// no returns the number of the first label, plus one.
func (s slot) no() uint32 { return uint32(s) &^ slotMore }

// held is a pack with the time during which its edition is the latest of its source.
type held struct {
	*Pack
	first bool      // no earlier edition is at hand
	until time.Time // zero: it is the latest
	from  time.Time // its date
}

// live is a claim with when it was made: seconds since 1970; until 0: it still is.
type live struct {
	Claim
	since, until int64
}

// EditionInfo describes a pack of a set.
type EditionInfo struct {
	Edition
	Pack   string // SHA-256 of the pack, hex
	Labels int
	Actors int
	Until  time.Time // date of the edition that replaced it; zero: none did
}

// NewSet makes a set of packs. The order in which they come does not matter; the same pack twice
// counts once.
func NewSet(packs ...*Pack) (*Set, error) {
	s := &Set{chains: map[string]uint32{}, actors: map[string]*Actor{}, seed: maphash.MakeSeed()}
	s.arrange(packs)
	total := 0
	for i := range s.held {
		s.bases = append(s.bases, total)
		total += s.held[i].Len()
		s.describe(&s.held[i])
	}
	if total >= slotLimit {
		return nil, fmt.Errorf("%d labels are more than a set can hold", total)
	}
	for i := range s.held {
		s.take(&s.held[i])
	}
	s.index(total)
	return s, nil
}

// arrange puts the packs in order of source and date, and says until when each is the latest.
func (s *Set) arrange(packs []*Pack) {
	sorted := slices.Clone(packs)
	slices.SortFunc(sorted, func(x, y *Pack) int { return compareEditions(x, y) })
	sorted = slices.CompactFunc(sorted, func(x, y *Pack) bool { return x.sum == y.sum })
	for i, p := range sorted {
		h := held{Pack: p, first: true, from: p.edition.Date()}
		if i > 0 && sorted[i-1].edition.SameSource(&p.edition) {
			h.first = false
		}
		if i+1 < len(sorted) && sorted[i+1].edition.SameSource(&p.edition) {
			h.until = sorted[i+1].edition.Date()
		}
		s.held = append(s.held, h)
	}
}

func compareEditions(x, y *Pack) int {
	a, b := &x.edition, &y.edition
	for _, c := range []int{
		strings.Compare(a.Title, b.Title), strings.Compare(a.Creator, b.Creator), strings.Compare(string(a.Form), string(b.Form)),
		a.Date().Compare(b.Date()), a.Retrieved.Compare(b.Retrieved),
	} {
		if c != 0 {
			return c
		}
	}
	return strings.Compare(x.sum, y.sum)
}

// describe gathers the actors of a pack. Of two who have the same id that of the later edition
// counts, and of two sources the first in order.
func (s *Set) describe(h *held) {
	if h.until.IsZero() && h.edition.Retrieved.After(s.date) {
		s.date = h.edition.Retrieved
	}
	if !h.until.IsZero() {
		return
	}
	for i := range h.Pack.actors {
		a := &h.Pack.actors[i]
		if s.actors[a.ID] == nil {
			s.actors[a.ID] = a
		}
	}
}

// take copies the claims of a pack and derives what the set knows of them.
func (s *Set) take(h *held) {
	claims := make([]live, len(h.Pack.claims))
	for i := range claims {
		c := &claims[i]
		c.Claim = h.Pack.claims[i]
		var byActor []string
		if a := s.actors[c.Actor]; a != nil {
			c.ActorName, byActor = a.Label, a.Categories
		}
		c.OfActor, c.Kind = byActor, KindOf(c.Category, c.Abuse, c.Concepts, byActor)
		c.since, c.until = h.span(&c.Claim)
	}
	s.claims = append(s.claims, claims)
	var names []uint32
	for _, name := range h.Pack.chains {
		no, ok := s.chains[name]
		if !ok {
			no = uint32(len(s.chains))
			s.chains[name] = no
		}
		names = append(names, no)
	}
	s.names = append(s.names, names)
}

// span returns when a claim of the pack was made.
func (h *held) span(c *Claim) (since, until int64) {
	from := h.from
	for _, t := range []time.Time{c.LastMod, c.ValidFrom} {
		if !t.IsZero() {
			from = t
		}
	}
	if !h.first && from.Before(h.from) {
		from = h.from
	}
	end := h.until
	if !c.ValidTo.IsZero() && (end.IsZero() || c.ValidTo.Before(end)) {
		end = c.ValidTo
	}
	if !end.IsZero() {
		until = end.Unix()
	}
	return from.Unix(), until
}

// index makes the table. It is filled from behind, so that the labels of an address come out in
// order.
func (s *Set) index(total int) {
	size := 1
	for size < total+total/2+1 {
		size *= 2
	}
	s.table, s.next = make([]slot, size), make([]uint32, total)
	for no := total - 1; no >= 0; no-- {
		p, i := s.at(uint32(no))
		e := &s.held[p].entries[i]
		at, tag := s.find(s.names[p][e.chain], s.held[p].addressOf(e))
		before := s.table[at]
		s.table[at] = tag | slot(no+1)
		if before != 0 {
			s.next[no] = before.no()
			s.table[at] |= slotMore
		}
	}
}

// at returns pack and index of a label.
func (s *Set) at(no uint32) (pack, index int) {
	pack = sort.SearchInts(s.bases, int(no)+1) - 1
	return pack, int(no) - s.bases[pack]
}

// find returns where the table holds an address of a chain, or would, and the tag of its slot.
func (s *Set) find(chain uint32, address string) (at int, tag slot) {
	const upper = 1<<64 - 1<<32
	h := maphash.String(s.seed, address) ^ uint64(chain)*0x9e3779b97f4a7c15
	mask := uint64(len(s.table) - 1)
	tag = slot(h & upper)
	for at := h & mask; ; at = (at + 1) & mask {
		if s.table[at] == 0 {
			return int(at), tag
		}
		if s.table[at]&upper != tag {
			continue
		}
		p, i := s.at(s.table[at].no() - 1)
		if e := &s.held[p].entries[i]; s.names[p][e.chain] == chain && s.held[p].addressOf(e) == address {
			return int(at), tag
		}
	}
}

// Lookup returns the labels of an address on a chain that were made at asOf, in a fixed order;
// at the zero time those of the latest edition of each source, without what had ended when the
// newest of these was retrieved. None: nobody says anything, which is no claim either.
func (s *Set) Lookup(chain chains.Chain, a chains.Address, asOf time.Time) []Label {
	var out []Label
	s.each(string(chain), string(a), func(l *live, p *Pack, i int) {
		if s.madeAt(l, asOf) {
			out = append(out, l.label(p, i))
		}
	})
	return out
}

func (s *Set) each(chain, address string, f func(l *live, p *Pack, i int)) {
	no, ok := s.chains[chain]
	if !ok {
		return
	}
	at, _ := s.find(no, address)
	first := s.table[at]
	for next := first.no(); next != 0; {
		p, i := s.at(next - 1)
		f(&s.claims[p][s.held[p].entries[i].claim], s.held[p].Pack, i)
		if first&slotMore == 0 {
			return
		}
		next = s.next[next-1]
	}
}

// MadeAt reports whether l is made at asOf, as Lookup means it.
func (s *Set) MadeAt(l *Label, asOf time.Time) bool {
	return s.madeAt(&live{since: unixOrZero(l.Since), until: unixOrZero(l.Until)}, asOf)
}

func (s *Set) madeAt(l *live, asOf time.Time) bool {
	if asOf.IsZero() {
		return l.until == 0 || l.until > s.date.Unix()
	}
	return l.since <= asOf.Unix() && (l.until == 0 || l.until > asOf.Unix())
}

func (l *live) label(p *Pack, i int) Label {
	out := p.label(i, &l.Claim)
	out.Since = time.Unix(l.since, 0).UTC()
	if l.until != 0 {
		out.Until = time.Unix(l.until, 0).UTC()
	}
	return out
}

func unixOrZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// Labels calls f with every label of the pack whose SHA-256 is given, in order of chain and
// address. It reports whether the set holds that pack.
func (s *Set) Labels(pack string, f func(*Label) error) (bool, error) {
	for n := range s.held {
		p := s.held[n].Pack
		if p.sum != pack {
			continue
		}
		for i := range p.entries {
			l := s.claims[n][p.entries[i].claim].label(p, i)
			if err := f(&l); err != nil {
				return true, err
			}
		}
		return true, nil
	}
	return false, nil
}

// Kinds counts the labels of the pack whose SHA-256 is given by kind; nil: it is not in the set.
func (s *Set) Kinds(pack string) map[Kind]int {
	for n := range s.held {
		if p := s.held[n].Pack; p.sum == pack {
			count := map[Kind]int{}
			for i := range p.entries {
				count[s.claims[n][p.entries[i].claim].Kind]++
			}
			return count
		}
	}
	return nil
}

// Editions lists the packs in order of title, creator, form and date.
func (s *Set) Editions() []EditionInfo {
	out := make([]EditionInfo, 0, len(s.held))
	for i := range s.held {
		h := &s.held[i]
		out = append(out, EditionInfo{h.edition, h.sum, h.Len(), len(h.Pack.actors), h.until})
	}
	return out
}

// Actor returns whom the latest ActorPacks describe under an id; nil: nobody.
func (s *Set) Actor(id string) *Actor { return s.actors[id] }

// Len returns the number of labels, those that nobody makes any more among them.
func (s *Set) Len() int { return len(s.next) }

// SHA256 is the hash of everything that Lookup's answers at asOf rest on, hex: the packs, the
// table of kinds, and the time.
func (s *Set) SHA256(asOf time.Time) string {
	h := sha256.New()
	line := func(text string) { h.Write([]byte(text + "\n")) }
	line(kindsTable)
	line(time.Time.UTC(asOf).Format(time.RFC3339))
	for i := range s.held {
		if !asOf.IsZero() || s.held[i].until.IsZero() {
			line(s.held[i].sum)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Chains returns the chains of which the set has labels, in order of their names.
func (s *Set) Chains() []chains.Chain {
	var out []chains.Chain
	for name := range s.chains {
		if !strings.HasPrefix(name, foreignMark) {
			out = append(out, chains.Chain(name))
		}
	}
	slices.Sort(out)
	return out
}

// Packs returns the packs whose editions are the latest of their sources, in the order of Editions.
func (s *Set) Packs() []*Pack {
	var out []*Pack
	for i := range s.held {
		if s.held[i].until.IsZero() {
			out = append(out, s.held[i].Pack)
		}
	}
	return out
}

// PackOf returns the SHA-256 of the pack to which an edition of a label belongs; "" where it is of
// another set.
func (s *Set) PackOf(e *Edition) string {
	for i := range s.held {
		if &s.held[i].Pack.edition == e {
			return s.held[i].sum
		}
	}
	return ""
}

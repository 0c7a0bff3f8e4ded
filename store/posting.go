package store

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// A posting says that the transaction at pos is named by a key: in runs of txids the keyed
// hash of a txid, in runs of addresses that of an address.
type posting struct {
	key int64
	pos place
	tag uint32
}

// Tags in runs of txids: 0 is the transaction itself, 1+n is a spend of output n.
const tagSelf = 0

// tagSpend returns the tag of a spend of the output with the given index. It wraps for
// 2³²−1, which no output can have: a transaction has fewer.
func tagSpend(index uint32) uint32 { return index + 1 }

// Tags in runs of addresses, which lead to the keys of events too.
const (
	tagPays   = 1
	tagSpends = 2
	tagSays   = 4
)

// comparePostings orders by key, place and tag.
func comparePostings(a, b posting) int {
	if a.key != b.key {
		return cmp.Compare(a.key, b.key)
	}
	if a.pos != b.pos {
		return cmp.Compare(a.pos, b.pos)
	}
	return cmp.Compare(a.tag, b.tag)
}

// sortPostings orders ps by comparePostings. Keys are hashes, so their upper bits part ps
// into many small groups of like size; sorting these takes a third of the time that sorting
// all at once does.
func sortPostings(ps []posting) {
	const groupBits = 16
	if len(ps) < 1<<groupBits {
		slices.SortFunc(ps, comparePostings)
		return
	}
	starts := make([]int, 1<<groupBits+1)
	for i := range ps {
		starts[ps[i].key>>(keyBits-groupBits)+1]++
	}
	for g := range 1 << groupBits {
		starts[g+1] += starts[g]
	}
	grouped := make([]posting, len(ps))
	ends := slices.Clone(starts)
	for i := range ps {
		g := ps[i].key >> (keyBits - groupBits)
		grouped[ends[g]] = ps[i]
		ends[g]++
	}
	for g := range 1 << groupBits {
		if part := grouped[starts[g]:ends[g]]; len(part) > 1 {
			slices.SortFunc(part, comparePostings)
		}
	}
	copy(ps, grouped)
}

// mergeRoles joins postings of the same key and place into one, whose tag is the union of
// theirs. ps is sorted; the result shares its memory.
func mergeRoles(ps []posting) []posting {
	out := ps[:0]
	for _, p := range ps {
		if n := len(out); n > 0 && out[n-1].key == p.key && out[n-1].pos == p.pos {
			out[n-1].tag |= p.tag
			continue
		}
		out = append(out, p)
	}
	return out
}

// A row of postings has the id
//
//	run 17 bits | key 40 bits | part 6 bits
//
// with the key of its first posting. A key that fills its row goes on in the next one, whose
// part is one more. Keys never descend from row to row, so that the last row at or before
// (run, key, 63) is the last one that can have the key.
const (
	runBits  = 17
	keyBits  = 40
	partBits = 6
	maxRun   = 1<<runBits - 1
	maxKey   = 1<<keyBits - 1
	maxPart  = 1<<partBits - 1
)

func rowID(run, key, part int64) int64 { return run<<(keyBits+partBits) | key<<partBits | part }

func rowRun(id int64) int64  { return id >> (keyBits + partBits) }
func rowKey(id int64) int64  { return id >> partBits & maxKey }
func rowPart(id int64) int64 { return id & maxPart }

// rowPostings is how many postings a row takes: few, so that a read decodes little. The rows
// of one key grow, so that its parts suffice for any chain.
func rowPostings(part int64) int { return 64 << (part / 2) }

// The entries of a row are, for each posting,
//
//	key step uvarint | height step uvarint | ordinal uvarint | tag uvarint
//
// The first key step counts from the key in the row's id. Where it is not 0, and for the
// first posting, heights count from the run's first; the ordinal counts from the posting
// before where the height step is 0, and a new key begins at ordinal 0.
type rowState struct {
	key, height, ordinal int64
	base                 int64 // the run's first height
}

// startRow returns the state before the first posting of a row.
func startRow(id, base int64) rowState { return rowState{key: rowKey(id), height: base, base: base} }

// appendEntry appends the entry of p, which does not come before the one that s saw last.
func (s *rowState) appendEntry(b []byte, p posting) []byte {
	step := p.key - s.key
	b = binary.AppendUvarint(b, uint64(step))
	if step != 0 {
		s.key, s.height, s.ordinal = p.key, s.base, 0
	}
	h, o := heightOf(p.pos), p.pos&maxOrdinal
	b = binary.AppendUvarint(b, uint64(h-s.height))
	if h != s.height {
		s.height, s.ordinal = h, 0
	}
	b = binary.AppendUvarint(b, uint64(o-s.ordinal))
	s.ordinal = o
	return binary.AppendUvarint(b, uint64(p.tag))
}

// rowReader reads the postings of a row in order.
type rowReader struct {
	rowState
	id      int64
	chainNo int64
	rest    []byte
	bad     bool // the entries are damaged; nothing more is read
}

func newRowReader(g *run, id int64, entries []byte) rowReader {
	return rowReader{rowState: startRow(id, g.from), id: id, chainNo: g.chainNo, rest: entries}
}

// next returns the next posting; false after the last, or where the row is damaged.
func (r *rowReader) next() (posting, bool) {
	if len(r.rest) == 0 {
		return posting{}, false
	}
	if step := r.uvarint(); step != 0 {
		r.key, r.height, r.ordinal = r.key+int64(step&maxKey), r.base, 0
		r.bad = r.bad || step > maxKey
	}
	if step := r.uvarint(); step != 0 {
		r.height, r.ordinal = r.height+int64(step&maxHeight), 0
		r.bad = r.bad || step > maxHeight
	}
	step := r.uvarint()
	r.ordinal += int64(step & maxOrdinal)
	tag := r.uvarint()
	r.bad = r.bad || step > maxOrdinal || tag > 1<<32-1 ||
		r.key > maxKey || r.height > maxHeight || r.ordinal > maxOrdinal
	if r.bad {
		r.rest = nil
		return posting{}, false
	}
	return posting{r.key, blockPlace(r.chainNo, r.height) + r.ordinal, uint32(tag)}, true
}

func (r *rowReader) uvarint() uint64 {
	if len(r.rest) > 0 && r.rest[0] < 0x80 {
		v := r.rest[0]
		r.rest = r.rest[1:]
		return uint64(v)
	}
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// err returns ErrDamaged if the row was.
func (r *rowReader) err() error {
	if !r.bad {
		return nil
	}
	return damaged("entries of row %d/%d/%d", rowRun(r.id), rowKey(r.id), rowPart(r.id))
}

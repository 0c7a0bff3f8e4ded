package store

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// A posting says that the transaction at pos is named by a key. Rows of tx_ref and addr_tx
// hold several postings of one key:
//
//	entries: tag uvarint of the transaction at pos | (distance uvarint | tag uvarint)…
//
// where distance is the place less the place before it. Places ascend; a place may come
// twice with different tags.
type posting struct {
	key int64
	pos place
	tag uint32
}

// Tags of tx_ref: 0 is the transaction itself, 1+n is a spend of output n.
const tagSelf = 0

// tagSpend returns the tag of a spend of the output with the given index. It wraps for
// 2³²−1, which no output can have: a transaction has fewer.
func tagSpend(index uint32) uint32 { return index + 1 }

// Tags of addr_tx.
const (
	tagPays   = 1
	tagSpends = 2
)

// rowPostings is how many postings a row takes before another begins. A row ends only where
// the place changes, so that (key, pos) stays unique.
const rowPostings = 256

// sortPostings orders by key, place and tag.
func sortPostings(ps []posting) {
	slices.SortFunc(ps, func(a, b posting) int {
		if a.key != b.key {
			return cmp.Compare(a.key, b.key)
		}
		if a.pos != b.pos {
			return cmp.Compare(a.pos, b.pos)
		}
		return cmp.Compare(a.tag, b.tag)
	})
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

// rowEnd returns the length of the first row of ps, which is sorted and not empty.
func rowEnd(ps []posting) int {
	n := 1
	for n < len(ps) && ps[n].key == ps[0].key && (n < rowPostings || ps[n].pos == ps[n-1].pos) {
		n++
	}
	return n
}

// appendEntries appends the entries of a row to b.
func appendEntries(b []byte, row []posting) []byte {
	b = binary.AppendUvarint(b, uint64(row[0].tag))
	for i := 1; i < len(row); i++ {
		b = binary.AppendUvarint(b, uint64(row[i].pos-row[i-1].pos))
		b = binary.AppendUvarint(b, uint64(row[i].tag))
	}
	return b
}

// decodeEntries appends the postings of the row (key, pos) to ps. The error is ErrDamaged.
func decodeEntries(ps []posting, key int64, pos place, entries []byte) ([]posting, error) {
	for first := true; first || len(entries) > 0; first = false {
		if !first {
			step, n := binary.Uvarint(entries)
			if n <= 0 || step > 1<<62 {
				return nil, damaged("entries of key %d at %d", key, pos)
			}
			pos += place(step)
			entries = entries[n:]
		}
		tag, n := binary.Uvarint(entries)
		if n <= 0 || tag > 1<<32-1 {
			return nil, damaged("entries of key %d at %d", key, pos)
		}
		entries = entries[n:]
		ps = append(ps, posting{key, pos, uint32(tag)})
	}
	return ps, nil
}

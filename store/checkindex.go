package store

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/dchest/siphash"

	"clew/chains"
)

// indexSum is a fingerprint of a set of postings that does not depend on their order, so
// that two passes over millions can be compared without keeping them.
type indexSum struct {
	n   int64
	sum uint64
}

func (s *indexSum) add(p posting) {
	var b [20]byte
	binary.LittleEndian.PutUint64(b[:], uint64(p.key))
	binary.LittleEndian.PutUint64(b[8:], uint64(p.pos))
	binary.LittleEndian.PutUint32(b[16:], p.tag)
	s.n++
	s.sum += siphash.Hash(0, 0, b[:])
}

// scanIndex returns the fingerprint of an index of the chain. In that of txids it looks for
// outputs that two transactions spend.
func (k *checker) scanIndex(r *reader, kind runKind) (sum indexSum, err error) {
	runs := r.runs[kind]
	if len(runs) == 0 {
		return sum, nil
	}
	m, err := newMerge(r.c, runs)
	if err != nil {
		return sum, err
	}
	var group []posting // all of one key
	for {
		p, ok, err := m.next()
		if err != nil {
			return sum, err
		}
		if !ok || len(group) > 0 && group[0].key != p.key {
			if err := k.group(r, kind, group); err != nil {
				return sum, err
			}
			group = group[:0]
		}
		if !ok {
			return sum, k.runs(r, runs)
		}
		group = append(group, p)
		sum.add(p)
	}
}

// runs compares each run with what the table of runs says of it, and reads whether its
// postings are in order: out of order, a read would miss them.
func (k *checker) runs(r *reader, runs []run) error {
	for _, g := range runs {
		h := &runRows{c: r.c, g: g, from: g.firstRow()}
		var before posting
		n := int64(0)
		for {
			ok, err := h.next()
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			where := fmt.Sprintf("%s %s, run %d", r.chain, g.kind, g.no)
			if n > 0 && comparePostings(h.at, before) < 0 || h.at.key < rowKey(h.row.id) {
				k.found(where, "row %d is out of order", h.row.id)
			}
			if height := heightOf(h.at.pos); height < g.from || height > g.to {
				k.found(where, "an entry of block %d; the run has %d to %d", height, g.from, g.to)
			}
			before = h.at
			n++
		}
		if n != g.postings {
			k.found(fmt.Sprintf("%s %s, run %d", r.chain, g.kind, g.no), "%d entries, and %d are noted", n, g.postings)
		}
	}
	return nil
}

// group looks for double spends among the postings of one key.
func (k *checker) group(r *reader, kind runKind, ps []posting) error {
	if kind != byTxID || len(ps) < 2 {
		return nil
	}
	ps = slices.Clone(ps)
	slices.SortFunc(ps, func(a, b posting) int {
		return cmp.Or(cmp.Compare(a.tag, b.tag), cmp.Compare(a.pos, b.pos))
	})
	for len(ps) > 0 {
		n := 1
		for n < len(ps) && ps[n].tag == ps[0].tag {
			n++
		}
		if ps[0].tag != tagSelf && n > 1 {
			if err := k.spenders(r, ps[:n]); err != nil {
				return err
			}
		}
		ps = ps[n:]
	}
	return nil
}

// spenders looks for two spends of one output among the postings of one key and tag, in
// order of place. Different outputs may share both by accident.
func (k *checker) spenders(r *reader, ps []posting) error {
	by := map[chains.OutPoint]chains.TxID{}
	for i, p := range ps {
		if i > 0 && p.pos == ps[i-1].pos {
			continue
		}
		t, err := r.rawTx(p.pos)
		if err != nil {
			return err
		}
		for j := range t.Inputs {
			o := t.Inputs[j].Prev
			if tagSpend(o.Index) != p.tag || r.hash.txid(&o.Tx) != p.key {
				continue
			}
			if other, twice := by[o]; twice {
				k.found(string(r.chain), "%s is spent by %s and by %s", o, other, t.ID)
			}
			by[o] = t.ID
		}
	}
	return nil
}

// findMissing names transactions that the index does not lead to. It is slow: it is only
// called when something is wrong.
func (k *checker) findMissing(r *reader, kind runKind) error {
	return r.eachBlock(func(b *BlockInfo) error {
		return r.eachTx(b.Ref, func(pos place, t *chains.Tx) error {
			for _, p := range wantedPostings(r, pos, t)[kind] {
				have, err := r.postingsOf(kind, p.key)
				if err != nil {
					return err
				}
				if kind == byAddress {
					have = mergeRoles(have)
				}
				if !slices.Contains(have, p) {
					k.found(fmt.Sprintf("%s %s", r.chain, kind), "does not lead to transaction %s", t.ID)
				}
			}
			return nil
		})
	})
}

// wantedPostings returns what the indexes must have for t at pos.
func wantedPostings(r *reader, pos place, t *chains.Tx) (want [runKinds][]posting) {
	want[byTxID], want[byAddress] = appendPostings(r.hash, pos, t, nil, nil)
	sortPostings(want[byAddress])
	want[byAddress] = mergeRoles(want[byAddress])
	return want
}

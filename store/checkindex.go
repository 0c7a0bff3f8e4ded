package store

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/dchest/siphash"

	"clew/chains"
)

// indexTable is tx_ref or addr_tx, to Check.
type indexTable struct {
	name, column string
	roles        bool // tags of one place are joined
}

var indexTables = [2]indexTable{
	{name: `tx_ref`, column: `txid_hash`},
	{name: `addr_tx`, column: `address_hash`, roles: true},
}

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

// scanIndex returns the fingerprint of the chain's part of the table. In tx_ref it looks for
// outputs that two transactions spend.
func (k *checker) scanIndex(r *reader, table indexTable) (sum indexSum, err error) {
	st, err := r.c.prepared(`SELECT ` + table.column + `, pos, entries FROM ` + table.name + ` ORDER BY 1, 2`)
	if err != nil {
		return sum, err
	}
	var group, row []posting // group: all of one key
	for {
		found, err := st.Step()
		if err != nil {
			return sum, errors.Join(err, st.Reset())
		}
		if !found {
			break
		}
		key, pos := st.ColumnInt64(0), st.ColumnInt64(1)
		if chainNoOf(pos) != r.no {
			continue
		}
		if row, err = decodeEntries(row[:0], key, pos, columnBytes(st, 2)); err != nil {
			return sum, errors.Join(err, st.Reset())
		}
		if len(group) > 0 && group[0].key != key {
			if err := k.group(r, table, group); err != nil {
				return sum, errors.Join(err, st.Reset())
			}
			group = group[:0]
		}
		if n := len(group); n > 0 && group[n-1].pos >= row[0].pos {
			k.found(fmt.Sprintf("%s %s", r.chain, table.name), "rows of key %d overlap", key)
		}
		group = append(group, row...)
		for _, p := range row {
			sum.add(p)
		}
	}
	return sum, errors.Join(k.group(r, table, group), st.Reset())
}

// group looks for double spends among the postings of one key.
func (k *checker) group(r *reader, table indexTable, ps []posting) error {
	if table.roles || len(ps) < 2 {
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

// findMissing names transactions that the table does not lead to. It is slow: it is only
// called when something is wrong.
func (k *checker) findMissing(r *reader, table indexTable, which int) error {
	return r.eachBlock(func(b *BlockInfo) error {
		return r.eachTx(b.Ref, func(pos place, t *chains.Tx) error {
			var want [2][]posting
			want[0], want[1] = appendPostings(r.hash, pos, t, nil, nil)
			sortPostings(want[which])
			for _, p := range mergeIf(table.roles, want[which]) {
				row, found, err := rowBefore(r.c, table.name, table.column, p.key, p.pos, blockPlace(r.no, 0))
				if err != nil {
					return err
				}
				if !found || !slices.Contains(row, p) {
					k.found(fmt.Sprintf("%s %s", r.chain, table.name), "does not lead to transaction %s", t.ID)
				}
			}
			return nil
		})
	})
}

func mergeIf(roles bool, ps []posting) []posting {
	if roles {
		return mergeRoles(ps)
	}
	return ps
}

package store

import (
	"bufio"
	"bytes"
	"context"
	"fmt"

	"clew/chains"
	"clew/heuristics"
)

// blockJoins are the joins of one block.
type blockJoins struct {
	made    bool // by this version of the rules
	at      map[place][]joinMember
	waiting int // transactions that waited for a spent output, less those that wait no more
}

// joinsOf returns the joins of a block.
func (r *reader) joinsOf(height int64) (b blockJoins, err error) {
	b.at = map[place][]joinMember{}
	begin := blockPlace(r.no, height)
	err = eachJoinRow(context.Background(), r, begin, begin+maxOrdinal+1, func(block place, records []joinRecord, waiting, rows int) error {
		b.made, b.waiting = true, waiting-(rows-1)
		for i := range records {
			b.at[block+records[i].ordinal] = append([]joinMember(nil), records[i].members...)
		}
		return nil
	})
	return b, err
}

var roleNames = [joinRoles]string{"stands", string(heuristics.JoinCospend), string(heuristics.JoinWraps)}

// dumpJoins writes what t joins by inputs: with t they say the addresses.
func dumpJoins(w *bufio.Writer, r *reader, t *chains.Tx, members []joinMember) error {
	for _, m := range members {
		a := m.addressOf(t)
		if a == "" || r.hash.addressKey(a) != m.key {
			return damaged("joins of transaction %s are of other addresses", t.ID)
		}
		fmt.Fprintf(w, "joins %d %s\n", m.input, roleNames[m.role])
	}
	return nil
}

// joins compares the joins of a block with what its transactions call for. A block without any was
// read by an older version of the program: MakeJoins makes them, and nothing answers before.
func (k *checker) joins(r *reader, b *BlockInfo) error {
	have, err := r.joinsOf(b.Ref.Height)
	if err != nil || !have.made {
		return err
	}
	where := fmt.Sprintf("%s block %d", r.chain, b.Ref.Height)
	waiting, right := 0, 0
	var want, packed []byte
	err = r.eachTx(b.Ref, func(pos place, t *chains.Tx) error {
		if !allKnown(t) {
			waiting++
		}
		members, joined := have.at[pos]
		js := heuristics.Joins(t, nil)
		if len(js) == 0 && !joined {
			return nil
		}
		want, packed = appendMembers(want[:0], r.hash, js), packMembers(packed[:0], members)
		if !joined || len(js) == 0 || !bytes.Equal(want, packed) {
			k.found(where, "the joins of transaction %s are not those that it calls for", t.ID)
		}
		if joined {
			right++
		}
		return nil
	})
	if right != len(have.at) {
		k.found(where, "%d joins of transactions that are not there", len(have.at)-right)
	}
	if waiting != have.waiting {
		k.found(where, "%d transactions wait for what they spend, and %d are noted", waiting, have.waiting)
	}
	return err
}

// strayJoins looks for joins outside of every block.
func (k *checker) strayJoins(r *reader) error {
	n, err := number(r.c, `SELECT count(*) FROM joins WHERE pos >= ? AND pos < ?
		AND NOT EXISTS (SELECT 1 FROM block WHERE block.pos = joins.pos >> 24 << 24)`, blockPlace(r.no, 0), chainEnd(r.no))
	if n > 0 {
		k.found(string(r.chain), "%d rows of joins belong to no block", n)
	}
	return err
}

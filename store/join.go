package store

import (
	"encoding/binary"

	"github.com/dchest/siphash"

	"clew/chains"
	"clew/heuristics"
)

// Joins are kept beside the transactions from which they follow, so that clusters of ten million
// addresses are found in seconds, and as evidence: each leads to its transaction. A row of a block
// is written with the block and goes with it, so the rows are what the main chain calls for
// whatever happened on the way:
//
//	length uvarint | version of the rules | waiting uvarint | record…
//	record: ordinal step uvarint | members uvarint | member…
//	member: input << 2 | role uvarint | key 12
//
// Ordinals count from the block's place. Waiting is how many transactions of the block had an
// input whose spent output was not known when it was written: they join nothing. Where such an
// output becomes known later, the transaction gets a row of its own, with its place, as soon as it
// waits for no other; no block's row stands there, since the first transaction of a block is its
// coinbase.
//
// Nothing says which addresses were joined before: a cluster is made of rows when it is asked for.
type joinRole uint8

const (
	// roleStands: the address of the input stands alone; the first of a record is that with which
	// others are co-spent.
	roleStands joinRole = iota
	// roleCospend: joined with the first of the record.
	roleCospend
	// roleWraps: the script inside of the address that stands before it.
	roleWraps
	joinRoles
)

// addressKey stands for an address in joins and clusters: two keyed hashes, of which the first 40
// bits are its key in the index of addresses. Of a billion addresses no two have the same key but
// with a chance of 1 in 10¹¹; nobody can make two on purpose.
type addressKey [3]uint32

const addressKeyBytes = 12

// otherKey parts the second hash from the first.
const otherKey = 0x636c7573746572

func (h hasher) addressKey(a chains.Address) addressKey {
	b := []byte(a)
	hi := siphash.Hash(h.k0, h.k1, b)
	return addressKey{uint32(hi >> 32), uint32(hi), uint32(siphash.Hash(h.k0^otherKey, h.k1, b))}
}

func (k addressKey) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, k[0])
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, k[1]), k[2])
}

// joinMember is an address in the record of a transaction.
type joinMember struct {
	input int
	role  joinRole
	key   addressKey
}

// joinRecord is what one transaction joins.
type joinRecord struct {
	ordinal int64 // of the transaction, in its block
	members []joinMember
}

// appendMembers appends what a record of joins holds behind its ordinal.
func appendMembers(b []byte, h hasher, js []heuristics.Join) []byte {
	var few [8]joinMember
	members := few[:0]
	at := -1 // the input whose address stands last
	member := func(input int, role joinRole, a chains.Address) {
		members = append(members, joinMember{input, role, h.addressKey(a)})
		if role != roleWraps {
			at = input
		}
	}
	for i := range js {
		if js[i].Rule == heuristics.JoinCospend {
			member(js[i].InA, roleStands, js[i].A)
			break
		}
	}
	for i := range js {
		j := &js[i]
		switch {
		case j.Rule == heuristics.JoinCospend:
			member(j.InB, roleCospend, j.B)
			continue
		case j.InA != at:
			member(j.InA, roleStands, j.A)
		}
		member(j.InB, roleWraps, j.B)
	}
	return packMembers(b, members)
}

func packMembers(b []byte, members []joinMember) []byte {
	b = binary.AppendUvarint(b, uint64(len(members)))
	for _, m := range members {
		b = m.key.append(binary.AppendUvarint(b, uint64(m.input)<<2|uint64(m.role)))
	}
	return b
}

// startJoinRow appends what a row of joins begins with.
func startJoinRow(b []byte, waiting int) []byte {
	b = binary.AppendUvarint(b, uint64(len(heuristics.JoinVersion)))
	return binary.AppendUvarint(append(b, heuristics.JoinVersion...), uint64(waiting))
}

// joinRow reads a row of joins.
type joinRow struct {
	bodyReader
	pos     place
	version string
	waiting int
	ordinal int64
	members []joinMember // of the record that was read last; reused
}

// newJoinRow reads what the row at pos begins with. It keeps entries.
func newJoinRow(pos place, entries string) joinRow {
	r := joinRow{bodyReader: bodyReader{rest: entries}, pos: pos}
	r.version = r.take(r.count(1))
	r.waiting = int(r.uvarint())
	return r
}

// next reads the next record, valid until the one after; false behind the last.
func (r *joinRow) next() (joinRecord, bool) {
	if r.bad || len(r.rest) == 0 {
		return joinRecord{}, false
	}
	r.ordinal += int64(r.uvarint() & maxOrdinal)
	n := r.count(1 + addressKeyBytes)
	r.members = r.members[:0]
	for range n {
		tag := r.uvarint()
		key := r.take(addressKeyBytes)
		if r.bad || tag&3 >= uint64(joinRoles) || tag>>2 > maxOrdinal {
			break
		}
		r.members = append(r.members, joinMember{input: int(tag >> 2), role: joinRole(tag & 3), key: parseAddressKey(key)})
	}
	if n == 0 || len(r.members) != n || r.ordinal > maxOrdinal || r.members[0].role != roleStands {
		r.bad, r.rest = true, ""
		return joinRecord{}, false
	}
	return joinRecord{r.ordinal, r.members}, true
}

// err returns ErrDamaged if the row was.
func (r *joinRow) err() error {
	if !r.bad {
		return nil
	}
	return damaged("joins at height %d, ordinal %d", heightOf(r.pos), r.pos&maxOrdinal)
}

func parseAddressKey(b string) (k addressKey) {
	for i := range k {
		k[i] = uint32(b[4*i])<<24 | uint32(b[4*i+1])<<16 | uint32(b[4*i+2])<<8 | uint32(b[4*i+3])
	}
	return k
}

// addressOf returns the address that a member stands for, in the transaction of its record; "" if
// that has none there.
func (m joinMember) addressOf(t *chains.Tx) chains.Address {
	switch {
	case m.input >= len(t.Inputs):
		return ""
	case m.role == roleWraps:
		return t.Inputs[m.input].Signed.Wraps
	}
	return t.Inputs[m.input].Spent.Address
}

// keepsJoins reports whether joins are made of the chain's transactions.
func keepsJoins(chain chains.Chain) bool { return chain.Info().Family == chains.FamilyBitcoin }

package screen

import (
	"hash/maphash"

	"clew/chains"
)

// run finds, for the incidents in it, the first arrival at a place, in a transaction and at an
// address. Runs are merged as they become many, so that there are few, and each incident was put
// into one only some times. It is immutable.
type run struct {
	incidents []int32 // numbers in Index.slots
	table     []runSlot
	size      int
}

// runSlot is a place of the table, by the lower half of a key's hash; of the upper half it keeps as
// much as tells most others apart.
type runSlot struct {
	tag      uint32
	incident int32
	first    int32 // plus one; 0: the slot is free
}

// What a key is of. It is part of the hash.
const (
	keyPlace = iota + 1
	keyTx
	keyAddress
)

// newRun makes the table of some incidents.
func (x *Index) newRun(incidents []int32) *run {
	r := &run{incidents: incidents}
	for _, no := range incidents {
		t := x.slots[no].traced
		r.size += len(t.arrivals) + len(t.txs) + len(t.addresses)
	}
	size := 16
	for size*2 < r.size*3 {
		size *= 2
	}
	r.table = make([]runSlot, size)
	for _, no := range incidents {
		t := x.slots[no].traced
		for i := range t.arrivals {
			if a := &t.arrivals[i]; !a.has(noPlace) && !a.has(isLater) {
				p := t.place(int32(i))
				r.put(x.hashPlace(&p), no, int32(i))
			}
		}
		for i := range t.txs {
			if tx := &t.txs[i]; tx.first >= 0 {
				r.put(x.hashTx(tx.chain, &tx.id), no, int32(i))
			}
		}
		for i := range t.addresses {
			r.put(x.hashAddress(t.addresses[i].chain, t.text(int32(i))), no, int32(i))
		}
	}
	return r
}

func (r *run) put(hash uint64, incident, first int32) {
	mask := uint64(len(r.table) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		if r.table[at].first == 0 {
			r.table[at] = runSlot{uint32(hash >> 32), incident, first + 1}
			return
		}
	}
}

// each calls f with what may be the first of a key: f knows whether it is.
func (r *run) each(hash uint64, f func(incident, first int32)) {
	mask, tag := uint64(len(r.table)-1), uint32(hash>>32)
	for at := hash & mask; r.table[at].first != 0; at = (at + 1) & mask {
		if s := &r.table[at]; s.tag == tag {
			f(s.incident, s.first-1)
		}
	}
}

func (x *Index) hashPlace(p *Place) uint64 {
	var h maphash.Hash
	h.SetSeed(x.seed)
	writeKey(&h, keyPlace, p.Chain)
	_, _ = h.Write(p.Tx[:]) // a hash never fails
	_, _ = h.Write([]byte{byte(p.Vout), byte(p.Vout >> 8), byte(p.Vout >> 16), byte(p.Vout >> 24)})
	_, _ = h.WriteString(string(p.Account))
	_, _ = h.WriteString(string(p.Asset))
	return h.Sum64()
}

func (x *Index) hashTx(chain chains.Chain, id *chains.TxID) uint64 {
	var h maphash.Hash
	h.SetSeed(x.seed)
	writeKey(&h, keyTx, chain)
	_, _ = h.Write(id[:])
	return h.Sum64()
}

func (x *Index) hashAddress(chain chains.Chain, text string) uint64 {
	var h maphash.Hash
	h.SetSeed(x.seed)
	writeKey(&h, keyAddress, chain)
	_, _ = h.WriteString(text)
	return h.Sum64()
}

func writeKey(h *maphash.Hash, kind byte, chain chains.Chain) {
	_ = h.WriteByte(kind)
	_, _ = h.WriteString(string(chain))
	_ = h.WriteByte(0)
}

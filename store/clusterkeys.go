package store

// keyIndex numbers keys in the order in which they come: 12 bytes each, and 6 to 12 for the table.
// Keys are hashes that nobody can choose, so their bits serve as those of the table.
type keyIndex struct {
	keys  []addressKey
	slots []uint32 // 1 + number; 0 is free; a power of two
}

// add returns the number of k, a new one where it has none.
func (x *keyIndex) add(k addressKey) uint32 {
	if 3*len(x.keys) >= 2*len(x.slots) {
		x.widen()
	}
	slot := x.find(k)
	if *slot == 0 {
		x.keys = append(x.keys, k)
		*slot = uint32(len(x.keys))
	}
	return *slot - 1
}

// get returns the number of k.
func (x *keyIndex) get(k addressKey) (uint32, bool) {
	if len(x.slots) == 0 {
		return 0, false
	}
	n := *x.find(k)
	return n - 1, n != 0
}

// find returns the slot of k, or the free one where it belongs.
func (x *keyIndex) find(k addressKey) *uint32 {
	mask := uint32(len(x.slots) - 1)
	for at := k[1] & mask; ; at = (at + 1) & mask {
		if n := x.slots[at]; n == 0 || x.keys[n-1] == k {
			return &x.slots[at]
		}
	}
}

// widen doubles the table.
func (x *keyIndex) widen() {
	x.slots = make([]uint32, max(64, 2*len(x.slots)))
	for i, k := range x.keys {
		*x.find(k) = uint32(i) + 1
	}
}

package heuristics

import (
	"math/big"
	"math/bits"
)

// u128 is a count that two words hold.
type u128 struct{ hi, lo uint64 }

func (n u128) zero() bool { return n.hi|n.lo == 0 }

func (n u128) plus(m u128) u128 {
	lo, carry := bits.Add64(n.lo, m.lo, 0)
	hi, _ := bits.Add64(n.hi, m.hi, carry)
	return u128{hi, lo}
}

func (n u128) times(m uint64) u128 {
	hi, lo := bits.Mul64(n.lo, m)
	return u128{hi + n.hi*m, lo}
}

func (n u128) big() *big.Int {
	b := new(big.Int).SetUint64(n.hi)
	return b.Add(b.Lsh(b, 64), new(big.Int).SetUint64(n.lo))
}

// binomial returns n over k, 0 where k is below 0 or above n; n is at most MappingPlaces.
func binomial(n, k int) uint64 {
	if k < 0 || k > n {
		return 0
	}
	b := uint64(1)
	for i := range min(k, n-k) {
		b = b * uint64(n-i) / uint64(i+1)
	}
	return b
}

package atlanta

import (
	"crypto/sha256"
	"encoding/binary"
	"math/big"
)

// dice are numbers that look like chance and are the same each time: hashes of the seed and a
// counter, so that no version of a library changes them.
type dice struct {
	seed  string
	count uint64
}

// roll returns a number from 0 to n−1.
func (d *dice) roll(n int) int {
	d.count++
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(d.seed), d.count))
	return int(new(big.Int).Mod(new(big.Int).SetBytes(sum[:]), big.NewInt(int64(n))).Int64())
}

// pick returns one of the names.
func (d *dice) pick(names []string) string { return names[d.roll(len(names))] }

package second

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big" //nolint:depguard // it shares no code with the program, its amounts neither
	"slices"
)

// transaction is what a transaction of the Bitcoin family says.
type transaction struct {
	id     string
	values []uint64
	spends map[string]bool // TXID:INDEX
}

func twice(data []byte) []byte {
	once := sha256.Sum256(data)
	again := sha256.Sum256(once[:])
	return again[:]
}

// reversed writes a hash in the order in which people read it.
func reversed(hash []byte) string {
	h := slices.Clone(hash)
	slices.Reverse(h)
	return hex.EncodeToString(h)
}

// worked reports whether a header's hash meets the target that its bits state.
func worked(header []byte) bool {
	bits := binary.LittleEndian.Uint32(header[72:])
	target := new(big.Int).Lsh(big.NewInt(int64(bits&0x7fffff)), 8*uint(max(0, int(bits>>24)-3)))
	hash, ok := new(big.Int).SetString(reversed(twice(header[:80])), 16)
	return ok && hash.Cmp(target) <= 0
}

var errShort = errors.New("it is cut off")

// cursor reads bytes in order.
type cursor struct {
	data []byte
	at   int
	err  error
}

func (c *cursor) take(n uint64) []byte {
	if c.err != nil || n > uint64(len(c.data)-c.at) {
		c.err = errShort
		return make([]byte, min(n, 64))
	}
	part := c.data[c.at : c.at+int(n)]
	c.at += int(n)
	return part
}

// size reads a compact size.
func (c *cursor) size() uint64 {
	switch n := c.take(1)[0]; n {
	case 0xfd:
		return uint64(binary.LittleEndian.Uint16(c.take(2)))
	case 0xfe:
		return uint64(binary.LittleEndian.Uint32(c.take(4)))
	case 0xff:
		return binary.LittleEndian.Uint64(c.take(8))
	default:
		return uint64(n)
	}
}

// readTransaction reads consensus bytes, with or without witnesses. The id is the hash without them.
func readTransaction(raw []byte) (*transaction, error) {
	c := &cursor{data: raw}
	tx := &transaction{spends: map[string]bool{}}
	plain := slices.Clone(c.take(4))
	segwit := len(raw) > 6 && raw[4] == 0 && raw[5] == 1
	if segwit {
		c.take(2)
	}
	start := c.at
	inputs := c.size()
	for range min(inputs, uint64(len(raw))) {
		prev, index := c.take(32), c.take(4)
		tx.spends[fmt.Sprintf("%s:%d", reversed(prev), binary.LittleEndian.Uint32(index))] = true
		c.take(c.size())
		c.take(4)
	}
	for range min(c.size(), uint64(len(raw))) {
		tx.values = append(tx.values, binary.LittleEndian.Uint64(c.take(8)))
		c.take(c.size())
	}
	if c.err != nil {
		return nil, c.err
	}
	plain = append(plain, raw[start:c.at]...)
	for range inputs {
		for range segwitItems(c, segwit) {
			c.take(c.size())
		}
	}
	plain = append(plain, c.take(4)...)
	if c.err != nil || c.at != len(raw) {
		return nil, errors.Join(c.err, errors.New("something stands behind it, or it is cut off"))
	}
	tx.id = reversed(twice(plain))
	return tx, nil
}

// segwitItems reads how many items the next witness has.
func segwitItems(c *cursor, segwit bool) uint64 {
	if !segwit || c.err != nil {
		return 0
	}
	return min(c.size(), uint64(len(c.data)))
}

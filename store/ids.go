package store

import (
	"fmt"

	"github.com/dchest/siphash"

	"clew/chains"
)

// A place is where a transaction stands: chain number 7 bits | height 32 bits | ordinal in
// the block 24 bits. The ordinal counts outputs, so that a transaction's place is that of
// its first output. Comparing places of one chain is comparing chain order.
type place = int64

const (
	ordinalBits = 24
	heightBits  = 32
	maxOrdinal  = 1<<ordinalBits - 1
	maxHeight   = 1<<heightBits - 1
	maxChainNo  = 1<<7 - 1
)

// blockPlace returns the place of the first transaction of the block at height.
func blockPlace(chainNo, height int64) place {
	return chainNo<<(ordinalBits+heightBits) | height<<ordinalBits
}

// chainEnd returns the first place behind those of the chain: at the last chain number it
// is the largest place, which no transaction can have.
func chainEnd(chainNo int64) place {
	if chainNo == maxChainNo {
		return 1<<63 - 1
	}
	return (chainNo + 1) << (ordinalBits + heightBits)
}

// heightOf returns the height in p.
func heightOf(p place) int64 { return p >> ordinalBits & maxHeight }

// ordinals returns how many ordinals a transaction takes: one for each output, and one
// where it has none.
func ordinals(outputs int) int64 { return int64(max(1, outputs)) }

// checkHeight returns an error if a place cannot hold h.
func checkHeight(h int64) error {
	if h < 0 || h > maxHeight {
		return fmt.Errorf("height %d: want 0 to %d", h, int64(maxHeight))
	}
	return nil
}

// hasher makes the keys of postings. It is keyed with random bytes of the store, so that
// nobody can make keys collide on purpose; collisions by accident are harmless, since
// readers compare the bytes in tx.body.
type hasher struct {
	k0, k1 uint64
	drop   uint // bits dropped beyond the usual ones; tests provoke collisions with it
}

// of returns keyBits bits of SipHash-2-4.
func (h hasher) of(b []byte) int64 {
	return int64(siphash.Hash(h.k0, h.k1, b) >> (64 - keyBits + h.drop))
}

func (h hasher) txid(id *chains.TxID) int64 { return h.of(id[:]) }

func (h hasher) address(a chains.Address) int64 { return h.of([]byte(a)) }

// event returns the key of an event. Its text is longer than any address, and begins otherwise.
func (h hasher) event(protocol, key string) int64 {
	return h.of([]byte("event\x00" + protocol + "\x00" + key))
}

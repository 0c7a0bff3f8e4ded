package bitcoin

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/holiman/uint256"

	"clew/chains"
)

// HeaderBytes is the length of a block header.
//
//	version 4 | previous block 32 | Merkle root 32 | time 4 | bits 4 | nonce 4
const HeaderBytes = 80

// ErrNoWork means that a header's hash does not meet the target that its bits state.
var ErrNoWork = errors.New("no proof of work")

// Header is a block header.
type Header struct {
	Hash       chains.BlockHash // SHA-256 twice over the 80 bytes
	Prev       chains.BlockHash
	MerkleRoot chains.Hash
	Time       int64 // Unix seconds, as the miner says
	Version    int32
	Bits       uint32
	Nonce      uint32
}

// DecodeHeader reads the 80 bytes of a header.
func DecodeHeader(raw []byte) (Header, error) {
	if len(raw) != HeaderBytes {
		return Header{}, fmt.Errorf("%w: a header has %d bytes, not %d", ErrBadEncoding, HeaderBytes, len(raw))
	}
	return Header{
		Hash:       hashTwice(raw),
		Prev:       chains.Hash(raw[4:36]).Reversed(),
		MerkleRoot: chains.Hash(raw[36:68]).Reversed(),
		Time:       int64(binary.LittleEndian.Uint32(raw[68:])),
		Version:    int32(binary.LittleEndian.Uint32(raw)),
		Bits:       binary.LittleEndian.Uint32(raw[72:]),
		Nonce:      binary.LittleEndian.Uint32(raw[76:]),
	}, nil
}

// Encode returns the 80 bytes. Hash is not among them.
func (h Header) Encode() []byte {
	raw := make([]byte, 0, HeaderBytes)
	prev, root := h.Prev.Reversed(), h.MerkleRoot.Reversed()
	raw = binary.LittleEndian.AppendUint32(raw, uint32(h.Version))
	raw = append(append(raw, prev[:]...), root[:]...)
	raw = binary.LittleEndian.AppendUint32(raw, uint32(h.Time))
	raw = binary.LittleEndian.AppendUint32(raw, h.Bits)
	return binary.LittleEndian.AppendUint32(raw, h.Nonce)
}

// hashTwice returns SHA-256 of SHA-256, in display order.
func hashTwice(data []byte) chains.Hash {
	return chains.Hash(hashTwiceWire(data)).Reversed()
}

// hashTwiceWire returns SHA-256 of SHA-256, in the order of the wire.
func hashTwiceWire(data []byte) [32]byte {
	once := sha256.Sum256(data)
	return sha256.Sum256(once[:])
}

// CheckWork returns nil if the header's hash meets the target that its own bits state,
// else an error that wraps ErrNoWork. Whether those bits are the ones that the chain's rule
// calls for is not asked; a caller who has the headers before it can.
func CheckWork(header []byte) error {
	h, err := DecodeHeader(header)
	if err != nil {
		return err
	}
	target, ok := target(h.Bits)
	if !ok {
		return fmt.Errorf("block %s: bits %08x state no target: %w", h.Hash, h.Bits, ErrNoWork)
	}
	// In display order a hash is a big-endian number.
	if new(uint256.Int).SetBytes(h.Hash[:]).Gt(target) {
		return fmt.Errorf("block %s: above the target of bits %08x: %w", h.Hash, h.Bits, ErrNoWork)
	}
	return nil
}

// target expands bits, a floating point number in base 256: exponent 1 byte, sign 1 bit,
// mantissa 23 bits. A negative or zero target, or one above 2²⁵⁶, is none.
func target(bits uint32) (*uint256.Int, bool) {
	exponent, mantissa := bits>>24, uint64(bits&0x7fffff)
	if bits&0x800000 != 0 || mantissa == 0 {
		return nil, false
	}
	t := uint256.NewInt(mantissa)
	if exponent <= 3 {
		t.Rsh(t, uint(8*(3-exponent)))
		return t, !t.IsZero()
	}
	shift := uint(8 * (exponent - 3))
	if uint(t.BitLen())+shift > 256 {
		return nil, false
	}
	return t.Lsh(t, shift), true
}

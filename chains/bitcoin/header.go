package bitcoin

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"clew/chains"
)

// HeaderBytes is the length of a block header, and of the part of it that its hash covers.
// On Dogecoin a proof of merged mining may follow (auxpow.go).
//
//	version 4 | previous block 32 | Merkle root 32 | time 4 | bits 4 | nonce 4
const HeaderBytes = 80

// Header is a block header.
type Header struct {
	Hash       chains.BlockHash // SHA-256 twice over the 80 bytes, on every chain of the family
	Prev       chains.BlockHash
	MerkleRoot chains.Hash
	Time       int64 // Unix seconds, as the miner says
	Version    int32
	Bits       uint32
	Nonce      uint32
}

// DecodeHeader reads a header of chain: 80 bytes, and on Dogecoin the proof of merged mining
// behind them where it is given.
func DecodeHeader(chain chains.Chain, raw []byte) (Header, error) {
	net, err := networkOf(chain)
	if err != nil {
		return Header{}, err
	}
	if len(raw) == HeaderBytes { // also of a merged one that comes without its proof
		return decodeHeader(raw), nil
	}
	r := reader{data: raw}
	if r.header(net); r.end() != nil {
		return Header{}, fmt.Errorf("header of %d bytes: %w", len(raw), r.err)
	}
	return decodeHeader(raw), nil
}

// header takes the bytes of a header, with a proof of merged mining where it has one.
func (r *reader) header(net *network) []byte {
	start := r.pos
	first := r.take(HeaderBytes)
	if r.err != nil {
		return nil
	}
	if net.work == workMerged && isMerged(first) {
		r.auxPow()
	}
	if r.err != nil {
		return nil
	}
	return r.data[start:r.pos:r.pos]
}

// decodeHeader reads the first 80 bytes of raw, which has them.
func decodeHeader(raw []byte) Header {
	raw = raw[:HeaderBytes]
	return Header{
		Hash:       hashTwice(raw),
		Prev:       chains.Hash(raw[4:36]).Reversed(),
		MerkleRoot: chains.Hash(raw[36:68]).Reversed(),
		Time:       int64(binary.LittleEndian.Uint32(raw[68:])),
		Version:    int32(binary.LittleEndian.Uint32(raw)),
		Bits:       binary.LittleEndian.Uint32(raw[72:]),
		Nonce:      binary.LittleEndian.Uint32(raw[76:]),
	}
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

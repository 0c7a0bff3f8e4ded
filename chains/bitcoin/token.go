package bitcoin

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"

	"clew/chains"
)

// opToken begins a token prefix.
const opToken = 0xef

// The bitfield of a token prefix. Its low half is the capability of the non-fungible token.
const (
	tokenAmount     = 0x10
	tokenNFT        = 0x20
	tokenCommitment = 0x40
	tokenReserved   = 0x80
	tokenCapability = 0x0f
)

// maxCommitment is the longest commitment of a non-fungible token: 40 bytes until May 2026,
// 128 since.
const maxCommitment = 128

// cutToken returns the locking bytecode of an output of Bitcoin Cash: what stands behind
// the token prefix (CHIP-2022-02), which is no part of the script although it is serialized
// in its place. A prefix that is malformed is none, and the script then never spendable.
//
//	ef | category 32 | bitfield 1 | [commitment: compact size 1 to 128, bytes] | [amount, compact size, 1 to 2⁶³−1]
//
// The bitfield: 80 reserved, 40 has a commitment, 20 has a non-fungible token, 10 has an
// amount; the low half is the capability, 0 to 2, and 0 without a non-fungible token.
func cutToken(script []byte) (rest []byte, token bool) {
	if len(script) == 0 || script[0] != opToken {
		return script, false
	}
	r := reader{data: script, pos: 1}
	r.take(32)
	bits := r.uint8()
	capability, nft := bits&tokenCapability, bits&tokenNFT != 0
	if bits&tokenReserved != 0 || bits&(tokenNFT|tokenAmount) == 0 || capability > 2 || !nft && (capability != 0 || bits&tokenCommitment != 0) {
		return script, false
	}
	if bits&tokenCommitment != 0 {
		n := r.compactSize()
		if n == 0 || n > maxCommitment {
			return script, false
		}
		r.take(n)
	}
	if bits&tokenAmount != 0 {
		if amount := r.compactSize(); amount == 0 || amount > 1<<63-1 {
			return script, false
		}
	}
	if r.err != nil {
		return script, false
	}
	return script[r.pos:], true
}

// verboseToken is a token as Bitcoin Cash Node tells it, beside a script without its prefix.
type verboseToken struct {
	Category string `json:"category"`
	Amount   string `json:"amount"`
	NFT      *struct {
		Capability string `json:"capability"`
		Commitment string `json:"commitment"`
	} `json:"nft"`
}

// prefix returns what stands in front of the script in the transaction that made the output.
func (v *verboseToken) prefix() ([]byte, error) {
	category, err := chains.ParseHash(v.Category)
	if err != nil {
		return nil, fmt.Errorf("category: %w", err)
	}
	wire := category.Reversed()
	const bits = 33 // the place of the bitfield
	prefix := append(append([]byte{opToken}, wire[:]...), 0)
	if v.NFT != nil {
		capability := slices.Index([]string{"none", "mutable", "minting"}, v.NFT.Capability)
		if capability < 0 {
			return nil, fmt.Errorf("capability %q", v.NFT.Capability)
		}
		prefix[bits] = tokenNFT | byte(capability)
		commitment, err := hex.DecodeString(v.NFT.Commitment)
		if err != nil {
			return nil, fmt.Errorf("commitment: %w", err)
		}
		if len(commitment) > 0 {
			prefix[bits] |= tokenCommitment
			prefix = append(appendCompactSize(prefix, uint64(len(commitment))), commitment...)
		}
	}
	amount, err := strconv.ParseUint(v.Amount, 10, 63)
	if err != nil {
		return nil, fmt.Errorf("amount: %w", err)
	}
	if amount > 0 {
		prefix[bits] |= tokenAmount
		prefix = appendCompactSize(prefix, amount)
	}
	return prefix, nil
}

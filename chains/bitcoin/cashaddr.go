package bitcoin

import (
	"fmt"
	"strings"

	"clew/chains"
)

// CashAddr, the address form of Bitcoin Cash: the network's prefix, a colon that may be left
// out with it, and in base 32
//
//	version 1: type 4 bits, size 3 bits | hash, padded to 5 bits with zeros | checksum 40 bits
//
// Source: the specification of CashAddr (reference.cash/protocol/blockchain/encoding/cashaddr).

// cashAlphabet is bech32's.
const cashAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

// Types of a version byte. The last two tell a wallet that the owner understands tokens; they
// stand for the same scripts.
const (
	cashP2PKH      = 0
	cashP2SH       = 1
	cashTokenP2PKH = 2
	cashTokenP2SH  = 3
)

// Sizes of a version byte, for hashes of 20 and of 32 bytes.
const (
	cashSize20 = 0
	cashSize32 = 3
)

// cashChecksum is the number of digits of the checksum.
const cashChecksum = 8

// shortestCash is the number of digits of an address with a hash of 20 bytes: more than
// base58 has.
const shortestCash = 34 + cashChecksum

// formatCash returns the address of a hash, with its prefix.
func formatCash(prefix string, kind byte, hash []byte) string {
	version := kind<<3 | cashSize20
	if len(hash) == 32 {
		version = kind<<3 | cashSize32
	}
	digits := toBase32(append([]byte{version}, hash...))
	sum := cashPolymod(prefix, append(digits, make([]byte, cashChecksum)...))
	for i := cashChecksum - 1; i >= 0; i-- {
		digits = append(digits, byte(sum>>(5*i))&31)
	}
	text := append([]byte(prefix), ':')
	for _, d := range digits {
		text = append(text, cashAlphabet[d])
	}
	return string(text)
}

// cashPrefix returns the prefix that text has in front of a colon, in lower case, "" if none.
func cashPrefix(text string) string {
	prefix, _, there := strings.Cut(text, ":")
	if !there {
		return ""
	}
	return strings.ToLower(prefix)
}

// parseCash reads an address of net, with or without prefix.
func parseCash(net *network, text string) (chains.Address, error) {
	if strings.ToLower(text) != text && strings.ToUpper(text) != text {
		return "", fmt.Errorf("%w: it mixes small letters and capitals", ErrBadAddress)
	}
	if prefix := cashPrefix(text); prefix != "" && prefix != net.cash {
		return "", wrongNetwork(net, func(n *network) bool { return n.cash == prefix })
	}
	text = strings.ToLower(text[strings.IndexByte(text, ':')+1:])
	digits := make([]byte, len(text))
	for i := range text {
		d := strings.IndexByte(cashAlphabet, text[i])
		if d < 0 {
			return "", fmt.Errorf("%w: CashAddr has no character %q", ErrBadAddress, text[i])
		}
		digits[i] = byte(d)
	}
	if cashPolymod(net.cash, digits) != 0 {
		others := func(n *network) bool { return n.cash != "" && cashPolymod(n.cash, digits) == 0 }
		for i := range networks {
			if others(&networks[i]) {
				return "", wrongNetwork(net, others)
			}
		}
		return "", fmt.Errorf("%w: the checksum is wrong; a character was changed", ErrBadAddress)
	}
	payload, ok := fromBase32(digits[:len(digits)-cashChecksum])
	if !ok || len(payload) == 0 {
		return "", fmt.Errorf("%w: its last digit holds bits that belong to nothing", ErrBadAddress)
	}
	return cashKey(payload[0], payload[1:])
}

// cashKey returns the key of a version byte and a hash.
func cashKey(version byte, hash []byte) (chains.Address, error) {
	sized := version&7 == cashSize20 && len(hash) == 20 || version&7 == cashSize32 && len(hash) == 32
	kind := byte(0)
	switch version >> 3 {
	case cashP2PKH, cashTokenP2PKH:
		kind = kindP2PKH
	case cashP2SH, cashTokenP2SH:
		if kind = kindP2SH; len(hash) == 32 {
			kind = kindP2SH32
		}
	}
	if !sized || kind == 0 || kind == kindP2PKH && len(hash) != 20 {
		return "", fmt.Errorf("%w: version %d with a hash of %d bytes is no address that is known", ErrBadAddress, version, len(hash))
	}
	return chains.Address(append([]byte{kind}, hash...)), nil
}

// cashPolymod returns the checksum of digits behind a prefix, of which the low five bits of
// each letter count; 0 where digits end in their checksum.
func cashPolymod(prefix string, digits []byte) uint64 {
	sum := uint64(1)
	add := func(d byte) {
		top := sum >> 35
		sum = sum&0x07ffffffff<<5 ^ uint64(d)
		for i, g := range [...]uint64{0x98f2bc8e61, 0x79b76d99e2, 0xf33e5fb3c4, 0xae2eabe2a8, 0x1e4f43e470} {
			if top>>i&1 == 1 {
				sum ^= g
			}
		}
	}
	for i := range prefix {
		add(prefix[i] & 31)
	}
	add(0)
	for _, d := range digits {
		add(d)
	}
	return sum ^ 1
}

// toBase32 returns data in digits of five bits, filled up with zeros.
func toBase32(data []byte) []byte {
	var digits []byte
	hold, bits := uint(0), 0
	for _, b := range data {
		hold, bits = hold<<8|uint(b), bits+8
		for ; bits >= 5; bits -= 5 {
			digits = append(digits, byte(hold>>(bits-5))&31)
		}
	}
	if bits > 0 {
		digits = append(digits, byte(hold<<(5-bits))&31)
	}
	return digits
}

// fromBase32 returns what toBase32 was given; false if the filling is not zeros, or longer
// than it has to be.
func fromBase32(digits []byte) ([]byte, bool) {
	var data []byte
	hold, bits := uint(0), 0
	for _, d := range digits {
		hold, bits = hold<<5|uint(d), bits+5
		if bits >= 8 {
			bits -= 8
			data = append(data, byte(hold>>bits))
		}
	}
	return data, bits < 5 && hold&(1<<bits-1) == 0
}

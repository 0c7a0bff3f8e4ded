package evm

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"
)

// hexReader turns the hex strings of a node's JSON into values and keeps the first error. Text
// that is not there ("" and null) reads as zero: nodes leave out what a type does not have.
type hexReader struct {
	err  error
	slab []byte // room for bytes: many small fields share one allocation
}

// hexSlab is how many bytes are allocated at once for short data.
const hexSlab = 16 << 10

func (h *hexReader) fail(what, text string) {
	if h.err == nil {
		if len(text) > 80 {
			text = text[:80] + "…"
		}
		h.err = fmt.Errorf("%w: %s %q", ErrBadEncoding, what, text)
	}
}

// digits returns what stands behind 0x.
func (h *hexReader) digits(what, text string) string {
	if text == "" {
		return ""
	}
	d, ok := strings.CutPrefix(text, "0x")
	if !ok {
		h.fail(what, text)
	}
	return d
}

func (h *hexReader) fixed(what, text string, into []byte) {
	d := h.digits(what, text)
	if text == "" || h.err != nil {
		return
	}
	if len(d) != 2*len(into) || !decodeHex(into, d) {
		h.fail(what, text)
	}
}

func (h *hexReader) hash(what, text string) (v common.Hash) {
	h.fixed(what, text, v[:])
	return v
}

func (h *hexReader) address(what, text string) (v common.Address) {
	h.fixed(what, text, v[:])
	return v
}

// maybe returns nil where there is no address.
func (h *hexReader) maybe(what, text string) *common.Address {
	if text == "" || text == "0x" {
		return nil
	}
	v := h.address(what, text)
	return &v
}

func (h *hexReader) uint64(what, text string) (v uint64) {
	d := strings.TrimLeft(h.digits(what, text), "0")
	if len(d) > 16 {
		h.fail(what, text)
	}
	if h.err != nil {
		return 0
	}
	for i := range len(d) {
		n := nibbles[d[i]]
		if n > 15 {
			h.fail(what, text)
			return 0
		}
		v = v<<4 | uint64(n)
	}
	return v
}

func (h *hexReader) uint256(what, text string) (v uint256.Int) {
	d := strings.TrimLeft(h.digits(what, text), "0")
	if len(d) > 64 {
		h.fail(what, text)
	}
	if h.err != nil {
		return v
	}
	for i := range len(d) {
		n, at := nibbles[d[len(d)-1-i]], i/16
		if n > 15 {
			h.fail(what, text)
			return uint256.Int{}
		}
		v[at] |= uint64(n) << (4 * (i % 16))
	}
	return v
}

// bytes returns nil for "" and "0x".
func (h *hexReader) bytes(what, text string) []byte {
	d := h.digits(what, text)
	n := len(d) / 2
	if n == 0 && len(d) == 0 || h.err != nil {
		return nil
	}
	if len(h.slab) < n {
		h.slab = make([]byte, max(n, hexSlab))
	}
	v := h.slab[:n:n]
	if len(d)%2 != 0 || !decodeHex(v, d) {
		h.fail(what, text)
		return nil
	}
	h.slab = h.slab[n:]
	return v
}

// nibbles is the value of each hex digit; 0xff for what is none.
var nibbles = func() (table [256]byte) {
	for i := range table {
		table[i] = 0xff
	}
	for i, c := range "0123456789abcdef" {
		table[c] = byte(i)
	}
	for i, c := range "ABCDEF" {
		table[c] = byte(10 + i)
	}
	return table
}()

// decodeHex fills into, which has half as many bytes as text characters.
func decodeHex(into []byte, text string) bool {
	var bad byte
	for i := range into {
		high, low := nibbles[text[2*i]], nibbles[text[2*i+1]]
		bad |= high | low
		into[i] = high<<4 | low&15
	}
	return bad < 16
}

// hexText returns 0x and the digits.
func hexText(b []byte) string { return "0x" + hex.EncodeToString(b) }

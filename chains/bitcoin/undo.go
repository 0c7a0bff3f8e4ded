package bitcoin

import (
	"fmt"
	"math/bits"

	"github.com/btcsuite/btcd/btcec/v2"

	"clew/chains"
)

// DecodeUndo reads the undo data of a block of chain as the node keeps it in rev*.dat, without the
// magic, size and checksum around it, and returns per transaction what EncodeSpent would
// have written, the coinbase included: the form that AttachSpent wants.
//
//	number of transactions but the coinbase, compact size; for each:
//	  number of inputs, compact size; for each:
//	    height·2 + coinbase of the output, varint; Litecoin marks a peg-out in its bit 31
//	    a varint to ignore, if that height is not 0
//	    amount, compressed, varint
//	    kind of script, varint | what the kind calls for
//
// On Litecoin what undoes the extension block may follow, which is skipped. A varint here is bitcoind's own: base 128, most significant digit first, each digit but
// the last with its high bit set and one less than its value. An error wraps
// ErrBadEncoding. Safe for concurrent use.
func DecodeUndo(chain chains.Chain, raw []byte) ([][]byte, error) {
	net, err := networkOf(chain)
	if err != nil {
		return nil, err
	}
	r := reader{data: raw}
	n := r.count("transactions", 1)
	spent := make([][]byte, 1, n+1)
	spent[0] = EncodeSpent(nil)
	for range n {
		outs := make([]SpentOutput, r.count("spent outputs", 3))
		for i := range outs {
			if height := r.varint() >> 1; height > 0 {
				r.varint()
			}
			outs[i].Value = r.compressedAmount()
			outs[i].Script = r.compressedScript()
			if r.err != nil {
				break
			}
		}
		if r.err != nil {
			break
		}
		spent = append(spent, EncodeSpent(outs))
	}
	if net.stealth != "" && r.left() > 0 {
		r.take(uint64(r.left()))
	}
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("undo data: %w", err)
	}
	return spent, nil
}

// varint reads bitcoind's own variable-length integer.
func (r *reader) varint() uint64 {
	var n uint64
	for {
		b := r.uint8()
		if r.err != nil {
			return 0
		}
		if n > 1<<57-1 {
			r.fail("a number of more than 64 bits")
			return 0
		}
		n = n<<7 | uint64(b&0x7f)
		if b&0x80 == 0 {
			return n
		}
		n++
	}
}

// compressedAmount reads an amount whose trailing decimal zeros were taken off: 0 for 0,
// else 1 + 10·(9·m + d − 1) + e for (10·m + d)·10ᵉ with a last digit d from 1 to 9 and
// e < 9, or 1 + 10·(m − 1) + 9 for m·10⁹.
func (r *reader) compressedAmount() uint64 {
	x := r.varint()
	if x == 0 {
		return 0
	}
	x--
	e := x % 10
	x /= 10
	var hi, n uint64
	if e < 9 {
		d := x%9 + 1
		hi, n = bits.Mul64(x/9, 10)
		var carry uint64
		n, carry = bits.Add64(n, d, 0)
		hi += carry
	} else {
		n = x + 1
	}
	for range e {
		var over uint64
		over, n = bits.Mul64(n, 10)
		hi |= over
	}
	if hi != 0 || n > 1<<63-1 {
		r.fail("an amount of more than 63 bits")
		return 0
	}
	return n
}

// maxScript is the length beyond which no output can be spent; bitcoind keeps none such.
const maxScript = 10_000

// compressedScript reads a script: 0 a P2PKH, 1 a P2SH, 2 and 3 a P2PK with a compressed
// key, 4 and 5 one with an uncompressed key of which only x is kept, 6 + n a script of n
// bytes as it is.
func (r *reader) compressedScript() []byte {
	kind := r.varint()
	switch kind {
	case 0:
		return join([]byte{opDup, opHash160, opPush20}, r.take(20), []byte{opEqualVerify, opCheckSig})
	case 1:
		return join([]byte{opHash160, opPush20}, r.take(20), []byte{opEqual})
	case 2, 3:
		return join([]byte{opPush33, byte(kind)}, r.take(32), []byte{opCheckSig})
	case 4, 5:
		x := r.take(32)
		if r.err != nil {
			return nil
		}
		key, err := btcec.ParsePubKey(join([]byte{byte(kind - 2)}, x, nil))
		if err != nil {
			r.fail("a compressed key that is no point: %v", err)
			return nil
		}
		return join([]byte{opPush65}, key.SerializeUncompressed(), []byte{opCheckSig})
	}
	if kind-6 > maxScript {
		r.fail("a spent script of %d bytes", kind-6)
		return nil
	}
	return r.take(kind - 6)
}

func join(a, b, c []byte) []byte {
	return append(append(append(make([]byte, 0, len(a)+len(b)+len(c)), a...), b...), c...)
}

package bitcoin

import (
	"errors"
	"fmt"
	"iter"

	"github.com/holiman/uint256"
	"golang.org/x/crypto/scrypt"

	"clew/chains"
)

// ErrNoWork means that a header's hash (its scrypt hash, that of its parent in merged mining:
// whatever the chain calls for) does not meet the target that its bits state, or that
// its chain allows no block with these bits.
var ErrNoWork = errors.New("no proof of work")

// retargetBlocks is the number of blocks between two changes of the target.
const retargetBlocks = 2016

// CheckWork returns nil if the header's hash meets the target that its own bits state, and
// that target is not easier than any block of chain may have; else an error that wraps
// ErrNoWork. Whether those bits are the ones that the chain's rule calls for at its height
// is not asked: see CheckChainWork.
func CheckWork(chain chains.Chain, header []byte) error {
	net, err := networkOf(chain)
	if err != nil {
		return err
	}
	_, err = net.checkWork(header)
	return err
}

// CheckChainWork is CheckWork of headers of one chain, each with its height, in ascending
// order. On chains without exceptions from the rule the bits must also be the same
// throughout each period of 2016 blocks, as far as its headers are given, and the target no
// more than four times easier than in the period before. That the bits of a period follow
// from the times in the one before is not checked. Unknown chains are
// chains.ErrUnknownChain, any other error wraps ErrNoWork or ErrBadEncoding.
func CheckChainWork(chain chains.Chain, headers iter.Seq2[int64, []byte]) error {
	net, err := networkOf(chain)
	if err != nil {
		return err
	}
	period, bits := int64(-1), uint32(0)
	for height, raw := range headers {
		h, err := net.checkWork(raw)
		if err != nil {
			return fmt.Errorf("height %d: %w", height, err)
		}
		p := height / retargetBlocks
		if net.fixedBits && period >= 0 && !follows(bits, h.Bits, p-period) {
			return fmt.Errorf("height %d: bits %08x %d periods of %d blocks behind bits %08x: %w",
				height, h.Bits, p-period, retargetBlocks, bits, ErrNoWork)
		}
		period, bits = p, h.Bits
	}
	return nil
}

// follows reports whether blocks can have bits that many periods behind blocks with before.
func follows(before, bits uint32, periods int64) bool {
	if periods == 0 {
		return bits == before
	}
	then, ok := target(before)
	now, okNow := target(bits)
	if !ok || !okNow {
		return false
	}
	// Each period makes the target four times easier at most.
	if int64(then.BitLen())+2*periods > 256 {
		return true
	}
	return !now.Gt(then.Lsh(then, uint(2*periods)))
}

// checkWork checks one header and returns what it says.
func (net *network) checkWork(header []byte) (Header, error) {
	h, err := DecodeHeader(net.chain, header)
	if err != nil {
		return h, err
	}
	worked, err := net.workHash(header)
	if err != nil {
		return h, fmt.Errorf("block %s: %w", h.Hash, err)
	}
	stated, ok := target(h.Bits)
	if !ok {
		return h, fmt.Errorf("block %s: bits %08x state no target: %w", h.Hash, h.Bits, ErrNoWork)
	}
	if easiest, ok := target(net.powLimit); !ok || stated.Gt(easiest) {
		return h, fmt.Errorf("block %s: bits %08x are easier than %s allows (%08x): %w", h.Hash, h.Bits, net.chain, net.powLimit, ErrNoWork)
	}
	// In display order a hash is a big-endian number.
	if new(uint256.Int).SetBytes(worked[:]).Gt(stated) {
		return h, fmt.Errorf("block %s: above the target of bits %08x: %w", h.Hash, h.Bits, ErrNoWork)
	}
	return h, nil
}

// workHash returns the hash that has to meet the target, in display order.
func (net *network) workHash(header []byte) (chains.Hash, error) {
	first := header[:HeaderBytes]
	if net.work == workSHA256 {
		return hashTwice(first), nil
	}
	if net.work == workMerged && isMerged(first) {
		r := reader{data: header, pos: HeaderBytes}
		a := r.auxPow()
		if err := r.end(); err != nil {
			return chains.Hash{}, fmt.Errorf("the proof of merged mining behind the header: %w: %w", err, ErrNoWork)
		}
		if err := net.checkMerged(first, &a); err != nil {
			return chains.Hash{}, err
		}
		first = a.parent
	}
	sum, err := scrypt.Key(first, first, 1024, 1, 1, 32)
	if err != nil {
		return chains.Hash{}, fmt.Errorf("scrypt of a header: %w", err)
	}
	return chains.Hash(sum).Reversed(), nil
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

package bitcoin

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/btcsuite/btcd/address/v2"

	"clew/chains"
)

// opened is chains.ErrBadAnswer if an input of tx, whose spent outputs are known, cannot open
// the script that it is said to spend, as far as the script is the hash of something that the
// input shows: a public key or a script, its last push or the last item of its witness.
// Inputs that show nothing (bare scripts, P2TR, and witness programs from before their rules)
// open any.
func opened(tx *chains.Tx) error {
	if tx.Coinbase {
		return nil
	}
	shown, err := readShown(tx.Raw, len(tx.Inputs))
	if err != nil {
		return fmt.Errorf("transaction %s: %w", tx.ID, err)
	}
	for i := range tx.Inputs {
		if lock := tx.Inputs[i].Spent.Address; lock != "" && !shown[i].opens(lock[0], []byte(lock[1:])) {
			return fmt.Errorf("transaction %s, input %d does not open the output that it is said to spend: %w", tx.ID, i, chains.ErrBadAnswer)
		}
	}
	return nil
}

// shown is what an input shows.
type shown struct {
	script []byte
	items  int    // of the witness
	last   []byte // of these
}

// readShown reads what n inputs of a transaction show, whose bytes were decoded before.
func readShown(raw []byte, n int) ([]shown, error) {
	r := reader{data: raw, pos: 4}
	flags := byte(0)
	if r.left() > 2 && raw[4] == 0 { // else it is the number of inputs
		flags = raw[5]
		r.take(2)
	}
	r.compactSize()
	all := make([]shown, n)
	for i := range all {
		r.take(36)
		all[i].script = r.take(r.compactSize())
		r.take(4)
	}
	for range r.count("outputs", leastOutput) {
		r.take(8)
		r.take(r.compactSize())
	}
	for i := range all {
		if flags&flagWitness == 0 {
			break
		}
		all[i].items = r.count("witness items", 1)
		for range all[i].items {
			all[i].last = r.take(r.compactSize())
		}
	}
	return all, r.err
}

// opens reports whether the input can open an output whose address key has that kind and
// payload.
func (s *shown) opens(kind byte, payload []byte) bool {
	switch kind {
	case kindP2PKH, kindP2SH, kindP2SH32:
		top, plain := lastPush(s.script)
		return !plain || bytes.Equal(digest(kind, top), payload)
	case kindP2WPKH:
		return s.items == 0 || s.items == 2 && bytes.Equal(digest(kind, s.last), payload)
	case kindP2WSH:
		return s.items == 0 || bytes.Equal(digest(kind, s.last), payload)
	}
	return true
}

// digest returns the hash of what opens a script of that kind.
func digest(kind byte, what []byte) []byte {
	switch kind {
	case kindP2WSH:
		sum := sha256.Sum256(what)
		return sum[:]
	case kindP2SH32:
		sum := hashTwiceWire(what)
		return sum[:]
	}
	return address.Hash160(what)
}

// lastPush returns what the last push of a script leaves on the stack. plain is false if there
// is anything else in the script: then what it leaves is for an interpreter to say.
func lastPush(script []byte) (top []byte, plain bool) {
	const pushData1, pushData4, op1Negate, reserved = 0x4c, 0x4e, 0x4f, 0x50
	r := reader{data: script}
	for r.left() > 0 {
		switch op := r.uint8(); {
		case op < pushData1:
			top = r.take(uint64(op))
		case op <= pushData4:
			var size [8]byte
			copy(size[:], r.take(1<<(op-pushData1)))
			top = r.take(binary.LittleEndian.Uint64(size[:]))
		case op == op1Negate:
			top = []byte{0x81}
		case op >= op1 && op <= op16:
			top = []byte{op - op1 + 1}
		default:
			return nil, false
		}
	}
	return top, r.err == nil
}

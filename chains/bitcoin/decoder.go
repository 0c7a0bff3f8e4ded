package bitcoin

import (
	"encoding/binary"
	"fmt"

	"clew/chains"
)

// decoder reads transactions one after the other. The inputs, outputs and address keys of
// all of them share a few large allocations; finish hands out the keys.
type decoder struct {
	reader
	net      *network
	slab     int             // how many inputs or outputs are allocated at once, at least
	inputs   []chains.Input  // room for inputs not handed out yet
	outputs  []chains.Output // the same for outputs
	keys     []byte          // address keys of all outputs so far, one after the other
	ends     []int           // where each ends in keys
	wraps    []wrap          // inputs whose scripts showed what they wrap
	wrapKeys []byte          // the address keys of that, one after the other
	stripped []byte          // the transaction at hand without its witness
	bare     int             // how many bytes that has
	hogEx    bool            // whether it is the one that stands for the extension block
}

// blockSlab is the slab for a block: a third of the outputs of a small one.
const blockSlab = 1024

// usualBytes is about how many bytes of a block there are for each input, and for each output:
// the slabs of a small block are not larger than what is left of it needs.
const usualBytes = 150

// The least sizes in bytes: outpoint 36, empty script 1, sequence 4; value 8, empty script
// 1; version 4, two counts, an input, an output, locktime 4.
const (
	leastInput  = 41
	leastOutput = 9
	leastTx     = 10 + leastInput + leastOutput
)

// tx reads one transaction. Its outputs have no addresses until finish.
//
//	version 4 | [marker 00, flags 1] | inputs | outputs | [witness of each input] | [extension 00] | locktime 4
//
// Flag 01 says that witnesses stand there, flag 08 that the extension does. The txid is that
// of the bytes without any of the three.
func (d *decoder) tx() chains.Tx {
	start := d.pos
	tx := chains.Tx{Version: int32(d.uint32()), Evidence: chains.EvidenceProven}
	flags := d.flags()
	body := d.pos
	inputs := d.readInputs(&tx)
	d.readOutputs(&tx)
	bodyEnd := d.pos
	if flags&flagWitness != 0 {
		d.readWitnesses(&tx, inputs)
	}
	if d.hogEx = flags&flagExtension != 0; d.hogEx && d.uint8() != 0 {
		d.fail("a transaction inside the extension block, which no block has")
	}
	tx.LockTime = d.uint32()
	if d.err != nil {
		return chains.Tx{}
	}
	tx.Raw = d.data[start:d.pos:d.pos]
	if flags == 0 {
		tx.ID, d.bare = hashTwice(tx.Raw), len(tx.Raw)
		return tx
	}
	d.stripped = append(d.stripped[:0], tx.Raw[:4]...)
	d.stripped = append(d.stripped, d.data[body:bodyEnd]...)
	d.stripped = binary.LittleEndian.AppendUint32(d.stripped, tx.LockTime)
	tx.ID, d.bare = hashTwice(d.stripped), len(d.stripped)
	return tx
}

// Flags behind the marker of BIP144.
const (
	flagWitness   = 1 << 0
	flagExtension = 1 << 3 // Litecoin's LIP4
)

// flags reads marker and flags of BIP144 where they are, 0 where they are not. Without them
// the byte is the number of inputs, which is never 0.
func (d *decoder) flags() byte {
	if d.left() < 2 || d.data[d.pos] != 0 {
		return 0
	}
	var known byte
	if d.net.hrp != "" {
		known |= flagWitness
	}
	if d.net.stealth != "" {
		known |= flagExtension
	}
	flags := d.data[d.pos+1]
	if flags == 0 || flags&^known != 0 {
		d.fail("no inputs, or unknown transaction flags %02x", flags)
		return 0
	}
	d.pos += 2
	return flags
}

// skipExtension skips the extension block behind the last transaction: 00
// if there is none, else 01 and bytes up to the end. What they say is not read.
func (d *decoder) skipExtension() {
	switch there := d.uint8(); {
	case there > 1:
		d.fail("%02x where the extension block begins", there)
	case there == 1 && d.left() == 0:
		d.fail("an extension block without bytes")
	case there == 1:
		d.take(uint64(d.left()))
	}
}

// readInputs reads the inputs and returns their number, 1 for a coinbase, whose tx.Inputs
// stay empty.
func (d *decoder) readInputs(tx *chains.Tx) int {
	n := d.count("inputs", leastInput)
	if n == 0 {
		d.fail("a transaction without inputs")
		return 0
	}
	if len(d.inputs) < n {
		d.inputs = make([]chains.Input, max(n, min(d.slab, d.left()/usualBytes)))
	}
	for i := range n {
		in := &d.inputs[i]
		prev := d.take(36)
		script := d.take(d.compactSize())
		in.Sequence = d.uint32()
		if d.err != nil {
			return 0
		}
		in.Prev = chains.OutPoint{Tx: chains.Hash(prev[:32]).Reversed(), Index: binary.LittleEndian.Uint32(prev[32:])}
		if in.Prev.Index == 1<<32-1 && in.Prev.Tx == (chains.TxID{}) {
			if n > 1 {
				d.fail("input %d of %d spends nothing", i, n)
				return 0
			}
			tx.Coinbase = true
			d.inputs[i] = chains.Input{}
			return 1
		}
		d.readScript(in, script)
	}
	tx.Inputs, d.inputs = d.inputs[:n:n], d.inputs[n:]
	return n
}

func (d *decoder) readOutputs(tx *chains.Tx) {
	n := d.count("outputs", leastOutput)
	if n == 0 {
		d.fail("a transaction without outputs")
		return
	}
	if len(d.outputs) < n {
		d.outputs = make([]chains.Output, max(n, min(d.slab, d.left()/usualBytes)))
	}
	for i := range n {
		out := &d.outputs[i]
		out.Value = d.value()
		script := d.take(d.compactSize())
		if d.err != nil {
			return
		}
		d.keys = d.net.appendOutput(d.keys, script, out)
		d.ends = append(d.ends, len(d.keys))
	}
	tx.Outputs, d.outputs = d.outputs[:n:n], d.outputs[n:]
}

// value reads an amount in whole units. It is signed on the wire; a negative one is never
// valid.
func (r *reader) value() uint64 {
	v := r.uint64()
	if v > 1<<63-1 {
		r.fail("a negative amount")
		return 0
	}
	return v
}

// readWitnesses reads the witness of each input; a coinbase has one that belongs to none.
func (d *decoder) readWitnesses(tx *chains.Tx, inputs int) {
	some := false
	for i := range inputs {
		var in *chains.Input
		if !tx.Coinbase && d.err == nil {
			in = &tx.Inputs[i]
		}
		some = d.readWitness(in) > 0 || some
	}
	if !some {
		d.fail("marked as having a witness, but has none")
	}
}

// finish gives every output of txs, which are all that d read, its address, and every input
// what it wraps.
func (d *decoder) finish(txs []chains.Tx) {
	keys, start, next := string(d.keys), 0, 0
	for i := range txs {
		outs := txs[i].Outputs
		for j := range outs {
			outs[j].Address = chains.Address(keys[start:d.ends[next]])
			start = d.ends[next]
			next++
		}
	}
	d.finishWraps()
}

// DecodeTx reads a transaction of chain in consensus bytes, with or without its witness, and computes
// its txid. Nothing may follow it. The values of what it spends are not in it: its inputs
// come back with Known false, and Block and Index are not set. Raw is raw itself.
//
// It refuses a transaction that has 64 bytes without its witness. Its txid cannot be told
// from a node of a Merkle tree, the hash of two hashes, so that a branch would prove bytes of
// that length which nobody mined (CVE-2017-12842). Nodes do not relay such transactions; the
// few that were mined anyway are read with their block, by DecodeBlock.
//
// An error wraps ErrBadEncoding. Safe for concurrent use.
func DecodeTx(chain chains.Chain, raw []byte) (chains.Tx, error) {
	net, err := networkOf(chain)
	if err != nil {
		return chains.Tx{}, err
	}
	d := decoder{net: net, reader: reader{data: raw}}
	txs := []chains.Tx{d.tx()}
	if err := d.end(); err != nil {
		return chains.Tx{}, err
	}
	if d.bare == 2*len(chains.Hash{}) {
		return chains.Tx{}, fmt.Errorf("%w: a transaction of %d bytes without witness, which could be a node of a Merkle tree", ErrBadEncoding, d.bare)
	}
	d.finish(txs)
	return txs[0], nil
}

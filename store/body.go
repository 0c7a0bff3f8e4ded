package store

import (
	"encoding/binary"
	"fmt"

	"clew/chains"
)

// A body holds all of a transaction but its block and its raw bytes:
//
//	txid 32 | flags 1 | index uvarint | [version uvarint] | [locktime uvarint]
//	  | inputs uvarint | input… | outputs uvarint | output…, or an execution: see execbody.go
//	input:  prev txid 32 | prev index uvarint | flags 1 | [sequence uvarint] | [output]
//	        | [form 1] | [M 1 | N 1] | [length uvarint | wrapped address]
//	output: value uvarint | script type 1, 80 with a token, 40 with data | [data 1] | length uvarint | address
//
// Previous txids and spent outputs are kept whole, so that one read gives all that a tracer
// asks of a transaction. An input whose script and witness were not read has no form: all of
// those that older versions wrote.
const (
	bodyCoinbase   = 1 << 0
	bodyEvidence   = 1<<1 | 1<<2 // chains.Evidence, shifted by 1
	bodyVersion2   = 1 << 3      // version 2; without it and without the next: version 1
	bodyVersion    = 1 << 4      // version follows, as the 32 bits that it is
	bodyLockTime   = 1 << 5      // lock time follows; without it: 0
	bodyExec       = 1 << 6      // an execution follows the index, and nothing else
	bodyKnownFlags = 1<<7 - 1

	inputSequence   = 1<<0 | 1<<1 // 0 ffffffff, 1 fffffffe, 2 fffffffd, 3 follows
	inputKnown      = 1 << 2      // the spent output follows
	inputSigned     = 1 << 3      // the chains.SignedForm follows
	inputMultisig   = 1 << 4      // M and N of a multisig script follow
	inputWraps      = 1 << 5      // what the script wraps follows
	inputKnownFlags = 1<<6 - 1

	outputToken = 1 << 7 // a token lies in the output too
	outputData  = 1 << 6 // the length of a data output's only push follows the form, 1 byte
)

// appendBody appends the body of t to b.
func appendBody(b []byte, t *chains.Tx) []byte {
	b = append(b, t.ID[:]...)
	flags := byte(t.Evidence) << 1 & bodyEvidence
	if t.Coinbase {
		flags |= bodyCoinbase
	}
	if t.Exec != nil {
		b = append(b, flags|bodyExec)
		return appendExec(binary.AppendUvarint(b, uint64(t.Index)), t.Exec)
	}
	switch t.Version {
	case 1:
	case 2:
		flags |= bodyVersion2
	default:
		flags |= bodyVersion
	}
	if t.LockTime != 0 {
		flags |= bodyLockTime
	}
	b = append(b, flags)
	b = binary.AppendUvarint(b, uint64(t.Index))
	if flags&bodyVersion != 0 {
		b = binary.AppendUvarint(b, uint64(uint32(t.Version)))
	}
	if flags&bodyLockTime != 0 {
		b = binary.AppendUvarint(b, uint64(t.LockTime))
	}
	b = binary.AppendUvarint(b, uint64(len(t.Inputs)))
	for i := range t.Inputs {
		b = appendInput(b, &t.Inputs[i])
	}
	b = binary.AppendUvarint(b, uint64(len(t.Outputs)))
	for i := range t.Outputs {
		b = appendOutput(b, &t.Outputs[i])
	}
	return b
}

func appendInput(b []byte, in *chains.Input) []byte {
	b = append(b, in.Prev.Tx[:]...)
	b = binary.AppendUvarint(b, uint64(in.Prev.Index))
	code := byte(min(^in.Sequence, 3))
	flags := code
	if in.Known {
		flags |= inputKnown
	}
	if in.Signed.Form != 0 {
		flags |= inputSigned
	}
	if in.Signed.N != 0 {
		flags |= inputMultisig
	}
	if in.Signed.Wraps != "" {
		flags |= inputWraps
	}
	b = append(b, flags)
	if code == 3 {
		b = binary.AppendUvarint(b, uint64(in.Sequence))
	}
	if in.Known {
		b = appendOutput(b, &in.Spent)
	}
	return appendSigned(b, &in.Signed)
}

// appendSigned appends what s has, of which the input's flags tell.
func appendSigned(b []byte, s *chains.Signed) []byte {
	if s.Form != 0 {
		b = append(b, byte(s.Form))
	}
	if s.N != 0 {
		b = append(b, s.M, s.N)
	}
	if s.Wraps != "" {
		b = binary.AppendUvarint(b, uint64(len(s.Wraps)))
		b = append(b, s.Wraps...)
	}
	return b
}

func appendOutput(b []byte, out *chains.Output) []byte {
	b = binary.AppendUvarint(b, out.Value)
	form := byte(out.Type)
	if out.Token {
		form |= outputToken
	}
	if out.Data != 0 {
		form |= outputData
	}
	b = append(b, form)
	if out.Data != 0 {
		b = append(b, out.Data)
	}
	b = binary.AppendUvarint(b, uint64(len(out.Address)))
	return append(b, out.Address...)
}

// decodeBody reads a body into t, all but t.Block. Addresses share the memory of body. The
// error is ErrDamaged.
func decodeBody(body string, t *chains.Tx) error {
	d := bodyReader{rest: body}
	d.hash(&t.ID)
	flags := d.byte()
	t.Coinbase = flags&bodyCoinbase != 0
	t.Evidence = chains.Evidence(flags & bodyEvidence >> 1)
	t.Index = int(d.uvarint())
	if flags&bodyExec != 0 {
		t.Exec = d.exec()
		return d.end(body, flags, bodyCoinbase|bodyEvidence|bodyExec, t)
	}
	t.Version = 1
	if flags&bodyVersion2 != 0 {
		t.Version = 2
	}
	if flags&bodyVersion != 0 {
		t.Version = int32(uint32(d.uvarint()))
	}
	t.LockTime = 0
	if flags&bodyLockTime != 0 {
		t.LockTime = uint32(d.uvarint())
	}
	t.Inputs = nil
	if n := d.count(34); n > 0 {
		t.Inputs = make([]chains.Input, n)
	}
	for i := range t.Inputs {
		d.input(&t.Inputs[i])
	}
	t.Outputs = nil
	if n := d.count(3); n > 0 {
		t.Outputs = make([]chains.Output, n)
	}
	for i := range t.Outputs {
		d.output(&t.Outputs[i])
	}
	return d.end(body, flags, bodyKnownFlags, t)
}

// end is ErrDamaged unless the body was read whole and its flags are among those known.
func (d *bodyReader) end(body string, flags, known byte, t *chains.Tx) error {
	if d.bad || len(d.rest) != 0 || flags&^known != 0 {
		return damaged("body of %d bytes, transaction %s", len(body), t.ID)
	}
	return nil
}

// madeOutputs keeps the outputs of transactions that were decoded lately, for the inputs
// that spend several of one transaction.
type madeOutputs map[chains.TxID][]chains.Output

const madeKept = 64

// keep decodes body, whose txid is id.
func (m madeOutputs) keep(id chains.TxID, body []byte) error {
	var t chains.Tx
	if err := decodeBody(string(body), &t); err != nil {
		return err
	}
	if len(m) >= madeKept {
		clear(m)
	}
	m[id] = t.Outputs
	return nil
}

// output returns o, whose transaction is kept. The error is chains.ErrBadAnswer where the
// transaction has no such output.
func (m madeOutputs) output(o chains.OutPoint) (chains.Output, error) {
	outs := m[o.Tx]
	if int64(o.Index) >= int64(len(outs)) {
		return chains.Output{}, fmt.Errorf("output %d of %s, which has %d: %w", o.Index, o.Tx, len(outs), chains.ErrBadAnswer)
	}
	return outs[o.Index], nil
}

// bodyReader reads from the front of rest. After the first value that is not there, bad is
// set and every value is zero.
type bodyReader struct {
	rest string
	bad  bool
}

func (d *bodyReader) take(n int) string {
	if n < 0 || n > len(d.rest) {
		d.bad, d.rest = true, ""
		return ""
	}
	s := d.rest[:n]
	d.rest = d.rest[n:]
	return s
}

func (d *bodyReader) byte() byte {
	if s := d.take(1); s != "" {
		return s[0]
	}
	return 0
}

func (d *bodyReader) hash(h *chains.Hash) { copy(h[:], d.take(len(h))) }

func (d *bodyReader) uvarint() uint64 {
	var v uint64
	for shift := uint(0); shift < 64; shift += 7 {
		if len(d.rest) == 0 {
			break
		}
		c := d.rest[0]
		d.rest = d.rest[1:]
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	d.bad, d.rest = true, ""
	return 0
}

// count reads a number of items that take at least size bytes each.
func (d *bodyReader) count(size int) int {
	n := d.uvarint()
	if n > uint64(len(d.rest)/size) {
		d.bad, d.rest = true, ""
		return 0
	}
	return int(n)
}

func (d *bodyReader) input(in *chains.Input) {
	d.hash(&in.Prev.Tx)
	in.Prev.Index = uint32(d.uvarint())
	flags := d.byte()
	if code := uint32(flags & inputSequence); code < 3 {
		in.Sequence = ^code
	} else {
		in.Sequence = uint32(d.uvarint())
	}
	if flags&^byte(inputKnownFlags) != 0 {
		d.bad, d.rest = true, ""
	}
	if in.Known = flags&inputKnown != 0; in.Known {
		d.output(&in.Spent)
	}
	if flags&inputSigned != 0 {
		in.Signed.Form = chains.SignedForm(d.byte())
	}
	if flags&inputMultisig != 0 {
		in.Signed.M, in.Signed.N = d.byte(), d.byte()
	}
	if flags&inputWraps != 0 {
		in.Signed.Wraps = d.address()
	}
}

func (d *bodyReader) output(out *chains.Output) {
	out.Value = d.uvarint()
	form := d.byte()
	out.Type, out.Token = chains.ScriptType(form&^(outputToken|outputData)), form&outputToken != 0
	if out.Data = 0; form&outputData != 0 {
		if out.Data = d.byte(); out.Data == 0 {
			d.bad, d.rest = true, "" // it is left out then
		}
	}
	out.Address = d.address()
}

func (d *bodyReader) address() chains.Address {
	return chains.Address(d.take(int(min(d.uvarint(), 1<<31-1))))
}

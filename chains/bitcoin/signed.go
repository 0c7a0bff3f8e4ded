package bitcoin

import (
	"encoding/binary"

	"clew/chains"
)

// This file reads what scripts and witnesses show of the wallet that signed (chains.Signed), while
// the decoder passes them. Nothing is verified: a node does that, and of what it refused no
// block comes here. What the form of the spent output is, the transaction does not say; so
// pushes are known by their own form, and whoever uses Wraps looks at the spent output too.
//
// A witness is in no txid, so that what it shows is the word of whoever gave the bytes.

// wrap is an input whose script showed what it wraps; its address lies in decoder.wrapKeys, up to end.
type wrap struct {
	in  *chains.Input
	end int
}

// readScript reads the script of an input into in.Signed: its pushes, the last of which may be
// a script that the spent output is the hash of.
func (d *decoder) readScript(in *chains.Input, script []byte) {
	in.Signed = chains.Signed{Form: chains.SignedRead}
	pushes := 0
	var last []byte
	for len(script) > 0 {
		item, rest, ok := nextPush(script)
		if !ok {
			return // it does more than push: no script that any wallet of today writes
		}
		if pushes > 0 {
			d.showItem(in, last, false)
		}
		last, script = item, rest
		pushes++
	}
	if pushes == 0 {
		return
	}
	if !d.showItem(in, last, pushes == 1) {
		d.showScript(in, last, pushes == 1)
	}
}

// nextPush reads one push off the front of script. Numbers that have opcodes of their own are
// pushes of nothing here: no signature, key or script is so short.
func nextPush(script []byte) (item, rest []byte, ok bool) {
	op, size, head := script[0], 0, 1
	switch {
	case op < opPushData1:
		size = int(op)
	case op == opPushData1 && len(script) >= 2:
		size, head = int(script[1]), 2
	case op == opPushData2 && len(script) >= 3:
		size, head = int(binary.LittleEndian.Uint16(script[1:])), 3
	case op == opPushData4 && len(script) >= 5:
		size, head = int(min(binary.LittleEndian.Uint32(script[1:]), 1<<30)), 5
	case op == op1Negate, op >= op1 && op <= op16:
	default:
		return nil, nil, false
	}
	if size > len(script)-head {
		return nil, nil, false
	}
	return script[head : head+size], script[head+size:], true
}

// readWitness reads the witness of an input into in.Signed, and returns its number of items. in
// is nil for a coinbase.
func (d *decoder) readWitness(in *chains.Input) int {
	items := d.count("witness items", 1)
	var last, before []byte
	var schnorr chains.SignedForm // what the items show if they are of a taproot script
	for i := range items {
		item := d.take(d.compactSize())
		if in == nil || i == items-1 && i > 0 && isAnnex(item) {
			continue
		}
		if i > 0 {
			d.showItem(in, last, false)
			schnorr |= schnorrForm(last)
		}
		before, last = last, item
	}
	switch {
	case in == nil || items == 0 || d.err != nil:
	case before == nil: // one item, the annex aside
		in.Signed.Form |= schnorrForm(last)
	case isControlBlock(last):
		in.Signed.Form |= schnorr | chains.SignedScriptPath
	case !d.showItem(in, last, false):
		d.showScript(in, last, false)
	}
	return items
}

// isAnnex reports whether the last item of a witness of several is the annex (BIP341). A script
// of witness version 0 cannot begin so: its first opcode is reserved and fails.
func isAnnex(item []byte) bool { return len(item) > 0 && item[0] == annexTag }

// isControlBlock reports whether the last item of a witness shows a leaf of a taproot (BIP341)
// whose version is the only one defined. A witness script cannot begin so: no opcode has the
// number.
func isControlBlock(item []byte) bool {
	return len(item) >= 33 && (len(item)-33)%32 == 0 && item[0]&^1 == leafVersion
}

// schnorrForm returns what item shows if it is a Schnorr signature (BIP340), 0 if it is none.
func schnorrForm(item []byte) chains.SignedForm {
	switch {
	case len(item) == 64:
		return chains.SignedSchnorr
	case len(item) == 65:
		return chains.SignedSchnorr | hashTypeForm(item[64])
	}
	return 0
}

// hashTypeForm returns SignedNotAll where a signature with that type leaves out inputs or
// outputs. Bits that mean something else (Bitcoin Cash's fork id) do not count, nor does 0.
func hashTypeForm(hashType byte) chains.SignedForm {
	const none, single, anyoneCanPay, kind = 2, 3, 0x80, 0x1f
	if k := hashType & kind; k == none || k == single || hashType&anyoneCanPay != 0 {
		return chains.SignedNotAll
	}
	return 0
}

// showItem adds what item shows if it is a signature or a key, and reports whether it is. sole:
// the script pushes nothing else.
func (d *decoder) showItem(in *chains.Input, item []byte, sole bool) bool {
	form := derForm(item)
	switch {
	case form != 0:
	case len(item) == 33 && (item[0] == 2 || item[0] == 3):
		form = chains.SignedCompressed
	case len(item) == 65 && d.net.cash != "" && (sole || !isPublicKey(item)):
		form = schnorrForm(item)
	case len(item) == 65 && isPublicKey(item):
		form = chains.SignedUncompressed
	}
	in.Signed.Form |= form
	return form != 0
}

// derForm returns what item shows if it is an ECDSA signature in DER with a hash type behind it,
// 0 if it is none:
//
//	30 length | 02 length r | 02 length s | hash type
//
// A number whose highest bit is set has a zero in front.
func derForm(item []byte) chains.SignedForm {
	const shortest, longest = 9, 73
	n := len(item)
	if n < shortest || n > longest || item[0] != 0x30 || int(item[1]) != n-3 || item[2] != 2 {
		return 0
	}
	r := int(item[3])
	if r == 0 || r > n-8 || item[4+r] != 2 || r+int(item[5+r])+7 != n {
		return 0
	}
	form := chains.SignedECDSA | hashTypeForm(item[n-1])
	if r > 32 {
		form |= chains.SignedHighR
	}
	return form
}

// showScript adds what a script shows that the spend revealed: what it wraps, or how many of
// which keys must sign. A witness program is revealed by the only push of a script (BIP141).
func (d *decoder) showScript(in *chains.Input, script []byte, sole bool) {
	if !d.isWrapped(script, sole) {
		d.showMultisig(in, script)
		return
	}
	d.wrapKeys, _ = d.net.appendKey(d.wrapKeys, script)
	d.wraps = append(d.wraps, wrap{in, len(d.wrapKeys)})
	if n := len(script); script[n-1] == opCheckSig && int(script[0])+2 == n {
		d.showItem(in, script[1:n-1], false)
	}
}

// isWrapped reports whether script is a witness program or pays to one key.
func (d *decoder) isWrapped(script []byte, sole bool) bool {
	n := len(script)
	switch {
	case n == 25:
		return script[0] == opDup && script[1] == opHash160 && script[2] == opPush20 && script[23] == opEqualVerify && script[24] == opCheckSig
	case (n == 35 || n == 67) && script[n-1] == opCheckSig:
		return int(script[0])+2 == n && isPublicKey(script[1:n-1])
	case n == 22 || n == 34:
		return sole && d.net.hrp != "" && script[0] == op0 && int(script[1])+2 == n
	}
	return false
}

// showMultisig adds the M of N of a multisig script, and what its keys are.
func (d *decoder) showMultisig(in *chains.Input, script []byte) {
	m, n, ok := multisig(script)
	if !ok {
		return
	}
	in.Signed.M, in.Signed.N = byte(m), byte(n)
	_, keys, _ := smallNumber(script)
	for range n {
		size := int(keys[0])
		d.showItem(in, keys[1:1+size], false)
		keys = keys[1+size:]
	}
}

// finishWraps gives every input whose script showed what it wraps the address of that.
func (d *decoder) finishWraps() {
	keys, start := string(d.wrapKeys), 0
	for _, w := range d.wraps {
		w.in.Signed.Wraps = chains.Address(keys[start:w.end])
		start = w.end
	}
}

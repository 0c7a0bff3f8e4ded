package store

import (
	"encoding/binary"
	"encoding/hex"

	"clew/chains"
)

// The body of a transaction of a chain of accounts goes on behind its index, in place of inputs
// and outputs, with
//
//	flags 1 | type 1 | nonce uvarint | gas price amount | sender name | to name | created name
//	  | tip cap amount | fee cap amount, where the flags say so
//	  | moves uvarint | move… | events uvarint | event… | ran uvarint | name…
//	move:  kind and evidence 1 | asset | from name | to name | amount | index uvarint
//	event: kind 1, 80 registered | protocol name | name of the event | emitter name
//	  | others uvarint | name… | index uvarint | key name | peer name | account name | asset | amount | fields uvarint | (a name | its value, a name)…
//	amount: length 1 | bytes, the highest first
//	asset: 0 the native coin | 1 + name
//	name:  0 "" | the number of a name that came before, from 1 | one more than there are, and then
//	       2·length uvarint | bytes, or 1 | capitals 5 | name of 20 bytes, for the text of an address
//
// So an address comes once in a body however often it is named, and a token by the bytes of its
// contract. Version and lock time are 0 there and have no place.
const (
	execFailed     = 1 << 0
	execUntraced   = 1 << 1
	execCaps       = 1 << 2 // what the sender offered for gas at most is kept
	execKnownFlags = 1<<3 - 1

	moveEvidence    = 6      // chains.Evidence stands above the kind, shifted by this
	eventRegistered = 1 << 7 // beside the kind
	textForm        = 1      // of a name: the text of an address
	textLength      = 2 + 40 // 0x and the digits
	addressLength   = 20     // in bytes
	namesScanned    = 24     // up to so many are looked through; a map takes longer to make
)

// packer appends a body with its names.
type packer struct {
	b     []byte
	names []string
	at    map[string]int // index in names, once there are many
}

// appendExec appends what e is to b.
func appendExec(b []byte, e *chains.Execution) []byte {
	var few [namesScanned]string
	p := packer{b: b, names: few[:0]}
	caps := !e.TipCap.IsZero() || !e.FeeCap.IsZero()
	p.byte(flag(e.Failed, execFailed) | flag(e.Untraced, execUntraced) | flag(caps, execCaps))
	p.byte(e.Type)
	p.uvarint(e.Nonce)
	p.amount(e.GasPrice)
	for _, a := range [...]chains.Address{e.Sender, e.To, e.Created} {
		p.name(string(a))
	}
	if caps {
		p.amount(e.TipCap)
		p.amount(e.FeeCap)
	}
	p.uvarint(uint64(len(e.Moves)))
	for i := range e.Moves {
		p.move(&e.Moves[i])
	}
	p.uvarint(uint64(len(e.Events)))
	for i := range e.Events {
		p.event(&e.Events[i])
	}
	p.uvarint(uint64(len(e.Ran)))
	for _, a := range e.Ran {
		p.name(string(a))
	}
	return p.b
}

func flag(set bool, bit byte) byte {
	if set {
		return bit
	}
	return 0
}

func (p *packer) byte(v byte)      { p.b = append(p.b, v) }
func (p *packer) uvarint(v uint64) { p.b = binary.AppendUvarint(p.b, v) }

func (p *packer) amount(a chains.Amount) {
	n := len(p.b)
	p.b = a.AppendBytes(append(p.b, 0))
	p.b[n] = byte(len(p.b) - n - 1)
}

func (p *packer) move(m *chains.Move) {
	p.byte(byte(m.Kind) | byte(m.Evidence)<<moveEvidence)
	p.asset(m.Asset)
	p.name(string(m.From))
	p.name(string(m.To))
	p.amount(m.Amount)
	p.uvarint(uint64(m.Index))
}

func (p *packer) event(e *chains.Event) {
	p.byte(byte(e.Kind) | flag(e.Registered, eventRegistered))
	for _, s := range [...]string{e.Protocol, e.Name, string(e.Emitter)} {
		p.name(s)
	}
	p.uvarint(uint64(len(e.Others)))
	for _, a := range e.Others {
		p.name(string(a))
	}
	p.uvarint(uint64(e.Index))
	for _, s := range [...]string{e.Key, string(e.Peer), string(e.Account)} {
		p.name(s)
	}
	p.asset(e.Asset)
	p.amount(e.Amount)
	p.uvarint(uint64(len(e.Fields)))
	for _, f := range e.Fields {
		p.name(f.Name)
		p.name(f.Value)
	}
}

func (p *packer) asset(a chains.Asset) {
	if a == chains.Native {
		p.uvarint(0)
		return
	}
	p.number(string(a), 1)
}

func (p *packer) name(s string) { p.number(s, 0) }

// number writes the number of s plus shift, and s itself where it is new.
func (p *packer) number(s string, shift uint64) {
	if s == "" {
		p.uvarint(shift)
		return
	}
	i, known := p.find(s)
	if known {
		p.uvarint(shift + uint64(i+1))
		return
	}
	p.uvarint(shift + uint64(len(p.names)+1))
	p.define(s)
}

// define writes a new name.
func (p *packer) define(s string) {
	if address, capitals, ok := addressOf(s); ok {
		p.uvarint(textForm)
		p.b = append(p.b, capitals[:]...)
		p.name(address)
	} else {
		p.uvarint(2 * uint64(len(s)))
		p.b = append(p.b, s...)
	}
	if p.at != nil {
		p.at[s] = len(p.names)
	}
	p.names = append(p.names, s)
}

// find returns the index of s in names.
func (p *packer) find(s string) (int, bool) {
	if len(p.names) < namesScanned {
		for i, n := range p.names {
			if n == s {
				return i, true
			}
		}
		return 0, false
	}
	if p.at == nil {
		p.at = make(map[string]int, 4*namesScanned)
		for i, n := range p.names {
			p.at[n] = i
		}
	}
	i, known := p.at[s]
	return i, known
}

// addressOf returns the bytes of the address that text writes in hex behind 0x, and which of its
// digits are capitals; false where it does not write one.
func addressOf(text string) (address string, capitals [5]byte, ok bool) {
	if len(text) != textLength || text[:2] != "0x" {
		return "", capitals, false
	}
	var raw [addressLength]byte
	if _, err := hex.Decode(raw[:], []byte(text[2:])); err != nil {
		return "", capitals, false
	}
	for i := range 2 * addressLength {
		if c := text[2+i]; c >= 'A' && c <= 'F' {
			capitals[i/8] |= 1 << (i % 8)
		}
	}
	return string(raw[:]), capitals, true
}

// textOf is the reverse of addressOf.
func textOf(address, capitals string) string {
	var text [textLength]byte
	copy(text[:], "0x")
	hex.Encode(text[2:], []byte(address))
	for i := range 2 * addressLength {
		if capitals[i/8]&(1<<(i%8)) != 0 && text[2+i] >= 'a' {
			text[2+i] -= 'a' - 'A'
		}
	}
	return string(text[:])
}

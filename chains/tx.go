package chains

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Hash is a 32-byte hash in the order in which people read and write it, so that its hex
// is the txid or block hash of every explorer. (Bitcoin's wire order is the reverse.)
type Hash [32]byte

// TxID and BlockHash are hashes by what they name.
type (
	TxID      = Hash
	BlockHash = Hash
)

// ParseHash reads 64 hex digits.
func ParseHash(text string) (Hash, error) {
	var h Hash
	if len(text) != 64 {
		return h, fmt.Errorf("hash %q: want 64 hex digits, got %d characters", text, len(text))
	}
	if _, err := hex.Decode(h[:], []byte(text)); err != nil {
		return h, fmt.Errorf("hash %q: %w", text, err)
	}
	return h, nil
}

// Reversed returns h with its bytes in the opposite order: wire order from display order
// and back.
func (h Hash) Reversed() Hash {
	for i := range 16 {
		h[i], h[31-i] = h[31-i], h[i]
	}
	return h
}

// String returns 64 hex digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText gives the hex digits.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (h *Hash) UnmarshalText(text []byte) error {
	v, err := ParseHash(string(text))
	if err != nil {
		return err
	}
	*h = v
	return nil
}

// Address is where value can lie, as a key: one byte of kind and the payload that the
// script commits to. It is opaque outside the adapter that made it, which also formats
// it. Equal scripts give equal addresses; (Chain, Address) is the key everywhere.
// "" is no address: the input of a coinbase.
type Address string

// ScriptType is the standard form that an output's script has.
type ScriptType uint8

// The values are stored; they are never renumbered, and are below 64.
const (
	ScriptUnknown  ScriptType = iota // no standard form: kept by script hash
	ScriptP2PK                       // pay to public key
	ScriptP2PKH                      // pay to public key hash
	ScriptP2SH                       // pay to script hash
	ScriptP2WPKH                     // segwit v0 key hash
	ScriptP2WSH                      // segwit v0 script hash
	ScriptP2TR                       // segwit v1, taproot
	ScriptWitness                    // a later witness program
	ScriptMultisig                   // bare multisig
	ScriptNullData                   // OP_RETURN: data, can never be spent
	ScriptPegIn                      // Litecoin: into the extension block, where amounts are confidential
	ScriptPegged                     // Litecoin: the coins that lie in the extension block
)

// String returns the name that the field uses.
func (t ScriptType) String() string {
	names := [...]string{"unknown", "p2pk", "p2pkh", "p2sh", "p2wpkh", "p2wsh", "p2tr", "witness", "multisig", "nulldata", "pegin", "pegged"}
	if int(t) < len(names) {
		return names[t]
	}
	return fmt.Sprintf("script type %d", uint8(t))
}

// OutPoint names an output: the transaction that made it and its index there, from 0.
type OutPoint struct {
	Tx    TxID
	Index uint32
}

// String returns TXID:INDEX.
func (o OutPoint) String() string {
	text := hex.AppendEncode(make([]byte, 0, 2*len(o.Tx)+11), o.Tx[:])
	return string(strconv.AppendUint(append(text, ':'), uint64(o.Index), 10))
}

// Output is an output as recorded on chain.
type Output struct {
	Value   uint64 // whole smallest units
	Address Address
	Type    ScriptType
	// Token: a token lies in the output beside the coins (Bitcoin Cash). It is not followed,
	// and moves no coins; what a node tells of it in a spent output is not compared.
	Token bool
	// Data is the length of the only push of a data output (ScriptNullData), DataOther where
	// there is more behind OP_RETURN, or less; 0 in any other output, and where it was not read
	// (an old store).
	Data uint8
}

// DataOther is Output.Data where a data output holds no push, several, or a long one.
const DataOther = 255

// Input is an input as recorded on chain, with the output that it spends.
type Input struct {
	Prev     OutPoint
	Sequence uint32
	// Spent is the output that Prev names; its value is not part of the transaction
	// itself. Known is false where nobody told us: then Spent is zero and means nothing.
	Spent Output
	Known bool
	// Proven: Spent was read from the transaction that made it, whose hash Prev names. Else
	// it is somebody's word.
	Proven bool
	// Signed is what script and witness show of the wallet that signed; zero where they were
	// not read (an old store, a file).
	Signed Signed
}

// Signed is what an input's script and witness show of the wallet that signed it.
type Signed struct {
	Form SignedForm
	// M and N are of the multisig script that was revealed, both 0 where there is none.
	M, N uint8
	// Wraps is the script that the spend revealed, where it is a witness program or pays to one
	// key, as the address that it is by itself; "" where there is none. Whether it is inside of the
	// spent output, Input.Inside tells.
	Wraps Address
}

// Inside returns the script inside of the output that in spends, where the spend revealed a witness
// program or one that pays to one key, as the address that it is by itself; else "". Only of a P2SH and a P2WSH do
// nodes check what was revealed: with outputs of other forms, script and witness may show anything.
func (in *Input) Inside() Address {
	if in.Known && (in.Spent.Type == ScriptP2SH || in.Spent.Type == ScriptP2WSH) {
		return in.Signed.Wraps
	}
	return ""
}

// SignedForm is a set of things that signatures and keys of one input show.
type SignedForm uint8

// The values are stored; they are never renumbered.
const (
	SignedRead         SignedForm = 1 << iota // script and witness were read: absent bits mean that it is not so
	SignedCompressed                          // a compressed public key
	SignedUncompressed                        // an uncompressed one
	SignedHighR                               // an ECDSA signature whose r needs 33 bytes: no wallet that grinds for low r
	SignedECDSA                               // some ECDSA signature
	SignedSchnorr                             // some Schnorr signature
	SignedNotAll                              // a signature commits to less than everything (not SIGHASH_ALL or its default)
	SignedScriptPath                          // of a taproot, one of its scripts was shown instead of a signature by its key
)

// BlockRef pins a block.
type BlockRef struct {
	Height int64
	Hash   BlockHash
	Time   int64 // Unix seconds, as the header says; not in order on Bitcoin
}

// Span is a range of heights, both ends included.
type Span struct{ From, To int64 }

// Place is where a transaction stands in a chain.
type Place struct {
	Height int64
	Index  int // in its block, from 0
}

// Before reports whether p stands before q.
func (p Place) Before(q Place) bool {
	return p.Height < q.Height || p.Height == q.Height && p.Index < q.Index
}

// Evidence says how we know that a movement happened.
type Evidence uint8

const (
	// EvidenceImported: somebody's file.
	EvidenceImported Evidence = iota + 1
	// EvidenceAttested: a node's word.
	EvidenceAttested
	// EvidenceProven: it follows from a block header by a proof of inclusion that was checked.
	EvidenceProven
)

// String returns the word that the contract uses.
func (e Evidence) String() string {
	switch e {
	case EvidenceImported:
		return "imported"
	case EvidenceAttested:
		return "attested"
	case EvidenceProven:
		return "proven"
	}
	return fmt.Sprintf("evidence %d", uint8(e))
}

// Tx is a transaction with its place in the chain.
type Tx struct {
	// Recorded on chain:
	ID       TxID
	Block    BlockRef
	Index    int // position among Block.Txs, from 0
	Coinbase bool
	Version  int32
	LockTime uint32
	Inputs   []Input // empty for a coinbase
	Outputs  []Output
	Exec     *Execution // what a chain of accounts records; nil for the Bitcoin family
	// Derived by us:
	Evidence Evidence
	Raw      []byte // consensus bytes, witness included; nil where they were not kept
}

// Clone returns a copy of t that shares no memory with it. Transactions of one block share
// some: keeping one of them as it is keeps the whole block.
func (t *Tx) Clone() Tx {
	c := *t
	c.Inputs, c.Outputs, c.Raw = slices.Clone(t.Inputs), slices.Clone(t.Outputs), slices.Clone(t.Raw)
	c.Exec = t.Exec.Clone()
	for i := range c.Inputs {
		in := &c.Inputs[i]
		in.Spent.Address = Address(strings.Clone(string(in.Spent.Address)))
		in.Signed.Wraps = Address(strings.Clone(string(in.Signed.Wraps)))
	}
	for i := range c.Outputs {
		c.Outputs[i].Address = Address(strings.Clone(string(c.Outputs[i].Address)))
	}
	return c
}

// Before reports whether t stands before u in chain order.
func (t *Tx) Before(u *Tx) bool {
	if t.Block.Height != u.Block.Height {
		return t.Block.Height < u.Block.Height
	}
	return t.Index < u.Index
}

// Block is a block with its transactions.
type Block struct {
	Ref    BlockRef
	Prev   BlockHash
	Header []byte // consensus bytes of the header
	Raw    []byte // consensus bytes of the whole block; nil where they were not kept
	// Txs are all of them, or the recorded ones where Partial is set, in the order in which
	// they take effect: each behind those whose outputs it spends.
	Txs []Tx
	// Places says where in the block each of Txs stands, from 0, where a child may stand
	// before its parent (Bitcoin Cash sorts by txid); nil: in the order of Txs.
	Places []int
	// Partial: the block comes from a recording of single transactions. What is absent
	// from it is attested by the recording, not shown.
	Partial bool
	// Spent is the serialized answer that told the values and scripts of the outputs spent
	// here, one entry per transaction in the order of the block's bytes (Place); nil where
	// the node offers none.
	Spent [][]byte
	// Paid are, in a Partial block of a chain of accounts, accounts to which the protocol may have
	// given value here outside of calls (tips, rewards, withdrawals), in transactions that are not
	// among Txs too: no index of accounts tells these. Nil: not known.
	Paid []Address
}

// Place returns where in the block transaction i of Txs stands, from 0: its position in the
// Merkle tree.
func (b *Block) Place(i int) int {
	if b.Places == nil {
		return i
	}
	return b.Places[i]
}

// Header is what a block header says of its place in the chain.
type Header struct {
	Hash       BlockHash
	Prev       BlockHash
	MerkleRoot Hash
	Time       int64 // Unix seconds
}

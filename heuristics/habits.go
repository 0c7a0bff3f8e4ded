package heuristics

import "clew/chains"

// Habits is the fingerprint that a wallet's software leaves on a transaction of the Bitcoin
// family: what the person who pays does not choose. Two transactions of one wallet agree mostly;
// so do those of many wallets that run the same software. It is comparable; the zero value is
// that of a coinbase.
type Habits struct {
	Version  uint8 // 1 or 2; 0 for any other
	LockTime LockTimeHabit
	Sequence SequenceHabit
	Order    OrderHabit
	Keys     KeyHabit
	// Types are those of the inputs, a bit each (1 << chains.ScriptType); bit WrappedType where a
	// P2SH wraps a witness program. 0 where an input's type is not known.
	Types uint16
	// M and N are of the multisig that every input revealed alike; both 0 where there is none.
	M, N uint8
}

// WrappedType is the bit of Habits.Types that a P2SH input sets which wraps a witness program.
const WrappedType = 15

// LockTimeHabit is how a wallet sets the lock time.
type LockTimeHabit uint8

// The classes of lock times.
const (
	LockTimeNone   LockTimeHabit = iota // 0
	LockTimeHeight                      // about the height at which it was made, against fee sniping
	LockTimeOther                       // an older height, or a time
)

// recentHeights is how far below its block a lock time may lie that a wallet set to the height
// of its day. Bitcoin Core and Electrum take up to 99 blocks off; the rest is time spent waiting for a
// block, for which one week is allowed.
const recentHeights = 99 + 7*144

// lockTimeIsTime is where lock times begin to be Unix seconds rather than heights (consensus).
const lockTimeIsTime = 500_000_000

// SequenceHabit is how a wallet sets the inputs' sequences, all of them alike.
type SequenceHabit uint8

// The classes of sequences.
const (
	SequenceFinal    SequenceHabit = iota // ffffffff
	SequenceNotFinal                      // fffffffe: lock time counts, no replacement
	SequenceReplace                       // fffffffd: may be replaced (BIP125)
	SequenceOther                         // any other one
	SequenceMixed                         // not all inputs alike
)

// OrderHabit is whether inputs and outputs are sorted (BIP69).
type OrderHabit uint8

// The orders.
const (
	OrderUndecided OrderHabit = iota // sorted, and may be so by accident: there are too few other orders
	OrderSorted
	OrderUnsorted
)

// sortedOrders is how many orders of inputs and outputs there must be before one that is sorted is
// taken to be so on purpose: one wallet in so many would do it by accident.
const sortedOrders = 24

// KeyHabit is what keys and signatures show, as far as scripts and witnesses were read.
type KeyHabit uint8

// The bits of KeyHabit.
const (
	KeyCompressed   KeyHabit = 1 << iota // a compressed key
	KeyUncompressed                      // an uncompressed one
	KeyHighR                             // a signature whose r was not ground to be low
	KeyLowR                              // every ECDSA signature has a low r, and there are lowREnough inputs with one
	KeySchnorr                           // a Schnorr signature
	KeyNotAll                            // a signature commits to less than everything
)

// lowREnough is how many signatures must have a low r, and none a high one, before a wallet is
// taken to grind for it: by chance half of all have one, so that one in sixteen is wrong.
const lowREnough = 4

// HabitsOf returns the habits of tx. It reads nothing but tx, allocates nothing, and does not look
// at tx.Raw, which not every source keeps.
func HabitsOf(tx *chains.Tx) Habits {
	if len(tx.Inputs) == 0 {
		return Habits{}
	}
	h := Habits{
		LockTime: lockTimeHabit(tx), Sequence: sequenceHabit(tx.Inputs), Order: orderHabit(tx),
		Keys: keyHabit(tx.Inputs), Types: inputTypes(tx.Inputs),
	}
	h.M, h.N = multisigOf(tx.Inputs)
	if tx.Version == 1 || tx.Version == 2 {
		h.Version = uint8(tx.Version)
	}
	return h
}

// keyHabit gathers what the inputs show.
func keyHabit(ins []chains.Input) KeyHabit {
	var all chains.SignedForm
	lows := 0
	for i := range ins {
		form := ins[i].Signed.Form
		all |= form
		if form&(chains.SignedECDSA|chains.SignedHighR) == chains.SignedECDSA {
			lows += max(1, int(ins[i].Signed.M))
		}
	}
	var h KeyHabit
	for _, bit := range [...]struct {
		form chains.SignedForm
		key  KeyHabit
	}{
		{chains.SignedCompressed, KeyCompressed},
		{chains.SignedUncompressed, KeyUncompressed},
		{chains.SignedHighR, KeyHighR},
		{chains.SignedSchnorr, KeySchnorr},
		{chains.SignedNotAll, KeyNotAll},
	} {
		if all&bit.form != 0 {
			h |= bit.key
		}
	}
	if all&chains.SignedHighR == 0 && lows >= lowREnough {
		h |= KeyLowR
	}
	return h
}

// inputTypes returns Habits.Types.
func inputTypes(ins []chains.Input) (types uint16) {
	for i := range ins {
		in := &ins[i]
		if !in.Known {
			return 0
		}
		bit := uint16(1) << (in.Spent.Type % WrappedType)
		if in.Spent.Type == chains.ScriptP2SH && in.Inside() != "" {
			bit = 1 << WrappedType
		}
		types |= bit
	}
	return types
}

// multisigOf returns the M and N that every input revealed alike; else 0.
func multisigOf(ins []chains.Input) (m, n uint8) {
	m, n = ins[0].Signed.M, ins[0].Signed.N
	for i := range ins[1:] {
		if s := &ins[i+1].Signed; s.M != m || s.N != n {
			return 0, 0
		}
	}
	return m, n
}

// lockTimeHabit classes the lock time of tx. Without a height of the block (0) any height is a recent one.
func lockTimeHabit(tx *chains.Tx) LockTimeHabit {
	switch lock := int64(tx.LockTime); {
	case lock == 0:
		return LockTimeNone
	case lock < lockTimeIsTime && (tx.Block.Height == 0 || lock+recentHeights >= tx.Block.Height):
		return LockTimeHeight
	}
	return LockTimeOther
}

func sequenceHabit(ins []chains.Input) SequenceHabit {
	for i := range ins[1:] {
		if ins[i+1].Sequence != ins[0].Sequence {
			return SequenceMixed
		}
	}
	return SequenceHabit(min(^ins[0].Sequence, uint32(SequenceOther)))
}

// orderHabit compares with BIP69: inputs by txid, then index; outputs by value (then by script,
// of which the key alone is known: equal values are in order).
func orderHabit(tx *chains.Tx) OrderHabit {
	for i := range tx.Inputs[1:] {
		a, b := &tx.Inputs[i].Prev, &tx.Inputs[i+1].Prev
		if c := compareHashes(&a.Tx, &b.Tx); c > 0 || c == 0 && a.Index > b.Index {
			return OrderUnsorted
		}
	}
	for i := range tx.Outputs[1:] {
		if tx.Outputs[i].Value > tx.Outputs[i+1].Value {
			return OrderUnsorted
		}
	}
	orders := 1
	for _, n := range [...]int{len(tx.Inputs), len(tx.Outputs)} {
		for ; n > 1 && orders < sortedOrders; n-- {
			orders *= n
		}
	}
	if orders < sortedOrders {
		return OrderUndecided
	}
	return OrderSorted
}

func compareHashes(a, b *chains.Hash) int {
	for i := range a {
		if a[i] != b[i] {
			return int(a[i]) - int(b[i])
		}
	}
	return 0
}

// Same reports whether two transactions may be of one wallet by what a run of payments of one
// software keeps: version, class of lock time, class of sequences, and types of inputs (which
// tell segwit too). Where the types of one are not known, the others decide.
func (h Habits) Same(o Habits) bool {
	return h.Version == o.Version && h.LockTime == o.LockTime && h.Sequence == o.Sequence &&
		(h.Types == o.Types || h.Types == 0 || o.Types == 0)
}

// keysDiffer reports whether what keys and signatures show sets h and o apart: a wallet compresses
// its keys always or never, and one that grinds for low r makes no high one. Where scripts were
// not read, nothing does.
func (h Habits) keysDiffer(o Habits) bool {
	const compression = KeyCompressed | KeyUncompressed
	a, b := h.Keys&compression, o.Keys&compression
	return a != 0 && b != 0 && a&b == 0 ||
		h.Keys&KeyLowR != 0 && o.Keys&KeyHighR != 0 || h.Keys&KeyHighR != 0 && o.Keys&KeyLowR != 0
}

package chains

import (
	"fmt"
	"slices"
)

// Execution is what a chain of accounts records of a transaction: who called, and every
// movement of value and every event that followed. Tx.Inputs and Tx.Outputs are empty there.
//
// What happens outside of transactions (rewards, withdrawals of the beacon chain) stands in a
// transaction of its own behind the others of its block, whose id is the block's hash, with
// Tx.Coinbase set and no Sender.
type Execution struct {
	// Recorded on chain:
	Sender   Address // signed the transaction and pays its fee; "" for what the protocol does
	To       Address // the account that was called; "" where a contract was created
	Created  Address // the contract that was created at the top; "" where none was
	Nonce    uint64
	Type     uint8  // of the envelope: 0 legacy, 1 access list, 2 EIP-1559, 3 blobs, 4 EIP-7702; others are an L2's own
	Failed   bool   // it was reverted: the fee is paid and nothing else moves
	GasPrice Amount // paid for a unit of gas, in wei
	// TipCap and FeeCap are what the sender offered for a unit of gas at most, as a tip and in all, in
	// wei: of envelopes that say so (EIP-1559 and later). Both are 0 of others, and where a store was
	// filled before they were kept.
	TipCap, FeeCap Amount
	// Moves are the movements of value in the order in which they take effect: the fee; then
	// the native coin in the order of calls (each before those inside it); then tokens by log
	// index; then the tip. Nothing of a reverted call is in it, and nothing of amount 0.
	Moves []Move
	// Events are those that the adapter understands, by log index.
	Events []Event
	// Ran are the accounts whose own code ran and those that were created, each once, in order,
	// as far as the calls are known.
	Ran []Address
	// OnSignature are movements that are attested, and proven once the signature of Sender is
	// checked: bit i stands for Moves[i]. 0 where it was checked, or would not help. Never stored.
	OnSignature uint8
	// Untraced: the internal calls are not known, so that movements of the native coin may be
	// missing from Moves.
	Untraced bool
	// Kept for recordings, nil where they were not:
	Receipt  []byte // consensus bytes
	Attested []byte // what the node says beyond that (calls, gas used, …), as canonical JSON
	// TxProof and ReceiptProof are the nodes of the block's tries from the root down to the
	// transaction and to its receipt.
	TxProof, ReceiptProof [][]byte
}

// MoveKind says what made value move.
type MoveKind uint8

// The values are stored; they are never renumbered, and are below 64.
const (
	MoveFee        MoveKind = iota + 1 // gas, blobs and the part for the L1, finally paid by the sender; To is ""
	MoveCall                           // value of a call, or of the transaction itself
	MoveCreate                         // value given to a contract at its creation
	MoveDestruct                       // the balance of a contract that destroys itself
	MoveToken                          // a fungible token, by its log
	MoveNFT                            // a token with an id (ERC-721, ERC-1155), by its log
	MoveWrap                           // the token that wraps the native coin is made; From is ""
	MoveUnwrap                         // and unmade; To is ""
	MoveTip                            // to whoever made the block, out of the fee; From is ""
	MoveReward                         // block reward; From is ""
	MoveWithdrawal                     // of the beacon chain; From is ""
	MoveIssue                          // out of nothing by the protocol (deposits of an L2, genesis); From is ""
	MoveImported                       // as a file says
)

// Position returns the kind of position that the contract names for it: fee, call, log, system.
func (k MoveKind) Position() string {
	switch k {
	case MoveFee:
		return "fee"
	case MoveCall, MoveCreate, MoveDestruct:
		return "call"
	case MoveToken, MoveNFT, MoveWrap, MoveUnwrap:
		return "log"
	case MoveTip, MoveReward, MoveWithdrawal, MoveIssue:
		return "system"
	case MoveImported:
		return "row"
	}
	return fmt.Sprintf("move kind %d", uint8(k))
}

// Native reports whether the native coin moves.
func (k MoveKind) Native() bool {
	return k != MoveToken && k != MoveNFT && k != MoveWrap && k != MoveUnwrap && k != MoveImported
}

// Move is one movement of value between two accounts.
type Move struct {
	Kind  MoveKind
	Asset Asset
	// From is "" for what comes out of nothing (minted, issued), To for what is gone (burnt,
	// sent to the zero address, a fee).
	From, To Address
	Amount   Amount // never 0
	// Index is the log's index in its block; for calls their number among the calls of this
	// transaction that move value, from 0, which is the same whatever node was asked; else the
	// number among the moves of this kind.
	Index uint32
	// Evidence is proven for logs and, where the sender's signature was checked, for the fee's gas
	// part and the transaction's own value; attested for calls inside.
	Evidence Evidence
}

// EventKind says what an event tells.
type EventKind uint8

// The values are stored; they are never renumbered, and are below 128.
const (
	EventBridgeOut EventKind = iota + 1 // value left for another chain
	EventBridgeIn                       // value came from another chain
	EventMixerIn                        // a deposit to a pool of a mixer
	EventMixerOut                       // a withdrawal from one
	EventOwner                          // a venue names for whom it acted: Account
	EventPool                           // what a pool of a venue says of a trade or of liquidity
	EventFee                            // a venue names its own fee: Asset, Amount
)

// Event is what a contract said in one or more logs, in words that all protocols share. Any
// contract can say anything: Registered tells whether this one is the protocol's own.
type Event struct {
	Kind     EventKind
	Protocol string  // the family, as the table of decoders names it: "across", "nomad", "tornado"
	Name     string  // the event's own name: "V3FundsDeposited"
	Emitter  Address // whose log it is
	// Others are the contracts besides Emitter whose word the event is: of further logs, and
	// those that the message must come from. Nil: none.
	Others []Address
	// Registered: Emitter and Others stand in the table of the protocol's contracts on this chain.
	Registered bool
	Index      uint32 // of the log in its block; where it took several, of the one that names the key
	// Key is the protocol's own key of a message, the same on both sides; "" where the event
	// has none.
	Key string
	// Peer is the other chain of a bridge, in the form of a Chain; "" where the event does not say.
	Peer Chain
	// Account is who gave (BridgeOut, MixerIn, where the event says), who receives (BridgeIn,
	// MixerOut) or for whom it was done (Owner); "" where the event does not say.
	Account Address
	Asset   Asset  // "" where the event does not say
	Amount  Amount // 0 where the event does not say
	// Fields are the fields of the message that both sides of a bridge have, under one name each
	// for a protocol, and what else matters of other events. In the order of the table.
	Fields []Field
}

// Field is one value of an event: whole numbers in decimal, bytes in lower-case hex with 0x.
type Field struct{ Name, Value string }

// Field returns the value of the field with that name, "" where there is none.
func (e *Event) Field(name string) string {
	for i := range e.Fields {
		if e.Fields[i].Name == name {
			return e.Fields[i].Value
		}
	}
	return ""
}

// AccountKind says what stands behind an address of a chain of accounts.
type AccountKind uint8

// The values are stored; they are never renumbered.
const (
	AccountUnknown  AccountKind = iota // nobody told
	AccountKey                         // no code, or code that its own key has lent it (EIP-7702)
	AccountWallet                      // code of a wallet that one owner or one group of owners holds (Safe, ERC-4337)
	AccountContract                    // any other code
)

// String returns the word for it.
func (k AccountKind) String() string {
	names := [...]string{"unknown", "key", "wallet", "contract"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("account kind %d", uint8(k))
}

// Token is what a token's contract claims of itself.
type Token struct {
	Asset    Asset
	Symbol   string // as claimed: any bytes; escape it
	Decimals int    // −1 where the contract does not say, or says what cannot be (over 77)
}

// EventQuery asks for the event on the other side of a bridge.
type EventQuery struct {
	Kind     EventKind
	Protocol string
	Key      string
	// Since is the time, in Unix seconds, before which it cannot be.
	Since int64
	// Like is the event of this side, for protocols whose key must be computed from it.
	Like *Event
	// Emitter, where it is set, asks for all events of the kind and protocol that this contract
	// told: the history of a mixer's pool. Key is "" then.
	Emitter Address
	// Most bounds the answer: the first so many transactions. 0: all.
	Most int
	// Named are contracts whose word counts beside that of the protocol's own: those that the
	// incident names. Where an index cannot find the key, they are asked too.
	Named []Address
}

// Answers reports whether e is of the kind, protocol and, where it names one, key that q asks for.
func (q *EventQuery) Answers(e Event) bool {
	return e.Kind == q.Kind && e.Protocol == q.Protocol && (q.Key == "" || e.Key == q.Key) &&
		(q.Emitter == "" || e.Emitter == q.Emitter)
}

// Touches reports whether a gives or receives value in e, or signed it.
func (e *Execution) Touches(a Address) bool {
	return e.Sender == a || slices.ContainsFunc(e.Moves, func(m Move) bool { return m.From == a || m.To == a })
}

// Acts reports whether a signed e, or gives or receives value in it otherwise than by the protocol
// (tips, rewards, withdrawals), of which no index of accounts tells.
func (e *Execution) Acts(a Address) bool {
	return e.Sender == a || slices.ContainsFunc(e.Moves, func(m Move) bool {
		return (m.From == a || m.To == a) && m.Kind.Position() != MoveTip.Position()
	})
}

// After returns what a holds of an asset after e, where it held before. Where e takes more than
// there was it returns 0 and goes on from there: a token that lies; whoever compares balances
// finds it.
func (e *Execution) After(before Amount, a Address, asset Asset) (Amount, error) {
	for i := range e.Moves {
		m := &e.Moves[i]
		if m.Asset != asset || m.From == m.To {
			continue
		}
		var err error
		switch a {
		case m.To:
			before, err = before.Add(m.Amount)
		case m.From:
			before = before.Minus(Min(before, m.Amount))
		}
		if err != nil {
			return before, err
		}
	}
	return before, nil
}

// Clone returns a copy of e that shares no memory with it that anybody writes to; nil of nil.
func (e *Execution) Clone() *Execution {
	if e == nil {
		return nil
	}
	c := *e
	c.Moves, c.Ran, c.Events = slices.Clone(e.Moves), slices.Clone(e.Ran), slices.Clone(e.Events)
	for i := range c.Events {
		c.Events[i].Fields = slices.Clone(e.Events[i].Fields)
	}
	return &c
}

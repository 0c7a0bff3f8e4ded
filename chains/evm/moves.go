package evm

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"clew/chains"
)

// Decoder makes facts of the parts of one chain's transactions. It is safe for concurrent use.
type Decoder struct {
	chain   chains.Chain
	quirks  quirks
	wrapped map[[20]byte]wrapForm
	oldNFT  common.Address
}

// NewDecoder returns the decoder of chain. Further contracts that wrap its native coin as WETH9
// does can be named.
func NewDecoder(chain chains.Chain, wrapped ...common.Address) *Decoder {
	id, _ := chain.ChainID()
	d := &Decoder{chain: chain, quirks: quirksOf(chain), wrapped: map[[20]byte]wrapForm{}, oldNFT: unindexedNFT[id]}
	for a, form := range wrappedNative[id] {
		d.wrapped[a] = form
	}
	for _, a := range wrapped {
		if d.wrapped[a] == wrapNone {
			d.wrapped[a] = wrapEvents
		}
	}
	return d
}

// Tx returns the transaction as facts. Evidence is at most what is given: proven where the
// transaction and its receipt were shown to be in the header's block. ErrBadAnswer: the parts
// contradict each other.
func (d *Decoder) Tx(p *Parts, h *Header, evidence chains.Evidence) (chains.Tx, error) {
	e := &chains.Execution{
		Sender: Address(p.Sender), Nonce: p.Tx.Nonce, Type: p.Tx.Type, Failed: p.failed(),
	}
	if p.Receipt.DepositNonce != nil && !signed(p.Tx.Type) {
		e.Nonce = *p.Receipt.DepositNonce
	}
	switch {
	case p.Tx.To != nil:
		e.To = Address(*p.Tx.To)
	case !e.Failed && p.Receipt.Contract != nil:
		e.Created = Address(*p.Receipt.Contract)
	case !e.Failed:
		e.Created = p.creates(e)
	}
	if e.Created != "" && e.Created != p.creates(e) && d.quirks.plainHeader && p.Tx.Raw != nil {
		return chains.Tx{}, fmt.Errorf("receipt of transaction %x: %w: it creates %x, not %x", p.Tx.Hash, chains.ErrBadAnswer, p.creates(e), e.Created)
	}
	if err := d.checkCalls(p, e); err != nil {
		return chains.Tx{}, err
	}
	if err := d.moves(p, h, e); err != nil {
		return chains.Tx{}, err
	}
	e.Ran = d.ran(p, e)
	e.Events = Events(Scene{Chain: d.chain, Tx: chains.TxID(p.Tx.Hash), Block: h.Ref.Hash}, p.Receipt.Logs)
	if deposit, ok := ownDeposit(d.chain, p, e.Events); ok && !e.Failed {
		e.Events = append(e.Events, deposit)
	}
	for i := range e.Moves {
		e.Moves[i].Evidence = min(e.Moves[i].Evidence, evidence)
	}
	return chains.Tx{
		ID: chains.TxID(p.Tx.Hash), Block: h.Ref, Index: p.Index, Exec: e, Evidence: evidence, Raw: p.Tx.Raw,
	}, nil
}

// creates returns the contract that the sender makes by a transaction without a receiver.
func (p *Parts) creates(e *chains.Execution) chains.Address {
	return Address(crypto.CreateAddress(p.Sender, e.Nonce))
}

// failed reports whether the transaction was reverted. Before Byzantium receipts did not say
// it: the calls do or, where they are not known, that all gas was used, which every failure
// did then.
func (p *Parts) failed() bool {
	switch {
	case p.Receipt.PostState == nil:
		return p.Receipt.Failed
	case p.Calls != nil:
		return p.Calls.Failed
	}
	return p.Receipt.GasUsed == p.Tx.Gas && p.Tx.Gas != plainGas
}

// plainGas is what a transfer without data takes on Ethereum.
const plainGas = 21000

// checkCalls refuses call trees that are not this transaction's.
func (d *Decoder) checkCalls(p *Parts, e *chains.Execution) error {
	c := p.Calls
	if c == nil || d.quirks.oddCalls || !signed(p.Tx.Type) {
		return nil
	}
	to := chains.Address("")
	if p.Tx.To != nil {
		to = e.To
	} else if !e.Failed {
		to = e.Created
	}
	created := c.Kind == CallCreate
	if c.From != p.Sender || c.Value != p.Tx.Value || created != (p.Tx.To == nil) || c.Failed != e.Failed || to != "" && Address(c.To) != to {
		return fmt.Errorf("calls of transaction %x: %w: their outermost frame (%x to %x, %s wei) is not the transaction", p.Tx.Hash, chains.ErrBadAnswer, c.From, c.To, c.Value.Dec())
	}
	return nil
}

// moves fills in everything that moves, in the order that chains.Execution documents.
func (d *Decoder) moves(p *Parts, h *Header, e *chains.Execution) error {
	c, err := p.cost(h, &d.quirks)
	if err != nil {
		return err
	}
	e.GasPrice = chains.AmountOf(&c.unit)
	e.TipCap, e.FeeCap = chains.AmountOf(&p.Tx.TipCap), chains.AmountOf(&p.Tx.FeeCap)
	e.Moves = make([]chains.Move, 0, 4+len(p.Receipt.Logs))
	fee, over := new(uint256.Int).AddOverflow(&c.gas, &c.more)
	if over {
		return fmt.Errorf("fee of transaction %x: %w: %w", p.Tx.Hash, chains.ErrBadAnswer, chains.ErrOverflow)
	}
	feeEvidence := chains.EvidenceProven
	if !c.more.IsZero() || c.said {
		feeEvidence = chains.EvidenceAttested
	}
	e.Moves = appendNative(e.Moves, chains.MoveFee, e.Sender, "", fee, 0, feeEvidence)
	switch p.Tx.Type {
	case typeDeposit, typeArbSubmit:
		e.Moves = appendNative(e.Moves, chains.MoveIssue, "", e.Sender, &p.Tx.Own.Mint, 0, chains.EvidenceProven)
	case typeArbDepo:
		e.Moves = appendNative(e.Moves, chains.MoveIssue, "", e.Sender, &p.Tx.Value, 0, chains.EvidenceProven)
	}
	d.native(p, h, e)
	if !signed(p.Tx.Type) && p.Tx.Raw == nil { // what an L2 made for it is not known
		e.Untraced = true
	}
	for i := range p.Receipt.Logs {
		if !repeated(d.chain, p.Receipt.Logs, i) {
			e.Moves = d.tokenMoves(&p.Receipt.Logs[i], e.Moves)
		}
	}
	tipEvidence := chains.EvidenceProven
	if c.said {
		tipEvidence = chains.EvidenceAttested
	}
	e.Moves = appendNative(e.Moves, chains.MoveTip, "", holder(h.Miner), &c.tip, 0, tipEvidence)
	if d.quirks.feeLog {
		for i := range p.Receipt.Logs {
			if p.Receipt.Logs[i].Address == d.quirks.mirror {
				e.Moves = feeMove(&p.Receipt.Logs[i], e.Moves)
			}
		}
	}
	return nil
}

func appendNative(moves []chains.Move, kind chains.MoveKind, from, to chains.Address, wei *uint256.Int, index uint32, evidence chains.Evidence) []chains.Move {
	if wei.IsZero() || from == "" && to == "" {
		return moves
	}
	return append(moves, chains.Move{
		Kind: kind, Asset: chains.Native, From: from, To: to, Amount: chains.AmountOf(wei), Index: index, Evidence: evidence,
	})
}

// native adds the native coin that moves by calls.
func (d *Decoder) native(p *Parts, h *Header, e *chains.Execution) {
	if p.Calls == nil {
		e.Untraced = !e.Failed && !p.plain()
		if e.Failed || p.Tx.Type == typeArbSubmit { // what is submitted is called later, by a retry
			return
		}
		kind, to := chains.MoveCreate, e.Created
		if p.Tx.To != nil {
			kind, to = chains.MoveCall, holder(*p.Tx.To)
		}
		e.Moves = appendNative(e.Moves, kind, e.Sender, to, &p.Tx.Value, 0, d.ownEvidence(p, e))
		return
	}
	if e.Failed {
		return
	}
	w := walk{moves: e.Moves, first: len(e.Moves), local: d.localDestruct(h), made: map[common.Address]bool{}}
	w.call(p.Calls, d.ownEvidence(p, e))
	w.burn()
	e.Moves = w.moves
}

// ownEvidence is that of the transaction's own value: the calls are compared with what was signed
// (checkCalls), the receipt's bytes say whether it failed, and what is created follows from the sender.
func (d *Decoder) ownEvidence(p *Parts, e *chains.Execution) chains.Evidence {
	if d.quirks.oddCalls || !signed(p.Tx.Type) || p.Receipt.PostState != nil || e.Created != "" && e.Created != p.creates(e) {
		return chains.EvidenceAttested
	}
	return chains.EvidenceProven
}

// plain reports whether no code can have run: a transfer without data that took what such a
// transfer takes. (A contract could be built to take exactly that; the audit of balances would
// find what it moved.)
func (p *Parts) plain() bool {
	return p.Tx.To != nil && len(p.Tx.Input) == 0 && len(p.Receipt.Logs) == 0 && p.Receipt.GasUsed-p.Receipt.L1Gas == plainGas
}

// localDestruct reports whether a contract destroys itself only where it was made in the same
// transaction (EIP-6780). Elsewhere SELFDESTRUCT still moves the balance.
func (d *Decoder) localDestruct(h *Header) bool {
	return h.BlobFields || d.quirks.cancun != 0 && h.Ref.Time >= d.quirks.cancun
}

// walk goes through a call tree in pre-order.
type walk struct {
	moves []chains.Move
	first int // of moves that are calls
	local bool
	made  map[common.Address]bool // contracts made in this transaction
	gone  []destroyed
}

// destroyed is a contract that is no more once the transaction ends. What it gets after it
// destroyed itself is lost with it.
type destroyed struct {
	address common.Address
	after   int // index of the first move after
}

func (w *walk) call(c *Call, evidence chains.Evidence) {
	if c.Failed {
		return
	}
	switch c.Kind {
	case CallPlain:
		w.add(chains.MoveCall, holder(c.From), holder(c.To), &c.Value, evidence)
	case CallCreate:
		w.made[c.To] = true
		w.add(chains.MoveCreate, holder(c.From), holder(c.To), &c.Value, evidence)
	case CallDestruct:
		w.destruct(c, evidence)
	}
	for i := range c.Calls {
		w.call(&c.Calls[i], chains.EvidenceAttested)
	}
}

func (w *walk) add(kind chains.MoveKind, from, to chains.Address, wei *uint256.Int, evidence chains.Evidence) {
	w.moves = appendNative(w.moves, kind, from, to, wei, uint32(len(w.moves)-w.first), evidence)
}

func (w *walk) destruct(c *Call, evidence chains.Evidence) {
	ends := !w.local || w.made[c.From]
	if c.From != c.To {
		w.add(chains.MoveDestruct, holder(c.From), holder(c.To), &c.Value, evidence)
	} else if ends { // to itself: the balance is lost
		w.add(chains.MoveDestruct, holder(c.From), "", &c.Value, evidence)
	}
	if ends {
		w.gone = append(w.gone, destroyed{c.From, len(w.moves)})
	}
}

// burn adds what destroyed contracts got after their end.
func (w *walk) burn() {
	for i, g := range w.gone {
		var left uint256.Int
		a, again := holder(g.address), false
		for j := i + 1; j < len(w.gone); j++ {
			again = again || w.gone[j].address == g.address // the last end counts
		}
		for _, m := range w.moves[g.after:] {
			amount, err := uint256.FromDecimal(m.Amount.String())
			if err != nil || again {
				continue
			}
			if m.To == a {
				left.Add(&left, amount)
			}
			if m.From == a {
				left.Sub(&left, amount)
			}
		}
		if left.Sign() > 0 {
			w.add(chains.MoveDestruct, a, "", &left, chains.EvidenceAttested)
		}
	}
}

// ran lists the accounts whose own code ran and those that were created, each once: as the
// calls show it, then those that wrote logs.
func (d *Decoder) ran(p *Parts, e *chains.Execution) []chains.Address {
	var list []chains.Address
	seen := map[common.Address]bool{{}: true}
	add := func(a common.Address) {
		if !seen[a] && !precompile(a) {
			seen[a] = true
			list = append(list, Address(a))
		}
	}
	if e.Created != "" {
		a, _ := Account(e.Created)
		add(a)
	} else if p.Tx.To != nil && p.topRan() {
		add(*p.Tx.To)
	}
	var visit func(c *Call)
	visit = func(c *Call) {
		for i := range c.Calls {
			in := &c.Calls[i]
			switch in.Kind {
			case CallPlain, CallStatic:
				if in.Ran {
					add(in.To)
				}
			case CallCreate:
				if !in.Failed {
					add(in.To)
				}
			}
			visit(in)
		}
	}
	if p.Calls != nil {
		visit(p.Calls)
	}
	for i := range p.Receipt.Logs {
		add(p.Receipt.Logs[i].Address)
	}
	return list
}

// topRan reports whether the account that the transaction calls ran code: it called on, or more
// gas was used than data and lists cost.
func (p *Parts) topRan() bool {
	if p.Calls != nil && len(p.Calls.Calls) > 0 {
		return true
	}
	return signed(p.Tx.Type) && !p.Tx.costs(p.Receipt.GasUsed-p.Receipt.L1Gas)
}

// costs reports whether gas is what a transaction takes by itself, by any rule that was in
// force: calldata after EIP-2028 and before, and the floor of EIP-7623.
func (t *Transaction) costs(gas uint64) bool {
	zero, other := uint64(0), uint64(0)
	for _, b := range t.Input {
		if b == 0 {
			zero++
		} else {
			other++
		}
	}
	base := uint64(plainGas) + 25000*uint64(len(t.Auths))
	for i := range t.Access {
		base += 2400 + 1900*uint64(len(t.Access[i].Keys))
	}
	return gas == base+4*zero+16*other || gas == base+4*zero+68*other || gas == base+10*zero+40*other
}

// precompile reports whether a is one of the contracts that clients build in: 0x01 to 0x11 and
// 0x100.
func precompile(a common.Address) bool {
	var n uint256.Int
	n.SetBytes20(a[:])
	return n.LtUint64(0x12) || n.Eq(uint256.NewInt(0x100))
}

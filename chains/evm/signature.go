package evm

import (
	"fmt"

	"clew/chains"
)

// claim makes attested what moves by the sender's word alone, where the sender does not follow from
// the consensus bytes: the fee, what an L2 issues to the sender, and the transaction's own value.
// What a signature that is there would prove is noted in OnSignature.
func (p *Parts) claim(tx *chains.Tx) {
	if p.shown {
		return
	}
	e := tx.Exec
	for i := range min(len(e.Moves), 8) {
		m := &e.Moves[i]
		if m.Evidence != chains.EvidenceProven || !byWord(m, e) {
			continue
		}
		m.Evidence = chains.EvidenceAttested
		if p.Tx.Raw != nil && p.Tx.hasSignature() {
			e.OnSignature |= 1 << i
		}
	}
}

// byWord reports whether a move names the sender because the transaction is the sender's.
func byWord(m *chains.Move, e *chains.Execution) bool {
	switch m.Kind {
	case chains.MoveFee:
		return true
	case chains.MoveIssue:
		return m.To == e.Sender
	case chains.MoveCall, chains.MoveCreate:
		return m.Index == 0 && m.From == e.Sender
	}
	return false
}

// CheckSigner compares the sender of a transaction that Block returned with the one whose key
// signed it, and makes proven what follows. ErrBadAnswer: another signed it. What has no signature
// stays as it is.
func (d *Decoder) CheckSigner(tx *chains.Tx) error {
	e := tx.Exec
	if e == nil || e.OnSignature == 0 {
		return nil
	}
	own, err := DecodeTransaction(d.chain, tx.Raw)
	if err == nil {
		p := Parts{Tx: own}
		p.Sender, _ = Account(e.Sender)
		err = p.CheckSender(d.chain)
	}
	if err != nil {
		return fmt.Errorf("sender of transaction %s: %w", tx.ID, bad(err))
	}
	for i := range e.Moves {
		if i < 8 && e.OnSignature>>i&1 == 1 {
			e.Moves[i].Evidence = chains.EvidenceProven
		}
	}
	e.OnSignature = 0
	return nil
}

// CheckSigner is Decoder.CheckSigner.
func (n *Node) CheckSigner(tx *chains.Tx) error { return n.decoder.CheckSigner(tx) }

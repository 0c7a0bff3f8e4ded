package store

import "clew/chains"

// exec looks for what no execution can be: fees that another than the sender pays, tips above the
// fee, movements in a failed transaction, and what happened outside of transactions at another
// place than the block's end.
func (k *checker) exec(where string, b *BlockInfo, t *chains.Tx) {
	e := t.Exec
	if t.Coinbase != (e.Sender == "") {
		k.found(where, "transaction %s has no sender, and is none of the protocol's, or the other way round", t.ID)
	}
	if t.Coinbase && (t.ID != b.Ref.Hash || t.Index != b.Txs-1) {
		k.found(where, "what happened outside of transactions is not the last, or has not the block's hash: %s", t.ID)
	}
	var fee, tip chains.Amount
	for i := range e.Moves {
		m := &e.Moves[i]
		var over error
		switch {
		case m.Kind < chains.MoveFee || m.Kind > chains.MoveImported:
			k.found(where, "movement %d of %s has a kind that is not known: %d", i, t.ID, m.Kind)
		case m.Evidence < chains.EvidenceImported || m.Evidence > chains.EvidenceProven:
			k.found(where, "movement %d of %s has an evidence that is not known: %d", i, t.ID, m.Evidence)
		case m.Amount.IsZero():
			k.found(where, "movement %d of %s moves nothing", i, t.ID)
		case m.Kind == chains.MoveFee && (m.From != e.Sender || m.To != ""):
			k.found(where, "movement %d of %s is a fee that its sender does not pay", i, t.ID)
		case m.Kind.Native() != (m.Asset == chains.Native) && m.Kind != chains.MoveImported:
			k.found(where, "movement %d of %s, a %s, moves %s", i, t.ID, m.Kind.Position(), m.Asset)
		case e.Failed && m.Kind != chains.MoveFee && m.Kind != chains.MoveTip:
			k.found(where, "movement %d of %s, which failed, is no fee", i, t.ID)
		case m.Kind == chains.MoveFee:
			fee, over = fee.Add(m.Amount)
		case m.Kind == chains.MoveTip:
			tip, over = tip.Add(m.Amount)
		}
		if over != nil {
			k.found(where, "fees of %s: %v", t.ID, over)
		}
	}
	if fee.Less(tip) {
		k.found(where, "transaction %s pays a fee of %s, and %s of it go to the block's maker", t.ID, fee, tip)
	}
}

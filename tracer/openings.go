package tracer

import (
	"fmt"

	"clew/chains"
)

// stated returns the opening balance that the incident states of an account; nil where it states
// none.
func (inc *Incident) stated(chain chains.Chain, a chains.Address, asset chains.Asset) *Opening {
	for i := range inc.Openings {
		if o := &inc.Openings[i]; o.Chain == chain && o.Address == a && o.Asset == asset {
			return o
		}
	}
	return nil
}

// compareOpening writes the gap where an opening balance was stated (nil: none was) and the source
// tells another one, just before tx. What the chain holds is what counts; a statement is taken
// where nobody knows.
func (l *ledger) compareOpening(tx *chains.Tx, o *Opening, told chains.Amount) {
	if o == nil || o.Amount == told {
		return
	}
	h := tx.Block.Height
	l.gap(Gap{
		Chain: l.chain, FromHeight: &h, ToHeight: &h, TxID: tx.ID.String(),
		What: fmt.Sprintf("opening balance of %s: %s units of %s by the chain, %s as stated (%s)",
			l.codec.FormatAddress(l.chain, o.Address), told, o.Asset, o.Amount, o.Source),
		Why:    "the incident states another balance than the source knows, just before this transaction",
		Effect: "what the chain holds counts, and the statement does not: correct it, or take it out of openings",
	})
}

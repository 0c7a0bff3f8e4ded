package screen

import (
	"context"
	"fmt"

	"clew/chains"
)

// mostGiverTxs is how many transactions of an account are read to see whether it ever had a token.
const mostGiverTxs = 256

// giverOf is who is said to have given a token.
type giverOf struct {
	account chains.Address
	asset   chains.Asset
}

// forged says why what an account got of a token may be the token's word alone; "" where it is not. Anybody
// can make a token whose log says that somebody paid it to somebody, so that an innocent account seems to
// be paid by a listed one. So it is not believed where the giver signed nothing, the receiver neither, and
// nothing that was read shows that the giver ever had any. Tokens that the rules or an incident know are
// believed. Of a giver with a long history it is not asked: who pays many has what it pays.
func (w *work) forged(ctx context.Context, r *receipt) (string, error) {
	exec := r.tx.Exec
	if r.place.Asset == chains.Native || exec == nil || exec.Sender == r.owner || w.believed(r.place.Asset) {
		return "", nil
	}
	giver := chains.Address("")
	for i := range exec.Moves {
		m := &exec.Moves[i]
		if m.To != r.owner || m.Asset != r.place.Asset {
			continue
		}
		if m.From == "" || m.From == exec.Sender || m.Kind != chains.MoveToken && m.Kind != chains.MoveNFT {
			return "", nil
		}
		had, err := w.hadBefore(ctx, giverOf{m.From, m.Asset}, r.tx)
		if err != nil || had {
			return "", err
		}
		giver = m.From
	}
	if giver == "" {
		return "", nil
	}
	return fmt.Sprintf("the token's contract alone says that %s gave it, which signed nothing here and, as far as was read, never had any",
		w.s.cfg.Codec.FormatAddress(r.place.Chain, giver)), nil
}

// believed reports whether a token is one that the rules or an incident name.
func (w *work) believed(asset chains.Asset) bool {
	_, named := w.s.cfg.Policy.Dust[w.subject.Chain][asset]
	_, traced := w.s.cfg.Index.Asset(w.subject.Chain, asset)
	return named || traced
}

// hadBefore reports whether an account got any of a token before a transaction, as far as was read, or has
// too long a history to tell.
func (w *work) hadBefore(ctx context.Context, g giverOf, tx *chains.Tx) (bool, error) {
	txs, err := w.facts.AddressTxs(ctx, g.account, BeforeFirst, mostGiverTxs)
	if err != nil {
		return false, fmt.Errorf("what %s had: %w", w.s.cfg.Codec.FormatAddress(w.subject.Chain, g.account), err)
	}
	for _, t := range append(txs, tx) {
		if t.ID != tx.ID && !t.Before(tx) {
			continue
		}
		for i := range t.Exec.Moves {
			if m := &t.Exec.Moves[i]; m.To == g.account && m.Asset == g.asset {
				return true, nil
			}
		}
	}
	return len(txs) == mostGiverTxs, nil
}

package ingest

import (
	"context"
	"fmt"
	"io"

	"clew/chains"
)

// Imported gives a trace the transactions of files of transfers, in the order in which they are
// given. It implements the tracer's Source and is used by one goroutine. What the files do not
// hold is not known, and so is what accounts held before.
type Imported struct {
	txs       []chains.Tx
	at        int
	have      map[chains.TxID]bool
	ids       map[chains.TxID]bool
	addresses map[chains.Address]bool
	tokens    []chains.Token
}

// NewImported makes a source of transactions, which are at least one and in chain order, and of
// what the files say of the tokens and units that they count.
func NewImported(txs []chains.Tx, tokens []chains.Token) (*Imported, error) {
	if len(txs) == 0 {
		return nil, fmt.Errorf("imported transfers: there are none: %w", chains.ErrNotFound)
	}
	s := &Imported{txs: txs, tokens: tokens, have: map[chains.TxID]bool{}, ids: map[chains.TxID]bool{}, addresses: map[chains.Address]bool{}}
	for i := range txs {
		s.have[txs[i].ID] = true
	}
	return s, nil
}

// WatchTx asks for a transaction.
func (s *Imported) WatchTx(_ context.Context, id chains.TxID) error {
	if !s.have[id] {
		return fmt.Errorf("transaction %s is in no imported file: %w", id, chains.ErrNotFound)
	}
	s.ids[id] = true
	return nil
}

// WatchOut is refused: transfers between accounts have no outputs.
func (s *Imported) WatchOut(_ context.Context, out chains.OutPoint) error {
	return fmt.Errorf("output %s: imported transfers have none: %w", out, chains.ErrUnsupported)
}

// WatchAddress asks for every transaction in which a gives or receives.
func (s *Imported) WatchAddress(_ context.Context, a chains.Address) error {
	s.addresses[a] = true
	return nil
}

// Next returns the next watched transaction.
func (s *Imported) Next(ctx context.Context) (*chains.Tx, error) {
	for s.at < len(s.txs) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		tx := &s.txs[s.at]
		s.at++
		if s.wants(tx) {
			own := tx.Clone()
			return &own, nil
		}
	}
	return nil, io.EOF
}

func (s *Imported) wants(tx *chains.Tx) bool {
	if s.ids[tx.ID] || s.addresses[tx.Exec.Sender] {
		return true
	}
	for i := range tx.Exec.Moves {
		if m := &tx.Exec.Moves[i]; s.addresses[m.From] || s.addresses[m.To] {
			return true
		}
	}
	return false
}

// From returns the place of the first transaction, in a block whose hash is not known.
func (s *Imported) From() chains.BlockRef { return s.txs[0].Block }

// AsOf returns the place of the last one.
func (s *Imported) AsOf() chains.BlockRef { return s.txs[len(s.txs)-1].Block }

// Token returns what the files say of a token, or of the unit in which somebody valued movements.
func (s *Imported) Token(_ context.Context, asset chains.Asset) (chains.Token, error) {
	for _, t := range s.tokens {
		if t.Asset == asset {
			return t, nil
		}
	}
	return chains.Token{}, fmt.Errorf("token %s: no imported file names it: %w", asset, chains.ErrNotFound)
}

package main

import (
	"context"
	"errors"

	"clew/chains"
	"clew/ingest"
	"clew/store"
)

// sink is a store with an open loader, as ingest.Sync fills it.
type sink struct {
	*store.Loader
	st    *store.Store
	chain chains.Chain
}

// Spans returns the ranges that the store has of the chain.
func (s *sink) Spans(ctx context.Context) ([]ingest.Span, error) {
	have, err := s.st.Spans(ctx, s.chain)
	if err != nil {
		return nil, err
	}
	out := make([]ingest.Span, len(have))
	for i, h := range have {
		out[i] = ingest.Span{From: h.From, To: h.To}
	}
	return out, nil
}

// HashAt returns the hash of the block at a height that was read.
func (s *sink) HashAt(ctx context.Context, height int64) (chains.BlockHash, error) {
	b, err := s.st.Block(ctx, s.chain, height)
	return b.Ref.Hash, err
}

// HasTx reports whether the store has a transaction.
func (s *sink) HasTx(ctx context.Context, id chains.TxID) (bool, error) {
	_, err := s.st.Tx(ctx, s.chain, id)
	if errors.Is(err, chains.ErrNotFound) || errors.Is(err, chains.ErrIncomplete) {
		return false, nil
	}
	return err == nil, err
}

// Rewind takes the blocks above height from the main chain.
func (s *sink) Rewind(ctx context.Context, height int64) error {
	_, err := s.st.Rewind(ctx, s.chain, height)
	return err
}

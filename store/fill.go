package store

import (
	"context"
	"errors"

	"clew/chains"
)

// The methods below are what a sync asks of the store that it fills: with them a Loader is a
// whole ingest.Sink.

// Spans returns the ranges that the store has of the loader's chain, in order of height.
func (l *Loader) Spans(ctx context.Context) ([]Span, error) {
	return l.s.Spans(ctx, l.chain)
}

// HashAt returns the hash of the stored block at height. chains.ErrIncomplete if that height
// was not read.
func (l *Loader) HashAt(ctx context.Context, height int64) (chains.BlockHash, error) {
	b, err := l.s.Block(ctx, l.chain, height)
	return b.Ref.Hash, err
}

// HasTx reports whether the store has the transaction id in its main chain.
func (l *Loader) HasTx(ctx context.Context, id chains.TxID) (bool, error) {
	_, err := l.s.Tx(ctx, l.chain, id)
	if errors.Is(err, chains.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Rewind is the store's, for the loader's chain.
func (l *Loader) Rewind(ctx context.Context, height int64) error {
	_, err := l.s.Rewind(ctx, l.chain, height)
	return err
}

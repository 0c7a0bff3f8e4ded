package ingest

import (
	"context"
	"errors"
	"fmt"

	"clew/chains"
)

// resolve asks the node for outputs that b spends and that lie before everything read,
// where the node's blocks do not tell them. What it cannot find stays unknown.
func (s *syncer) resolve(ctx context.Context, b *chains.Block) error {
	if b.Spent != nil {
		return nil
	}
	if s.recent == nil {
		s.recent = map[chains.TxID]bool{}
	}
	for i := range b.Txs {
		s.recent[b.Txs[i].ID] = true
	}
	for i := range b.Txs {
		for n := range b.Txs[i].Inputs {
			in := &b.Txs[i].Inputs[n]
			if in.Known || s.recent[in.Prev.Tx] || s.before[in.Prev.Tx] {
				continue
			}
			have, err := s.sink.HasTx(ctx, in.Prev.Tx)
			if err != nil {
				return err
			}
			if have {
				continue
			}
			if err := s.ask(ctx, in); err != nil {
				return err
			}
			if !in.Known {
				s.res.Unresolved++
			}
		}
	}
	return nil
}

// ask fills in from the node, if that finds the transaction.
func (s *syncer) ask(ctx context.Context, in *chains.Input) error {
	r, ok := s.node.(TxReader)
	if !ok || s.noIndex {
		return nil
	}
	prev, _, err := readTx(ctx, r, s.dec, s.node.Chain(), in.Prev.Tx)
	if errors.Is(err, chains.ErrUnsupported) {
		s.noIndex = true
		return nil
	}
	if err != nil {
		return fmt.Errorf("output %s: %w", in.Prev, err)
	}
	return fill(in, prev)
}

// readTx returns a transaction and its bytes from the node's index, nil if the node does not
// find it. chains.ErrUnsupported: the node has no index.
func readTx(ctx context.Context, r TxReader, dec Decoder, chain chains.Chain, id chains.TxID) (*chains.Tx, []byte, error) {
	raw, _, err := r.Tx(ctx, id)
	if errors.Is(err, chains.ErrNotFound) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	tx, err := dec.DecodeTx(chain, raw)
	if err != nil {
		return nil, nil, fmt.Errorf("transaction %s: %w: %w", id, chains.ErrBadAnswer, err)
	}
	if tx.ID != id {
		return nil, nil, fmt.Errorf("transaction %s: the node gave %s: %w", id, tx.ID, chains.ErrBadAnswer)
	}
	return &tx, raw, nil
}

// fill tells in what it spends of prev; nil leaves it unknown.
func fill(in *chains.Input, prev *chains.Tx) error {
	if prev == nil {
		return nil
	}
	if int64(in.Prev.Index) >= int64(len(prev.Outputs)) {
		return fmt.Errorf("output %s does not exist: %w", in.Prev, chains.ErrBadAnswer)
	}
	in.Spent, in.Known, in.Proven = prev.Outputs[in.Prev.Index], true, true
	return nil
}

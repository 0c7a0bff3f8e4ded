package ingest

import (
	"context"
	"errors"
	"fmt"

	"clew/chains"
)

// OutputReader is a Node that finds many outputs at once, each in its transaction's bytes,
// checked against the txid. What was found is returned with an error too. ErrNotFound: some
// are on no transaction that the node knows. ErrUnsupported: it has no index.
type OutputReader interface {
	Outputs(ctx context.Context, points []chains.OutPoint) (map[chains.OutPoint]chains.Output, error)
}

// resolve asks the node for outputs that b spends and that lie before everything read,
// where the node's blocks do not tell them. What it cannot find stays unknown. Where the
// sink has every block from block 0 on, there are none.
func (s *syncer) resolve(ctx context.Context, b *chains.Block) error {
	if b.Spent != nil || s.whole || s.accounts {
		return nil
	}
	if s.recent == nil {
		s.recent = map[chains.TxID]bool{}
	}
	for i := range b.Txs {
		s.recent[b.Txs[i].ID] = true
	}
	ins, err := s.foreign(ctx, b)
	if err != nil {
		return err
	}
	if err := s.ask(ctx, ins); err != nil {
		return fmt.Errorf("block %d: %w", b.Ref.Height, err)
	}
	for _, in := range ins {
		if !in.Known {
			s.res.Unresolved++
		}
	}
	return nil
}

// foreign returns the inputs of b that spend an output of no transaction that was read.
func (s *syncer) foreign(ctx context.Context, b *chains.Block) (ins []*chains.Input, err error) {
	have := map[chains.TxID]bool{} // what the sink said
	for i := range b.Txs {
		for n := range b.Txs[i].Inputs {
			in := &b.Txs[i].Inputs[n]
			id := in.Prev.Tx
			if in.Known || s.recent[id] || s.before[id] {
				continue
			}
			if _, asked := have[id]; !asked {
				if have[id], err = s.sink.HasTx(ctx, id); err != nil {
					return nil, err
				}
			}
			if !have[id] {
				ins = append(ins, in)
			}
		}
	}
	return ins, nil
}

// ask fills inputs in from the node, as far as that finds what they spend.
func (s *syncer) ask(ctx context.Context, ins []*chains.Input) error {
	if len(ins) == 0 || s.noIndex {
		return nil
	}
	if r, ok := s.node.(OutputReader); ok {
		return s.askAtOnce(ctx, r, ins)
	}
	r, ok := s.node.(TxReader)
	if !ok {
		return nil
	}
	for _, in := range ins {
		prev, _, err := readTx(ctx, r, s.dec, s.node.Chain(), in.Prev.Tx)
		if errors.Is(err, chains.ErrUnsupported) {
			s.noIndex = true
			return nil
		}
		if err == nil {
			err = fill(in, prev)
		}
		if err != nil {
			return fmt.Errorf("output %s: %w", in.Prev, err)
		}
	}
	return nil
}

func (s *syncer) askAtOnce(ctx context.Context, r OutputReader, ins []*chains.Input) error {
	points := make([]chains.OutPoint, len(ins))
	for i, in := range ins {
		points[i] = in.Prev
	}
	found, err := r.Outputs(ctx, points)
	s.noIndex = errors.Is(err, chains.ErrUnsupported)
	if err != nil && !s.noIndex && !errors.Is(err, chains.ErrNotFound) {
		return err
	}
	for _, in := range ins {
		if out, ok := found[in.Prev]; ok {
			in.Spent, in.Known, in.Proven = out, true, true
		}
	}
	return nil
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

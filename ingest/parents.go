package ingest

import (
	"context"
	"errors"
	"fmt"

	"clew/chains"
)

// parents reads the transactions that made what tx spends, where the node's word is all that is known
// of it and the recording does not hold them yet. They are for the recording alone: whoever opens it
// sees the values proven, while the trace stays what it is on a node that has no index of
// transactions.
func (p *Pass) parents(ctx context.Context, tx *chains.Tx) (raws [][]byte, err error) {
	r, ok := p.node.(TxReader)
	if !ok || p.noIndex {
		return nil, nil
	}
	asked := map[chains.TxID]*chains.Tx{}
	for i := range tx.Inputs {
		in := &tx.Inputs[i]
		if !in.Known || in.Proven || p.opt.Recorder.raws[in.Prev.Tx] != "" {
			continue
		}
		prev, again := asked[in.Prev.Tx]
		if !again {
			var raw []byte
			prev, raw, err = readTx(ctx, r, p.dec, p.node.Chain(), in.Prev.Tx)
			if errors.Is(err, chains.ErrUnsupported) {
				p.noIndex = true
				return nil, nil
			}
			if err != nil {
				return nil, fmt.Errorf("input %d of %s: %w", i, tx.ID, err)
			}
			if asked[in.Prev.Tx] = prev; prev != nil {
				raws = append(raws, raw)
			}
		}
		if err := agrees(in, prev); err != nil {
			return nil, fmt.Errorf("input %d of %s: %w", i, tx.ID, err)
		}
	}
	return raws, nil
}

// agrees is ErrBadAnswer where what was said of an input is not what the transaction says that made
// the output; nil says nothing.
func agrees(in *chains.Input, prev *chains.Tx) error {
	if prev == nil {
		return nil
	}
	if int64(in.Prev.Index) >= int64(len(prev.Outputs)) {
		return fmt.Errorf("output %s does not exist: %w", in.Prev, chains.ErrBadAnswer)
	}
	if out := &prev.Outputs[in.Prev.Index]; out.Value != in.Spent.Value || out.Address != in.Spent.Address {
		return fmt.Errorf("output %s has %d units, and was said to have %d, or to be of another address: %w", in.Prev, out.Value, in.Spent.Value, chains.ErrBadAnswer)
	}
	return nil
}

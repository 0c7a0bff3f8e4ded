package ingest

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"clew/chains"
)

// Headers gives the headers held, in ascending order, with their bytes: nil where only what a node
// said of a header is known. The pinned block is last, also where headers between are not held.
// It ends with the first error.
func (r *Recording) Headers() iter.Seq2[HeldHeader, error] {
	return func(yield func(HeldHeader, error) bool) {
		m := &r.Manifest
		for i, h := range r.headers {
			height := m.From + int64(i)
			if r.ofAccounts() {
				height = m.Heights[i]
			}
			if !yield(HeldHeader{chains.BlockRef{Height: height, Hash: h.Hash, Time: h.Time}, h.Prev, r.raws[i]}, nil) {
				return
			}
		}
		if m.AsOfHeader == "" {
			return
		}
		raw, err := r.object(m.AsOfHeader, framedHeader)
		var h chains.Header
		if err == nil {
			h, err = r.dec.DecodeHeader(m.Chain, raw)
		}
		yield(HeldHeader{chains.BlockRef{Height: m.AsOf.Height, Hash: m.AsOf.Hash, Time: m.AsOf.Time}, h.Prev, raw}, err)
	}
}

// HeldHeader is a header of a recording.
type HeldHeader struct {
	Ref  chains.BlockRef
	Prev chains.BlockHash
	Raw  []byte
}

// Again is what came of asking a node again for what a recording holds as a node's word.
type Again struct {
	Asked   int      // questions that the node answered
	Lacking int      // that it cannot answer: no archive, no index
	Differs []string // what it says otherwise, one sentence each
}

func (a *Again) add(err error, same bool, format string, args ...any) error {
	switch {
	case errors.Is(err, chains.ErrUnsupported), errors.Is(err, chains.ErrIncomplete), errors.Is(err, chains.ErrNotFound):
		a.Lacking++
		return nil
	case err != nil:
		return fmt.Errorf(format+": %w", append(args, err)...)
	}
	a.Asked++
	if !same {
		a.Differs = append(a.Differs, fmt.Sprintf(format, args...)+": the node says otherwise")
	}
	return nil
}

// AskAgain asks a node of one's own for what r holds without proof: values of spent outputs, which
// need an index of transactions, and on a chain of accounts balances, code, tokens and what the node
// said of each transaction. Only what the node cannot reach is an error; heights are of its main
// chain, so that the hashes of headers are to be compared first.
func (r *Recording) AskAgain(ctx context.Context, node Node) (Again, error) {
	var a Again
	if r.ofAccounts() {
		if err := r.againExec(ctx, node, &a); err != nil {
			return a, err
		}
		return a, r.againState(ctx, node, &a)
	}
	return a, r.againSpent(ctx, node, &a)
}

func (r *Recording) againSpent(ctx context.Context, node Node, a *Again) error {
	reader, ok := node.(TxReader)
	made := map[chains.TxID]*chains.Tx{}
	for i := range r.Manifest.Txs {
		e := &r.Manifest.Txs[i]
		hash, err := r.HashAt(ctx, e.Height)
		if err != nil {
			return err
		}
		b := &chains.Block{Ref: chains.BlockRef{Height: e.Height, Hash: hash}}
		tx, err := r.tx(e, b)
		if err != nil {
			return fmt.Errorf("recorded transaction %s: %w", e.TxID, err)
		}
		for k := range tx.Inputs {
			in := &tx.Inputs[k]
			if !in.Known || in.Proven {
				continue
			}
			if !ok {
				a.Lacking++
				continue
			}
			prev, err := r.madeBy(ctx, reader, in.Prev.Tx, made)
			same := err == nil && uint64(in.Prev.Index) < uint64(len(prev.Outputs)) &&
				prev.Outputs[in.Prev.Index].Value == in.Spent.Value && prev.Outputs[in.Prev.Index].Address == in.Spent.Address
			if err := a.add(err, same, "output %s, which %s spends, of %d units", in.Prev, tx.ID, in.Spent.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

// madeBy reads a transaction once.
func (r *Recording) madeBy(ctx context.Context, reader TxReader, id chains.TxID, made map[chains.TxID]*chains.Tx) (*chains.Tx, error) {
	if tx := made[id]; tx != nil {
		return tx, nil
	}
	raw, _, err := reader.Tx(ctx, id)
	if err != nil {
		return nil, err
	}
	tx, err := r.dec.DecodeTx(r.Manifest.Chain, raw)
	if err == nil && tx.ID != id {
		err = fmt.Errorf("the bytes are of %s: %w", tx.ID, chains.ErrBadAnswer)
	}
	if err != nil {
		return nil, err
	}
	made[id] = &tx
	return &tx, nil
}

// againExec compares what nodes said of transactions beyond what is proven: the calls inside.
func (r *Recording) againExec(ctx context.Context, node Node, a *Again) error {
	picker, ok := node.(TxPicker)
	for i := range r.kept.txs {
		tx := &r.kept.txs[i]
		if !ok {
			a.Lacking++
			continue
		}
		b, err := picker.BlockTxs(ctx, tx.Block.Height, []int{tx.Index})
		same := false
		if err == nil {
			n := slices.IndexFunc(b.Txs, func(other chains.Tx) bool { return other.ID == tx.ID })
			same = n >= 0 && b.Txs[n].Exec != nil && bytes.Equal(b.Txs[n].Exec.Attested, tx.Exec.Attested)
		}
		if err := a.add(err, same, "the calls inside of transaction %s in block %d", tx.ID, tx.Block.Height); err != nil {
			return err
		}
	}
	return nil
}

// againState compares balances, code and tokens. What was said of events and histories is places of
// transactions: those that are named stand in the recording, and those left out show only where the trace is run
// again over the node.
func (r *Recording) againState(ctx context.Context, node Node, a *Again) error {
	reader, ok := node.(StateReader)
	for _, q := range slices.SortedFunc(maps.Keys(r.kept.state), question.compare) {
		said := r.kept.state[q]
		if said.Refused != "" {
			continue
		}
		if !ok {
			a.Lacking++
			continue
		}
		if err := r.againAnswer(ctx, reader, &said, a); err != nil {
			return err
		}
	}
	return nil
}

func (r *Recording) againAnswer(ctx context.Context, reader StateReader, said *stateAnswer, a *Again) error {
	q := &said.question
	account, err := hex.DecodeString(q.Account)
	if err != nil {
		return fmt.Errorf("what the node said of %q: %w: %w", q.Account, chains.ErrBadAnswer, err)
	}
	switch q.What {
	case "balance":
		held, err := reader.BalanceAt(ctx, chains.Address(account), chains.Asset(q.Asset), q.Height)
		return a.add(err, err == nil && held == *said.Units, "%s units of %s of 0x%s at block %d", said.Units, q.Asset, q.Account, q.Height)
	case "kind":
		is, err := reader.AccountKind(ctx, chains.Address(account), q.Height)
		return a.add(err, err == nil && is == *said.Is, "the code at 0x%s at block %d", q.Account, q.Height)
	case "token":
		token, err := reader.Token(ctx, chains.Asset(q.Asset), q.Height)
		return a.add(err, err == nil && token.Symbol == string(said.Symbol) && token.Decimals == *said.Decimals, "what token %s says of itself", q.Asset)
	}
	return nil
}

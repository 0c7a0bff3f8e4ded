package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/store"
	"clew/tracer"
)

// txSource finds whole transactions of one chain: in the recording beside a trace's file, in the
// store, or at the node of --rpc.
type txSource struct {
	whence string
	proven bool // opening it checked headers, branches and hashes
	// find returns the transaction of a leg; nil where the source does not have it.
	find  func(ctx context.Context, leg *tracer.Leg) (*chains.Tx, error)
	close func() error
}

// openSource opens what has the transactions of a chain; nil where nothing is there to be asked.
func openSource(ctx context.Context, w *world, c *cli.Context, t *loadedTrace, chain chains.Chain) (*txSource, error) {
	e, given, err := endpointFor(c, "rpc", chain)
	if err != nil {
		return nil, err
	}
	if given {
		return nodeSource(ctx, w, c, e, chain)
	}
	if t.file != "" {
		for _, folder := range []string{"", folderOf(chain)} {
			beside := filepath.Join(filepath.Dir(t.file), recordingName, folder)
			if _, err := os.Stat(filepath.Join(beside, recordingFiles()[1])); err == nil {
				return nodeSource(ctx, w, c, endpoint{recording: beside}, chain)
			}
		}
	}
	st, err := store.Open(ctx, c.String("db"), store.Options{ReadOnly: true})
	if errors.Is(err, store.ErrNoStore) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &txSource{whence: st.Path(), close: st.Close, find: func(ctx context.Context, leg *tracer.Leg) (*chains.Tx, error) {
		tx, err := st.Tx(ctx, leg.Chain, leg.TxID)
		if errors.Is(err, chains.ErrNotFound) || errors.Is(err, chains.ErrIncomplete) {
			return nil, nil
		}
		return tx, err
	}}, nil
}

// nodeSource reads transactions out of the blocks of a node or a recording.
func nodeSource(ctx context.Context, w *world, c *cli.Context, e endpoint, chain chains.Chain) (*txSource, error) {
	node, err := openNode(ctx, w, c, e, chain)
	if err != nil {
		return nil, err
	}
	find := func(ctx context.Context, leg *tracer.Leg) (*chains.Tx, error) {
		hash, err := node.HashAt(ctx, leg.Height)
		if err != nil {
			return nil, err
		}
		b, err := node.Block(ctx, leg.Height, hash)
		if err != nil {
			return nil, err
		}
		for i := range b.Txs {
			if b.Txs[i].ID == leg.TxID {
				own := b.Txs[i].Clone()
				return &own, nil
			}
		}
		return nil, withHint(fmt.Errorf("transaction %s is not in block %d of %s: %w", hashText(leg.Chain, leg.TxID), leg.Height, node.where, chains.ErrNotFound),
			"is this the node or recording from which the trace was made?")
	}
	return &txSource{whence: node.where, proven: e.recording != "", find: find, close: node.Close}, nil
}

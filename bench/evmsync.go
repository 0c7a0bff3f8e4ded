package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"clew/chains/evm"
	"clew/ingest"
	"clew/store"
)

// evmSync fills a store with the blocks of an EVM node, as the command does.
func (o *options) evmSync(ctx context.Context) (res result, err error) {
	f, err := o.readEVM()
	if err != nil {
		return res, err
	}
	node, err := evm.Dial(ctx, f.Chain, f.URL, evm.Options{})
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, node.Close()) }()
	st, err := store.Open(ctx, o.syncedStore(), store.Options{Create: true})
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, st.Close(), os.Remove(o.syncedStore())) }()
	l, err := st.Load(ctx, f.Chain)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	var done ingest.SyncResult
	err = beside(f.PID, &res, func() (err error) {
		done, err = ingest.Sync(ctx, node, nil, l, ingest.SyncOptions{From: f.From, To: f.To, InFlight: o.inFlight})
		return errors.Join(err, l.Close())
	})
	if err != nil {
		return res, err
	}
	res.Txs, res.Blocks = done.Txs, done.Blocks
	if want := (f.To - f.From + 1) * int64(o.blockTxs); done.Txs != want {
		return res, fmt.Errorf("%d transactions were read, %d were sent", done.Txs, want)
	}
	info, err := os.Stat(o.syncedStore())
	if err == nil {
		res.Bytes = info.Size()
	}
	return res, err
}

// evmDecode reads and checks every block of an EVM node and drops it.
func (o *options) evmDecode(ctx context.Context) (res result, err error) {
	f, err := o.readEVM()
	if err != nil {
		return res, err
	}
	node, err := evm.Dial(ctx, f.Chain, f.URL, evm.Options{})
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, node.Close()) }()
	a := f.asker(o.inFlight)
	if err := a.learn(ctx); err != nil {
		return res, err
	}
	err = beside(f.PID, &res, func() (err error) {
		res.Txs, err = each(o.inFlight, 0, len(a.hashes), func(i int) (int64, error) {
			hash, err := node.HashAt(ctx, f.From+int64(i))
			if err != nil {
				return 0, err
			}
			b, err := node.Block(ctx, f.From+int64(i), hash)
			if err != nil {
				return 0, err
			}
			return int64(len(b.Txs)), nil
		})
		return err
	})
	res.Blocks = int64(len(a.hashes))
	return res, err
}

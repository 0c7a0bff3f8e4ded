package main

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"clew/bench/chaingen"
	"clew/chains/bitcoin"
	"clew/ingest"
	"clew/store"
)

// insert writes the same rows in the same batches as a sync does, each prepared beforehand:
// what counts is the writing alone.
func (o *options) insert(ctx context.Context) (res result, err error) {
	records, f, err := o.open()
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	st, l, err := openLoader(ctx, o.loadedStore())
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, l.Close(), st.Close()) }()
	timed := func(do func() error) error {
		start := time.Now()
		err := do()
		res.Took += time.Since(start)
		return err
	}
	flush := func() error { return l.Flush(ctx) }
	for h := firstBlock; h < len(records); h++ {
		b, err := records[h].Decode(int64(h))
		if err != nil {
			return res, err
		}
		start := time.Now()
		if err := l.Add(b); err != nil {
			return res, err
		}
		res.Packing += time.Since(start)
		res.Txs += int64(len(b.Txs))
		if l.Full() {
			if err := timed(flush); err != nil {
				return res, err
			}
		}
	}
	res.Blocks = int64(len(records) - firstBlock)
	if err := timed(flush); err != nil {
		return res, err
	}
	return res, timed(l.Close)
}

func (o *options) open() ([]chaingen.Record, io.Closer, error) { return chaingen.Open(o.chainFile()) }

func openLoader(ctx context.Context, path string) (*store.Store, *store.Loader, error) {
	st, err := store.Open(ctx, path, store.Options{Create: true})
	if err != nil {
		return nil, nil, err
	}
	l, err := st.Load(ctx, chain)
	if err != nil {
		return nil, nil, errors.Join(err, st.Close())
	}
	return st, l, nil
}

// sync fills a store from the server, as the command does.
func (o *options) sync(ctx context.Context) (res result, err error) {
	node, err := bitcoin.Dial(ctx, chain, o.url, bitcoin.Options{})
	if err != nil {
		return res, err
	}
	st, l, err := openLoader(ctx, o.syncedStore())
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, l.Close(), st.Close()) }()
	start := time.Now()
	done, err := ingest.Sync(ctx, node, bitcoin.Codec{}, l, ingest.SyncOptions{From: firstBlock, To: -1, InFlight: o.inFlight})
	err = errors.Join(err, l.Close())
	res.Took, res.Txs, res.Blocks = time.Since(start), done.Txs, done.Blocks
	if err != nil {
		return res, err
	}
	info, err := os.Stat(o.syncedStore())
	if err == nil {
		res.Bytes = info.Size()
	}
	return res, err
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"clew/chains/bitcoin"
	"clew/ingest"
	"clew/store"
)

// timed runs do and adds to res how long it took, and the processor time of the node.
func (f *filled) timed(res *result, do func() error) error { return beside(f.PID, res, do) }

// beside runs do and adds to res how long it took, and the processor time of this process and of
// the one with that id.
func beside(pid int, res *result, do func() error) error {
	start, node, own := time.Now(), processCPU(pid), processCPU(os.Getpid())
	err := do()
	res.Took += time.Since(start)
	res.NodeCPU += processCPU(pid) - node
	res.CPU += processCPU(os.Getpid()) - own
	return err
}

// nodeSync fills a store, by o.way, with the blocks that the node was filled with. The few
// before them are read first and do not count, so that all outputs are known, as in a store
// that goes on; opening the block files counts.
func (o *options) nodeSync(ctx context.Context) (res result, err error) {
	f, err := o.readNode()
	if err != nil {
		return res, err
	}
	var node ingest.Node
	if o.way == byFiles {
		err = f.timed(&res, func() (err error) {
			node, err = bitcoin.OpenFiles(ctx, f.Chain, f.BlocksDir, nil)
			return err
		})
	} else {
		node, err = f.dial(ctx, o.inFlight)
	}
	if err != nil {
		return res, err
	}
	st, err := store.Open(ctx, o.syncedStore(), store.Options{Create: true})
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, st.Close(), os.Remove(o.syncedStore())) }()
	if _, err := f.load(ctx, st, node, ingest.SyncOptions{From: 0, To: f.From - 1, InFlight: o.inFlight}); err != nil {
		return res, err
	}
	var done ingest.SyncResult
	err = f.timed(&res, func() (err error) {
		done, err = f.load(ctx, st, node, ingest.SyncOptions{From: f.From, To: f.last(), InFlight: o.inFlight})
		return err
	})
	if err != nil {
		return res, err
	}
	res.Txs, res.Blocks = done.Txs, done.Blocks
	return res, o.checkWay(node)
}

// load reads a range into the store to its end.
func (f *filled) load(ctx context.Context, st *store.Store, node ingest.Node, opt ingest.SyncOptions) (done ingest.SyncResult, err error) {
	l, err := st.Load(ctx, f.Chain)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return ingest.Sync(ctx, node, bitcoin.Codec{}, l, opt)
}

// last is the height of the last block that counts.
func (f *filled) last() int64 { return f.From + int64(len(f.Hashes)) - 1 }

// checkWay returns an error if the node did not give its blocks by o.way.
func (o *options) checkWay(node ingest.Node) error {
	n, ok := node.(*bitcoin.Node)
	if !ok {
		return nil
	}
	way := map[bool]string{true: verbose3, false: asHex}[n.SpentKnown()]
	if o.way != byREST && o.way != way {
		return fmt.Errorf("the sync was to ask for %s and asked for %s", o.way, way)
	}
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"clew/bench/chaingen"
	"clew/chains"
	"clew/chains/bitcoin"
	"clew/ingest"
	"clew/store"
	"clew/tracer"
)

// Of the traces.
const (
	traceTouched = 100_000
	seedBlock    = 20
)

// counter takes the long parts of a trace and counts them.
type counter struct{ hops, endpoints int64 }

func (c *counter) Hop(tracer.Hop) error                { c.hops++; return nil }
func (c *counter) Endpoint(int, tracer.Endpoint) error { c.endpoints++; return nil }

// output is an incident whose seed is one output of an early block.
func (o *options) output() (*tracer.Incident, error) {
	records, f, err := o.open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	b, err := records[seedBlock].Decode(seedBlock)
	if err != nil {
		return nil, err
	}
	return incident(fmt.Sprintf("{id: V1, output: \"%s:%s:0\", height: %d}", chain, b.Txs[1].ID, seedBlock))
}

// followTxs is the number of transactions among which the window of follow's seed lies.
const followTxs = 600_000

// busyAddress is an incident whose seed is what one of the busiest addresses receives in the
// first followTxs transactions, followed for a few hops: about a thousand outputs are live
// all the time.
func (o *options) busyAddress(last int64) (*tracer.Incident, error) {
	address := chaingen.New(chainSeed, o.blockTxs).Busiest()
	return incident(fmt.Sprintf("{id: V1, chain: %s, address: %s, from: %d, to: %d}\nstop: {hops: 3}",
		chain, bitcoin.FormatAddress(chain, address), firstBlock, min(last, int64(followTxs/o.blockTxs))))
}

func incident(seed string) (*tracer.Incident, error) {
	return tracer.ParseIncident("bench", []byte("clew: incident/1\nid: bench\nrule: fifo\nseeds:\n  - "+seed+"\n"), bitcoin.Codec{})
}

var errEnough = errors.New("enough was touched")

// trace follows a theft through the store, up to the block at which enough transactions are
// touched, under all rules. The first run finds that block, and warms.
func (o *options) trace(ctx context.Context) (res result, err error) {
	st, err := store.Open(ctx, o.syncedStore(), store.Options{})
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	inc, err := o.output()
	if err != nil {
		return res, err
	}
	asOf := int64(store.Latest)
	for range 2 {
		ctx, cancel := context.WithCancelCause(ctx)
		opt := tracer.Options{Sink: &counter{}, Progress: func(at chains.BlockRef, touched, _ int) {
			if res.Txs = int64(touched); touched >= traceTouched && asOf == store.Latest {
				asOf = at.Height
				cancel(errEnough)
			}
		}}
		src, err := st.Source(ctx, chain, asOf)
		if err != nil {
			cancel(nil)
			return res, err
		}
		start := time.Now()
		_, err = tracer.Run(ctx, inc, chain, src, bitcoin.Codec{}, opt)
		res.Took = time.Since(start)
		res.Hops = opt.Sink.(*counter).hops
		enough := errors.Is(context.Cause(ctx), errEnough)
		cancel(nil)
		if err := errors.Join(src.Close()); err != nil {
			return res, err
		}
		if err != nil && !enough {
			return res, err
		}
	}
	return res, nil
}

// follow traces what a busy address receives by a pass over all blocks of the server.
func (o *options) follow(ctx context.Context) (res result, err error) {
	node, err := bitcoin.Dial(ctx, chain, o.url, bitcoin.Options{})
	if err != nil {
		return res, err
	}
	head, err := node.Head(ctx)
	if err != nil {
		return res, err
	}
	inc, err := o.busyAddress(head.Height)
	if err != nil {
		return res, err
	}
	start := time.Now()
	pass, err := ingest.NewPass(ctx, node, bitcoin.Codec{}, ingest.PassOptions{
		From: firstBlock, InFlight: o.inFlight,
		Progress: func(done, _, txs int64, _ chains.BlockRef) { res.Txs, res.Blocks = txs, done },
	})
	if err != nil {
		return res, err
	}
	defer pass.Close()
	sink := &counter{}
	_, err = tracer.Run(ctx, inc, chain, pass, bitcoin.Codec{}, tracer.Options{
		Sink: sink, TouchedOnly: true,
		Progress: func(_ chains.BlockRef, touched, live int) {
			res.Touched, res.Live = int64(touched), max(res.Live, int64(live))
		},
	})
	res.Took, res.Hops = time.Since(start), sink.hops
	return res, err
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"clew/bench/chaingen"
)

// generate makes the file of a chain of at least o.txs transactions.
func (o *options) generate(context.Context) (result, error) {
	start := time.Now()
	blocks := (o.txs + o.blockTxs - 1) / o.blockTxs
	err := chaingen.New(chainSeed, o.blockTxs).Write(o.chainFile(), blocks)
	return result{Txs: int64(blocks * o.blockTxs), Blocks: int64(blocks), Took: time.Since(start)}, err
}

// serve answers for that chain on a free port of loopback, whose URL it prints, until ctx ends.
func (o *options) serve(ctx context.Context) (res result, err error) {
	records, f, err := o.open()
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return res, err
	}
	fmt.Printf("http://%s\n", l.Addr())
	h := &http.Server{Handler: chaingen.NewServer(records), ReadHeaderTimeout: time.Minute}
	stop := context.AfterFunc(ctx, func() { _ = h.Close() })
	defer stop()
	if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return res, err
	}
	return res, nil
}

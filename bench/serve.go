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
func (o *options) generate() error {
	return chaingen.New(chainSeed, blockTxs).Write(o.chainFile(), (o.txs+blockTxs-1)/blockTxs)
}

// serve answers for that chain on a free port of loopback, whose URL it prints, until ctx ends.
func (o *options) serve(ctx context.Context) (err error) {
	records, f, err := o.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", l.Addr())
	h := &http.Server{Handler: chaingen.NewServer(records), ReadHeaderTimeout: time.Minute}
	stop := context.AfterFunc(ctx, func() { _ = h.Close() })
	defer stop()
	if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

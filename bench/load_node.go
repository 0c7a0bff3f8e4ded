package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"clew/bench/chaingen"
)

// pacedNode is a node on loopback that never has to think and finds a block in each interval, from a chain
// that was made beforehand.
type pacedNode struct {
	url     string
	server  *chaingen.Server
	http    *http.Server
	records []chaingen.Record
	file    io.Closer
	found   atomic.Int64 // height of its head
}

// startNode serves the chain up to the block at height.
func (o *options) startNode(ctx context.Context, height int) (*pacedNode, error) {
	records, file, err := o.open()
	if err != nil {
		return nil, err
	}
	n := &pacedNode{records: records, file: file, server: chaingen.NewServer(records[:height+1])}
	n.found.Store(int64(height))
	l, err := listenLoopback(ctx)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	n.url = "http://" + l.Addr().String()
	n.http = &http.Server{Handler: n.server, ReadHeaderTimeout: time.Minute}
	go func() { _ = n.http.Serve(l) }() // it ends with Close
	return n, nil
}

// pace finds a block in each interval, until ctx ends or there is none left.
func (n *pacedNode) pace(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for next := int(n.found.Load()) + 1; next < len(n.records); next++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		n.server.Replace(next, n.records[next:next+1])
		n.found.Store(int64(next))
	}
}

// Close stops it.
func (n *pacedNode) Close() error { return errors.Join(n.http.Close(), n.file.Close()) }

// listenLoopback listens on a free port of loopback.
func listenLoopback(ctx context.Context) (net.Listener, error) {
	var listen net.ListenConfig
	return listen.Listen(ctx, "tcp", "127.0.0.1:0")
}

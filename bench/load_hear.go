package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"clew/bench/chaingen"
	"clew/chains/bitcoin"
)

// hearer takes webhooks.
type hearer struct {
	*http.Server
	events atomic.Int64
}

// hear takes the events of what is watched: one of the busiest addresses, to which each block pays. What
// loaded incidents traced is watched already.
func (o *options) hear(ctx context.Context, c *client) (*hearer, error) {
	h := &hearer{}
	l, err := listenLoopback(ctx)
	if err != nil {
		return nil, err
	}
	h.Server = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			h.events.Add(1)
		}
	})}
	go func() { _ = h.Serve(l) }() // it ends with Close
	if _, err := c.post(ctx, http.StatusCreated, "/v1/webhook-endpoints", fmt.Sprintf(`{"url":"http://%s"}`, l.Addr())); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	busy := bitcoin.FormatAddress(chain, chaingen.New(chainSeed, o.blockTxs).Busiest())
	if _, err := c.post(ctx, http.StatusCreated, "/v1/watches", fmt.Sprintf(`{"chain":%q,"address":%q,"screen":false}`, chain, busy)); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

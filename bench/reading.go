package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"clew/chains"
	"clew/chains/bitcoin"
)

// drop asks for the same answers as a sync does and drops them: the server's own limit.
func (o *options) drop(ctx context.Context) (res result, err error) {
	records, f, err := o.open()
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: o.inFlight}}
	start := time.Now()
	res.Bytes, err = each(o.inFlight, firstBlock, len(records), func(i int) (int64, error) {
		return dropREST(ctx, client, o.url, records[i].Hash)
	})
	res.Took = time.Since(start)
	res.Blocks = int64(len(records) - firstBlock)
	res.Txs = res.Blocks * int64(o.blockTxs)
	return res, err
}

// dropREST asks for a block and what it spends, and returns the length of both answers.
func dropREST(ctx context.Context, client *http.Client, url string, hash chains.BlockHash) (sum int64, err error) {
	for _, what := range []string{"block", "spenttxouts"} {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/rest/"+what+"/"+hash.String()+".bin", nil)
		if err != nil {
			return 0, err
		}
		n, err := drain(client, req)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// drain sends a request, drops the answer and returns its length.
func drain(client *http.Client, req *http.Request) (n int64, err error) {
	answer, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s: %s", req.URL.Path, answer.Status)
	}
	return io.Copy(io.Discard, answer.Body)
}

// each calls do for every number from first to below end, n at a time, and sums what it
// returns. After an error it begins no other.
func each(n, first, end int, do func(i int) (int64, error)) (sum int64, err error) {
	var mu sync.Mutex
	var wait sync.WaitGroup
	next := first
	for range n {
		wait.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				stop := err != nil || i >= end
				mu.Unlock()
				if stop {
					return
				}
				v, fault := do(i)
				mu.Lock()
				sum, err = sum+v, errors.Join(err, fault)
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	return sum, err
}

// decode reads and checks every block through the adapter and drops it.
func (o *options) decode(ctx context.Context) (res result, err error) {
	node, err := bitcoin.Dial(ctx, chain, o.url, bitcoin.Options{})
	if err != nil {
		return res, err
	}
	head, err := node.Head(ctx)
	if err != nil {
		return res, err
	}
	start := time.Now()
	res.Txs, err = each(o.inFlight, firstBlock, int(head.Height)+1, func(i int) (int64, error) {
		hash, err := node.HashAt(ctx, int64(i))
		if err != nil {
			return 0, err
		}
		b, err := node.Block(ctx, int64(i), hash)
		if err != nil {
			return 0, err
		}
		return int64(len(b.Txs)), nil
	})
	res.Took, res.Blocks = time.Since(start), head.Height
	return res, err
}

package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

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
	res.Bytes, err = eachBlock(o.inFlight, len(records), func(i int) (int64, error) {
		sum := int64(0)
		for _, what := range []string{"block", "spenttxouts"} {
			n, err := fetch(ctx, client, o.url+"/rest/"+what+"/"+records[i].Hash.String()+".bin")
			if err != nil {
				return 0, err
			}
			sum += n
		}
		return sum, nil
	})
	res.Took = time.Since(start)
	res.Blocks = int64(len(records) - firstBlock)
	res.Txs = res.Blocks * int64(o.blockTxs)
	return res, err
}

func fetch(ctx context.Context, client *http.Client, url string) (n int64, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	answer, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	return io.Copy(io.Discard, answer.Body)
}

// eachBlock calls do for every block, n at a time, and sums what it returns.
func eachBlock(n, blocks int, do func(i int) (int64, error)) (sum int64, err error) {
	var mu sync.Mutex
	var wait sync.WaitGroup
	next := firstBlock
	for range n {
		wait.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				stop := err != nil || i >= blocks
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
	res.Txs, err = eachBlock(o.inFlight, int(head.Height)+1, func(i int) (int64, error) {
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

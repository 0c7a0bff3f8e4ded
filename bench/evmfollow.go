package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"

	"clew/bench/accountgen"
	"clew/chains"
	"clew/chains/evm"
	"clew/ingest"
	"clew/tracer"
)

// followed is how many accounts the stolen value goes through, in a chain of any length.
const followed = 100

// Ways of following.
const (
	bySearch = "search"      // by the node's index of accounts
	byBlocks = "every block" // as without one
)

// evmChain serves a generated chain of o.txs blocks until ctx ends.
func (o *options) evmChain(ctx context.Context) (res result, err error) {
	c, err := accountgen.New(int64(o.txs), followed)
	if err != nil {
		return res, err
	}
	var n counted
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		calls, length := answerRPC(w, r, func(b []byte, q *accountgen.Call) []byte {
			before := len(b)
			b, known := c.Answer(append(b, `"result":`...), q)
			if !known {
				return append(b[:before], unknown...)
			}
			return b
		})
		n.requests.Add(1)
		n.calls.Add(int64(calls))
		n.bytes.Add(int64(length))
	})
	mux.HandleFunc("/count", func(w http.ResponseWriter, _ *http.Request) {
		send(w, fmt.Appendf(nil, `{"requests":%d,"calls":%d,"bytes":%d}`, n.requests.Load(), n.calls.Load(), n.bytes.Load()))
	})
	return res, listen(ctx, mux, func(url string) error {
		return describeEVM(evmFilled{Chain: c.ID, URL: url, PID: os.Getpid(), To: c.Last(), Incident: c.Incident()})
	})
}

// counted is what a server was asked and answered.
type counted struct{ requests, calls, bytes atomic.Int64 }

// count adds to res what the server was asked so far, times sign.
func (f *evmFilled) count(ctx context.Context, res *result, sign int64) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.URL+"/count", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }() // it was only read
	var n struct{ Requests, Calls, Bytes int64 }
	if err := json.NewDecoder(answer.Body).Decode(&n); err != nil {
		return err
	}
	res.Requests, res.Calls, res.Bytes = res.Requests+sign*n.Requests, res.Calls+sign*n.Calls, res.Bytes+sign*n.Bytes
	return nil
}

// evmFollow follows the theft of the generated chain, by o.way. What it takes to reach the node
// counts.
func (o *options) evmFollow(ctx context.Context) (res result, err error) {
	f, err := o.readEVM()
	if err != nil {
		return res, err
	}
	inc, err := tracer.ParseIncident("bench", []byte(f.Incident), evm.Codec{})
	if err != nil {
		return res, err
	}
	if err := f.count(ctx, &res, -1); err != nil {
		return res, err
	}
	if err := beside(f.PID, &res, func() error { return o.followEVM(ctx, &f, inc, &res) }); err != nil {
		return res, err
	}
	if want := int64(2 * (followed - 1)); res.Touched != want {
		return res, fmt.Errorf("%d transactions moved what is stolen on, the theft has %d", res.Touched, want)
	}
	return res, f.count(ctx, &res, 1)
}

func (o *options) followEVM(ctx context.Context, f *evmFilled, inc *tracer.Incident, res *result) error {
	node, err := evm.Dial(ctx, f.Chain, f.URL, evm.Options{})
	if err != nil {
		return err
	}
	opt := ingest.PassOptions{
		From: -1, InFlight: o.inFlight, Whole: o.way == byBlocks,
		Progress: func(done, _, txs int64, _ chains.BlockRef) { res.Blocks, res.Txs = done, txs },
	}
	pass, err := ingest.NewPass(ctx, node, nil, opt)
	if err != nil {
		return err
	}
	defer pass.Close()
	if pass.Searches() == opt.Whole {
		return fmt.Errorf("it was to follow by %s and did not", o.way)
	}
	sink := &counter{}
	_, err = tracer.Run(ctx, inc, f.Chain, pass, evm.Codec{}, tracer.Options{
		Sink: sink, TouchedOnly: true,
		Progress: func(_ chains.BlockRef, touched, live int) {
			res.Touched, res.Live = int64(touched), max(res.Live, int64(live))
		},
	})
	res.Hops = sink.hops
	return err
}

// followRow is a chain that was followed.
type followRow struct {
	Blocks, Txs int64 // of the chain
	Way         string
	result
}

// followCurve follows the same theft through longer and longer chains.
func (o *options) followCurve(ctx context.Context) (rows []followRow, err error) {
	for _, last := range []int{1_000, 10_000, 100_000} {
		o.txs = last
		if err := o.withEVM(ctx, evmChainJob, func(f *evmFilled) error {
			for _, way := range []string{bySearch, byBlocks} {
				if o.quick && way == byBlocks && last > 10_000 {
					continue
				}
				o.way = way
				res, err := o.child(ctx, evmFollowJob)
				if err != nil {
					return err
				}
				rows = append(rows, followRow{f.To + 1, (f.To + 1) * accountgen.Background, way, res})
			}
			return nil
		}); err != nil {
			return nil, fmt.Errorf("follow through %d blocks: %w", last, err)
		}
	}
	return rows, nil
}

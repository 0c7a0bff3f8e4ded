package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/exhibit"
	"clew/store"
	"clew/tracer"
)

// exhibitHops is how many hops the trace has of which every format is written.
const exhibitHops = 20_000

var exhibitJob = job{"exhibit", (*options).exhibit}

// exhibit writes every format of a trace of exhibitHops hops through the generated chain, all at once
// (Took, PeakMiB) and then each alone (Points, with the drawing that all of them need). Bytes are
// those of all files. It fills the store from the chain where the folder has none.
func (o *options) exhibit(ctx context.Context) (res result, err error) {
	if _, missing := os.Stat(o.chainFile()); missing != nil {
		if _, err := o.generate(ctx); err != nil {
			return res, err
		}
	}
	if _, missing := os.Stat(o.loadedStore()); missing != nil {
		if _, err := o.insert(ctx); err != nil {
			return res, err
		}
	}
	t, err := o.longTrace(ctx)
	if err != nil {
		return res, err
	}
	text, err := json.Marshal(t)
	if err != nil {
		return res, fmt.Errorf("the trace as JSON: %w", err)
	}
	res.Hops, res.Points = int64(len(t.Hops)), map[string]point{}
	if res.Took, res.Bytes, err = write(ctx, t, text, nil); err != nil {
		return res, err
	}
	for _, format := range exhibit.Formats() {
		took, _, err := write(ctx, t, text, []string{format})
		if err != nil {
			return res, err
		}
		res.Points[format] = point{Reads: 1, P50: took, P99: took, Max: took}
	}
	return res, nil
}

// write writes formats of a trace, nil for all, and returns how long that took and how many bytes.
func write(ctx context.Context, t *tracer.Trace, text []byte, only []string) (took time.Duration, bytes int64, err error) {
	dir, err := os.MkdirTemp("", "clew-exhibit-")
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	start := time.Now()
	names, err := exhibit.Write(ctx, t, text, dir, exhibit.Options{Only: only})
	took = time.Since(start)
	for _, name := range names {
		info, fault := os.Stat(dir + "/" + name)
		if fault != nil {
			return took, bytes, errors.Join(err, fault)
		}
		bytes += info.Size()
	}
	return took, bytes, err
}

// longTrace follows one output through the store up to the block in which there are exhibitHops hops:
// a first run finds that block.
func (o *options) longTrace(ctx context.Context) (t *tracer.Trace, err error) {
	st, err := store.Open(ctx, o.loadedStore(), store.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	inc, err := o.output()
	if err != nil {
		return nil, err
	}
	asOf := int64(store.Latest)
	for _, last := range []bool{false, true} {
		run, cancel := context.WithCancelCause(ctx)
		hops := &counter{}
		opt := tracer.Options{}
		if !last {
			opt.Sink = hops
			opt.Progress = func(at chains.BlockRef, _, _ int) {
				if hops.hops >= exhibitHops && asOf == store.Latest {
					asOf = at.Height
					cancel(errEnough)
				}
			}
		}
		src, err := st.Source(run, chain, asOf)
		if err != nil {
			cancel(nil)
			return nil, err
		}
		t, err = tracer.Run(run, inc, chain, src, bitcoin.Codec{}, opt)
		enough := errors.Is(context.Cause(run), errEnough)
		cancel(nil)
		if fault := src.Close(); fault != nil {
			return nil, errors.Join(err, fault)
		}
		if err != nil && !enough {
			return nil, err
		}
	}
	return t, nil
}

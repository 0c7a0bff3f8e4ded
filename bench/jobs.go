package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime/pprof"
	"sync"
	"time"

	"clew/bench/chaingen"
	"clew/chains"
	"clew/chains/bitcoin"
	"clew/ingest"
	"clew/store"
	"clew/tracer"
)

// chain is what the server says that it is of.
const chain = chaingen.Chain

const (
	// blockTxs is the number of transactions of a generated block, its coinbase among them.
	blockTxs = 2500
	// chainSeed makes the chain the same in every run.
	chainSeed = 7
)

// firstBlock is the first one that is read: block 0 is asked for as that of the network.
const firstBlock = 1

// result is what a job measured.
type result struct {
	Txs     int64         `json:"txs"`     // read, written or touched
	Took    time.Duration `json:"took"`    // nanoseconds
	Packing time.Duration `json:"packing"` // nanoseconds spent before Took in preparing rows
	PeakMiB int64         `json:"peak_mib"`
	Blocks  int64         `json:"blocks"`
	Bytes   int64         `json:"bytes"` // of the store, or read
	Hops    int64         `json:"hops"`
	Touched int64         `json:"touched"`
	Live    int64         `json:"live"` // the most outputs that were live at once
}

// rate returns transactions a second.
func (r result) rate() int64 {
	return r.Txs * int64(time.Second) / max(1, int64(r.Took))
}

// perform does one job in this process and prints its result as JSON.
func (o *options) perform(ctx context.Context, out io.Writer) error {
	jobs := map[string]func(context.Context) (result, error){
		"generate": func(context.Context) (result, error) { return result{}, o.generate() },
		"serve":    func(ctx context.Context) (result, error) { return result{}, o.serve(ctx) },
		"drop":     o.drop, "decode": o.decode, "insert": o.insert, "sync": o.sync, "trace": o.trace, "follow": o.follow,
	}
	do, ok := jobs[o.job]
	if !ok {
		return fmt.Errorf("no job %q", o.job)
	}
	stop, err := o.startProfile()
	if err != nil {
		return err
	}
	res, err := do(ctx)
	if err := errors.Join(err, stop()); err != nil {
		return err
	}
	res.PeakMiB = peakMiB()
	return json.NewEncoder(out).Encode(res)
}

// startProfile begins a CPU profile of the job, if it is wanted, and returns what ends it.
func (o *options) startProfile() (stop func() error, err error) {
	if o.profile == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(filepath.Join(o.profile, o.job+".pprof"))
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}

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
	res.Txs = res.Blocks * blockTxs
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

// insert writes the same rows in the same batches as a sync does, each prepared beforehand:
// what counts is the writing alone.
func (o *options) insert(ctx context.Context) (res result, err error) {
	records, f, err := o.open()
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	st, l, err := openLoader(ctx, o.loadedStore())
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, l.Close(), st.Close()) }()
	flush := func() error {
		start := time.Now()
		err := l.Flush(ctx)
		res.Took += time.Since(start)
		return err
	}
	for h := firstBlock; h < len(records); h++ {
		b, err := records[h].Decode(int64(h))
		if err != nil {
			return res, err
		}
		start := time.Now()
		if err := l.Add(b); err != nil {
			return res, err
		}
		res.Packing += time.Since(start)
		res.Txs += int64(len(b.Txs))
		if l.Full() {
			if err := flush(); err != nil {
				return res, err
			}
		}
	}
	res.Blocks = int64(len(records) - firstBlock)
	return res, flush()
}

func (o *options) open() ([]chaingen.Record, io.Closer, error) { return chaingen.Open(o.chainFile()) }

func openLoader(ctx context.Context, path string) (*store.Store, *store.Loader, error) {
	st, err := store.Open(ctx, path, store.Options{Create: true})
	if err != nil {
		return nil, nil, err
	}
	l, err := st.Load(ctx, chain)
	if err != nil {
		return nil, nil, errors.Join(err, st.Close())
	}
	return st, l, nil
}

// sync fills a store from the server, as the command does.
func (o *options) sync(ctx context.Context) (res result, err error) {
	node, err := bitcoin.Dial(ctx, chain, o.url, bitcoin.Options{})
	if err != nil {
		return res, err
	}
	st, l, err := openLoader(ctx, o.syncedStore())
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, l.Close(), st.Close()) }()
	start := time.Now()
	done, err := ingest.Sync(ctx, node, bitcoin.Codec{}, l, ingest.SyncOptions{From: firstBlock, To: -1, InFlight: o.inFlight})
	res.Took, res.Txs, res.Blocks = time.Since(start), done.Txs, done.Blocks
	if err != nil {
		return res, err
	}
	info, err := os.Stat(o.syncedStore())
	if err == nil {
		res.Bytes = info.Size()
	}
	return res, err
}

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

// busyAddress is an incident whose seed is what one of the busiest addresses receives in the
// whole chain, followed for a few hops: some thousand outputs are live all the time.
func busyAddress(last int64) (*tracer.Incident, error) {
	address := chaingen.New(chainSeed, blockTxs).Busiest()
	return incident(fmt.Sprintf("{id: V1, chain: %s, address: %s, from: %d, to: %d}\nstop: {hops: 3}",
		chain, bitcoin.FormatAddress(chain, address), firstBlock, last))
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
	inc, err := busyAddress(head.Height)
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

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// hashesAtOnce is how many blocks a sync has named in one request.
const hashesAtOnce = 64

// asker asks a node by JSON-RPC over HTTP what a sync asks it.
type asker struct {
	evmFilled
	client *http.Client
	hashes []string // of the blocks that count
}

func (f *evmFilled) asker(inFlight int) *asker {
	return &asker{evmFilled: *f, client: &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: 4 * inFlight, DisableCompression: true, ReadBufferSize: 64 << 10,
	}}}
}

// post sends a request and hands the answer to take.
func (a *asker) post(ctx context.Context, body []byte, take func(io.Reader) error) (err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := a.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the node answers %s", res.Status)
	}
	return take(res.Body)
}

// drop sends a request, drops the answer and returns its length.
func (a *asker) drop(ctx context.Context, body []byte) (n int64, err error) {
	err = a.post(ctx, body, func(r io.Reader) error {
		n, err = io.Copy(io.Discard, r)
		return err
	})
	return n, err
}

// result sends a request and returns the result in the answer.
func (a *asker) result(ctx context.Context, body []byte) (json.RawMessage, error) {
	var text struct {
		Result json.RawMessage `json:"result"`
		Error  json.RawMessage `json:"error"`
	}
	err := a.post(ctx, body, func(r io.Reader) error { return json.NewDecoder(r).Decode(&text) })
	if err == nil && text.Error != nil {
		err = fmt.Errorf("the node answers %s to %s", text.Error, body)
	}
	return text.Result, err
}

// thin asks for a block without its transactions.
func thin(height int64) []byte {
	return fmt.Appendf(nil, `{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["0x%x",false]}`, height)
}

// named asks for the names of the blocks from height on, as many as a sync has named at once.
func (a *asker) named(height int64) []byte {
	var calls [][]byte
	for h := height; h <= min(a.To, height+hashesAtOnce-1); h++ {
		calls = append(calls, thin(h))
	}
	return append(append([]byte("["), bytes.Join(calls, []byte(","))...), ']')
}

// parts are the three requests for all of a block: its transactions, receipts and calls.
func (a *asker) parts(height int64, hash string) [][]byte {
	traced := fmt.Sprintf(`%q,{"tracer":"callTracer"}`, hash)
	if a.Traces == byParity {
		traced = fmt.Sprintf(`"0x%x"`, height)
	}
	return [][]byte{
		fmt.Appendf(nil, `{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByHash","params":[%q,true]}`, hash),
		fmt.Appendf(nil, `{"jsonrpc":"2.0","id":1,"method":"eth_getBlockReceipts","params":["0x%x"]}`, height),
		fmt.Appendf(nil, `{"jsonrpc":"2.0","id":1,"method":%q,"params":[%s]}`, a.Traces, traced),
	}
}

// learn asks for the hashes of all blocks, before anything is measured.
func (a *asker) learn(ctx context.Context) error {
	for h := a.From; h <= a.To; h++ {
		text, err := a.result(ctx, thin(h))
		var link struct {
			Hash string `json:"hash"`
		}
		if err == nil {
			err = json.Unmarshal(text, &link)
		}
		if err != nil {
			return fmt.Errorf("block %d: %w", h, err)
		}
		a.hashes = append(a.hashes, link.Hash)
	}
	return nil
}

// dropBlock asks for a block as a sync does, its parts at once, and returns the length of the answers.
func (a *asker) dropBlock(ctx context.Context, i int) (sum int64, err error) {
	height := a.From + int64(i)
	if i%hashesAtOnce == 0 {
		if sum, err = a.drop(ctx, a.named(height)); err != nil {
			return 0, err
		}
	}
	var mu sync.Mutex
	var wait sync.WaitGroup
	for _, body := range a.parts(height, a.hashes[i]) {
		wait.Go(func() {
			n, fault := a.drop(ctx, body)
			mu.Lock()
			defer mu.Unlock()
			sum, err = sum+n, errors.Join(err, fault)
		})
	}
	wait.Wait()
	return sum, err
}

// evmDrop has the node answer all that a sync asks, and drops it.
func (o *options) evmDrop(ctx context.Context) (res result, err error) {
	f, err := o.readEVM()
	if err != nil {
		return res, err
	}
	a := f.asker(o.inFlight)
	if err := a.learn(ctx); err != nil {
		return res, err
	}
	err = beside(f.PID, &res, func() (err error) {
		res.Bytes, err = each(o.inFlight, 0, len(a.hashes), func(i int) (int64, error) { return a.dropBlock(ctx, i) })
		return err
	})
	res.Blocks = int64(len(a.hashes))
	res.Txs = res.Blocks * int64(o.blockTxs)
	if err == nil && res.Bytes < res.Txs*leastTx {
		err = fmt.Errorf("%d transactions came in %d bytes: it was not blocks that were dropped", res.Txs, res.Bytes)
	}
	return res, err
}

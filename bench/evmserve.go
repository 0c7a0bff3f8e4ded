package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"clew/bench/accountgen"
	"clew/chains"
)

// evmServe answers as the node of the recorded blocks did, from memory, until ctx ends.
func (o *options) evmServe(ctx context.Context) (res result, err error) {
	f, err := o.readEVM()
	if err != nil {
		return res, err
	}
	blocks, err := readRecorded(o.chainFile())
	if err != nil {
		return res, err
	}
	s := &recordedServer{id: f.Chain, blocks: blocks, byHash: map[string]*recorded{}}
	for i := range blocks {
		s.byHash[blocks[i].hash] = &blocks[i]
	}
	return res, listen(ctx, s, func(url string) error {
		f.URL, f.PID = url, os.Getpid()
		return describeEVM(f)
	})
}

// listen serves on a free port of loopback until ctx ends; ready is told the URL.
func listen(ctx context.Context, h http.Handler, ready func(url string) error) error {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if err := ready("http://" + l.Addr().String()); err != nil {
		return errors.Join(err, l.Close())
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// recordedServer answers with what a node said. Safe for concurrent use.
type recordedServer struct {
	id     chains.Chain
	blocks []recorded // by height
	byHash map[string]*recorded
}

// answerRPC answers one call, or a batch of them, each with what result appends.
func answerRPC(w http.ResponseWriter, r *http.Request, result func(body []byte, q *accountgen.Call) []byte) (calls, length int) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, 0 // the client has left
	}
	all := make([]accountgen.Call, 1)
	batch := bytes.HasPrefix(text, []byte("["))
	if batch {
		err = json.Unmarshal(text, &all)
	} else {
		err = json.Unmarshal(text, &all[0])
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return 0, 0
	}
	var body []byte
	for i := range all {
		body = append(body, `,{"jsonrpc":"2.0","id":`...)
		body = append(body, all[i].ID...)
		body = append(append(result(append(body, ','), &all[i]), '}'), '\n')
	}
	if body = body[1 : len(body)-1]; batch {
		body = append(append([]byte("["), body...), ']')
	}
	send(w, body)
	return len(all), len(body)
}

func send(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // a client that left is gone
}

// unknown is what a node says of a method that it does not have.
const unknown = `"error":{"code":-32601,"message":"the method does not exist/is not available"}`

// ServeHTTP answers JSON-RPC.
func (s *recordedServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answerRPC(w, r, s.result)
}

// result appends the result of a call, or its error.
func (s *recordedServer) result(body []byte, q *accountgen.Call) []byte {
	section := -1
	var b *recorded
	switch q.Method {
	case "eth_chainId":
		id, _ := s.id.ChainID()
		return fmt.Appendf(body, `"result":"0x%x"`, id)
	case "web3_clientVersion":
		return append(body, `"result":"recorded"`...)
	case "eth_getBalance":
		return append(body, `"result":"0x0"`...)
	case "eth_getBlockByNumber":
		section, b = 0, s.at(q.Text(0))
	case "eth_getBlockByHash":
		section, b = 1, s.byHash[q.Text(0)]
	case "eth_getBlockReceipts":
		section, b = 2, s.at(q.Text(0))
	case byDebug:
		section, b = 3, s.byHash[q.Text(0)]
	}
	switch {
	case section < 0:
		return append(body, unknown...)
	case b == nil:
		return append(body, `"result":null`...)
	}
	return append(append(body, `"result":`...), b.sections[section]...)
}

// at returns the block at a height in hex, or the last one.
func (s *recordedServer) at(text string) *recorded {
	if text == "latest" {
		return &s.blocks[len(s.blocks)-1]
	}
	height, err := strconv.ParseUint(text, 0, 32)
	if err != nil || height >= uint64(len(s.blocks)) {
		return nil
	}
	return &s.blocks[height]
}

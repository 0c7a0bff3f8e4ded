package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"clew/chains"
)

// server answers as a bitcoind would that never has to think: the same calls, the answers
// read from a chain file that the system keeps in memory.
type server struct {
	file    *os.File
	records []record
	heights map[string]int // by hash
}

// serve answers on a free port of loopback, whose URL it prints, until ctx ends.
func serve(ctx context.Context, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	s := &server{file: f, heights: map[string]int{}}
	if s.records, err = scan(f); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for i := range s.records {
		s.heights[s.records[i].hash.String()] = i
	}
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", l.Addr())
	h := &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	stop := context.AfterFunc(ctx, func() { _ = h.Close() })
	defer stop()
	if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// ServeHTTP answers REST and JSON-RPC.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/" {
		s.rpc(w, r)
		return
	}
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/rest/"), "/")
	i, ok := s.heights[strings.TrimSuffix(parts[len(parts)-1], ".bin")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	rec := &s.records[i]
	switch parts[0] {
	case "headers":
		send(w, rec.header)
	case "block":
		s.section(w, rec.block, rec.blockLength)
	case "spenttxouts":
		s.section(w, rec.block+int64(rec.blockLength)+4, rec.spentLength)
	default:
		http.NotFound(w, r)
	}
}

// section sends a part of the file.
func (s *server) section(w http.ResponseWriter, at int64, length int) {
	w.Header().Set("Content-Length", strconv.Itoa(length))
	_, _ = io.Copy(w, io.NewSectionReader(s.file, at, int64(length))) // a client that left is gone
}

func send(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // a client that left is gone
}

func (s *server) rpc(w http.ResponseWriter, r *http.Request) {
	var q struct {
		ID     any    `json:"id"`
		Method string `json:"method"`
		Params []any  `json:"params"`
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer := map[string]any{"id": q.ID, "error": nil}
	result, fault := s.call(q.Method, q.Params)
	if answer["result"] = result; fault != 0 {
		answer["result"], answer["error"] = nil, map[string]any{"code": fault, "message": "no"}
	}
	body, err := json.Marshal(answer)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	send(w, body)
}

// Error codes of bitcoind.
const (
	unknownMethod = -32601
	badParameter  = -8
	unknownBlock  = -5
)

// call returns a result or an error code.
func (s *server) call(method string, params []any) (any, int) {
	last := len(s.records) - 1
	switch method {
	case "getblockchaininfo":
		return map[string]any{"chain": "regtest", "blocks": last, "headers": last, "bestblockhash": s.records[last].hash}, 0
	case "getindexinfo":
		return map[string]any{}, 0
	case "getblockhash":
		h, ok := params[0].(float64)
		switch {
		case !ok || int(h) > last:
			return nil, badParameter
		case h == 0: // what tells the network; block 0 is asked for by its own hash
			return chains.Chain("bitcoin-regtest").Info().Genesis, 0
		}
		return s.records[int(h)].hash, 0
	case "getblockheader":
		i, ok := s.heights[fmt.Sprint(params[0])]
		if !ok {
			return nil, unknownBlock
		}
		return hex.EncodeToString(s.records[i].header), 0
	}
	return nil, unknownMethod
}

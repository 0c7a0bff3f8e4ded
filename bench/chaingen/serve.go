package chaingen

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"clew/chains"
)

// Server answers as a bitcoind would that never has to think: the same calls, the answers
// read from files that the system keeps in memory. Safe for concurrent use.
type Server struct {
	mu    sync.RWMutex
	main  []Record
	known map[chains.BlockHash]*Record // also those that left the main chain
}

// NewServer returns a server of these blocks, from block 0 on.
func NewServer(blocks []Record) *Server {
	s := &Server{known: map[chains.BlockHash]*Record{}}
	s.Replace(0, blocks)
	return s
}

// Replace puts blocks in the place of those from height on: a reorganisation. Those that
// leave the main chain can still be read by their hashes.
func (s *Server) Replace(height int, blocks []Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.main = append(s.main[:height:height], blocks...)
	for i := range blocks {
		s.known[blocks[i].Hash] = &blocks[i]
	}
}

// last returns the height of the head and its hash.
func (s *Server) last() (int, chains.BlockHash) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.main) - 1, s.main[len(s.main)-1].Hash
}

// at returns the hash of the main chain's block at height, false above the head.
func (s *Server) at(height int) (chains.BlockHash, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if height < 0 || height >= len(s.main) {
		return chains.BlockHash{}, false
	}
	return s.main[height].Hash, true
}

// find returns the block with the hash that text is, nil if there is none.
func (s *Server) find(text string) *Record {
	hash, err := chains.ParseHash(text)
	if err != nil {
		return nil
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.known[hash]
}

// ServeHTTP answers REST and JSON-RPC.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/" {
		s.rpc(w, r)
		return
	}
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/rest/"), "/")
	rec := s.find(strings.TrimSuffix(parts[len(parts)-1], ".bin"))
	if rec == nil {
		http.NotFound(w, r)
		return
	}
	switch parts[0] {
	case "headers":
		send(w, rec.Header)
	case "block":
		section(w, rec, rec.block, rec.blockLength)
	case "spenttxouts":
		section(w, rec, rec.block+int64(rec.blockLength)+4, rec.spentLength)
	default:
		http.NotFound(w, r)
	}
}

// section sends a part of the file of rec.
func section(w http.ResponseWriter, rec *Record, at int64, length int) {
	w.Header().Set("Content-Length", strconv.Itoa(length))
	_, _ = io.Copy(w, io.NewSectionReader(rec.file, at, int64(length))) // a client that left is gone
}

func send(w http.ResponseWriter, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // a client that left is gone
}

// question is a call of JSON-RPC, answer what becomes of it.
type question struct {
	ID     any    `json:"id"`
	Method string `json:"method"`
	Params []any  `json:"params"`
}

type answer struct {
	ID     any    `json:"id"`
	Result any    `json:"result"`
	Error  *fault `json:"error"`
}

type fault struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// rpc answers one call, or a batch of them.
func (s *Server) rpc(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has left
	}
	var all []question
	batch := bytes.HasPrefix(text, []byte("["))
	if batch {
		err = json.Unmarshal(text, &all)
	} else {
		all = make([]question, 1)
		err = json.Unmarshal(text, &all[0])
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answers := make([]answer, len(all))
	for i, q := range all {
		answers[i] = s.answer(q)
	}
	var body []byte
	if batch {
		body, err = json.Marshal(answers)
	} else {
		body, err = json.Marshal(answers[0])
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	send(w, body)
}

func (s *Server) answer(q question) answer {
	result, code := s.call(q.Method, q.Params)
	if code != 0 {
		return answer{ID: q.ID, Error: &fault{Code: code, Message: "no"}}
	}
	return answer{ID: q.ID, Result: result}
}

// Error codes of bitcoind.
const (
	unknownMethod = -32601
	badParameter  = -8
	unknownBlock  = -5
)

// call returns a result or an error code.
func (s *Server) call(method string, params []any) (any, int) {
	switch method {
	case "getblockchaininfo":
		last, hash := s.last()
		return map[string]any{"chain": "regtest", "blocks": last, "headers": last, "bestblockhash": hash}, 0
	case "getindexinfo":
		return map[string]any{}, 0
	case "getblockhash":
		h, ok := params[0].(float64)
		if ok && h == 0 { // what tells the network; block 0 is asked for by its own hash
			return Chain.Info().Genesis, 0
		}
		if hash, found := s.at(int(h)); ok && found {
			return hash, 0
		}
		return nil, badParameter
	case "getblockheader":
		if rec := s.find(fmt.Sprint(params[0])); rec != nil {
			return hex.EncodeToString(rec.Header), 0
		}
		return nil, unknownBlock
	}
	return nil, unknownMethod
}

package nodetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
)

// Question is one call on its way to the node.
type Question struct {
	ID     json.RawMessage   `json:"id"`
	Method string            `json:"method"`
	Params []json.RawMessage `json:"params"`
}

// Refusal is an error of JSON-RPC.
type Refusal struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// Tamper says what a Proxy changes; what is nil or 0 changes nothing. Functions are called by
// several goroutines at once.
type Tamper struct {
	// Status answers a request with another status than 200, and these words.
	Status func(calls []Question) (status int, words string)
	// Refuse answers a call in place of the node; nil: it is asked.
	Refuse func(q Question) *Refusal
	// Answer changes a result.
	Answer func(q Question, result json.RawMessage) json.RawMessage
	// MostCalls is how many calls a batch may have.
	MostCalls int
	// Body changes the whole answer, last of all.
	Body func(calls []Question, body []byte) []byte
}

// reply is one answer.
type reply struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *Refusal        `json:"error,omitempty"`
}

// Proxy stands before the node and lets its answers be changed: one that refuses, lies, or
// lacks methods. It speaks HTTP, returns its URL, and closes when the test
// ends.
func (n *Node) Proxy(tb testing.TB, how Tamper) string {
	tb.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		calls, batch := questions(body)
		if how.Status != nil {
			if status, words := how.Status(calls); status != http.StatusOK {
				http.Error(w, words, status)
				return
			}
		}
		answer, err := how.answer(r, n.URL, calls, batch)
		if err != nil { // the node is gone: so are we
			panic(http.ErrAbortHandler)
		}
		if how.Body != nil {
			answer = how.Body(calls, answer)
		}
		w.Header().Set("Content-Type", "application/json")
		if _, err := w.Write(answer); err != nil { //nolint:gosec // bytes for a program, no page
			panic(http.ErrAbortHandler)
		}
	}))
	tb.Cleanup(server.Close)
	return server.URL
}

func questions(body []byte) (calls []Question, batch bool) {
	if json.Unmarshal(body, &calls) == nil {
		return calls, true
	}
	var one Question
	if json.Unmarshal(body, &one) == nil {
		calls = []Question{one}
	}
	return calls, false
}

// answer asks the node for what is not refused.
func (t *Tamper) answer(r *http.Request, node string, calls []Question, batch bool) ([]byte, error) {
	if t.MostCalls > 0 && len(calls) > t.MostCalls {
		return json.Marshal(reply{Version: "2.0", ID: json.RawMessage("null"), Error: &Refusal{-32600, "batch too large"}})
	}
	replies := make([]reply, len(calls))
	for i, q := range calls {
		replies[i] = reply{Version: "2.0", ID: q.ID}
		if t.Refuse != nil {
			replies[i].Error = t.Refuse(q)
		}
		if replies[i].Error == nil {
			if err := t.ask(r, node, q, &replies[i]); err != nil {
				return nil, err
			}
		}
	}
	if batch {
		return json.Marshal(replies)
	}
	return json.Marshal(replies[0])
}

// ask asks the node one call.
func (t *Tamper) ask(r *http.Request, node string, q Question, into *reply) error {
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": q.ID, "method": q.Method, "params": q.Params})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, node, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	var got struct {
		Result json.RawMessage `json:"result"`
		Error  *Refusal        `json:"error"`
	}
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil {
		return fmt.Errorf("answer to %s: %w", q.Method, err)
	}
	into.Result, into.Error = got.Result, got.Error
	if into.Error == nil && t.Answer != nil {
		into.Result = t.Answer(q, into.Result)
	}
	return nil
}

// NoMethod is what a node says that does not have one of the methods.
func NoMethod(methods ...string) func(Question) *Refusal {
	return func(q Question) *Refusal {
		for _, m := range methods {
			if q.Method == m {
				return &Refusal{-32601, "the method " + m + " does not exist/is not available"}
			}
		}
		return nil
	}
}

// Guard stands before the node, over HTTP and WebSocket, and lets nobody through whose headers
// wants does not like: status 401. It returns its URL, and closes when the test ends.
func (n *Node) Guard(tb testing.TB, wants func(http.Header) bool) string {
	tb.Helper()
	behind := map[bool]*httputil.ReverseProxy{}
	for socket, address := range map[bool]string{false: n.URL, true: strings.Replace(n.WS, "ws", "http", 1)} {
		target, err := url.Parse(address)
		if err != nil {
			tb.Fatalf("guard: %v", err)
		}
		behind[socket] = httputil.NewSingleHostReverseProxy(target)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !wants(r.Header) {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		r.Header.Del("Authorization")
		behind[r.Header.Get("Upgrade") != ""].ServeHTTP(w, r)
	}))
	tb.Cleanup(server.Close)
	return server.URL
}

// Switch passes each request on to where node says at that moment, over HTTP. It returns its
// URL, and closes when the test ends.
func Switch(tb testing.TB, node func() string) string {
	tb.Helper()
	server := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		target, err := url.Parse(node())
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.SetURL(target)
	}})
	tb.Cleanup(server.Close)
	return server.URL
}

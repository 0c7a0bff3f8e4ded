package nodetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
)

// Question is a request on its way to the node.
type Question struct {
	Path   string            // /rest/block/….bin, or / for JSON-RPC
	Method string            // of JSON-RPC; "" for REST and for batches
	Params []json.RawMessage // of that method
	ID     json.RawMessage   // of the request by JSON-RPC
	Body   []byte
}

// Result is an answer of JSON-RPC with that result, a JSON text.
func (q *Question) Result(json string) []byte {
	return fmt.Appendf(nil, `{"result":%s,"error":null,"id":%s}`, json, q.ID)
}

// Refusal is an answer of JSON-RPC with an error.
func (q *Question) Refusal(code int, words string) []byte {
	return fmt.Appendf(nil, `{"result":null,"error":{"code":%d,"message":%q},"id":%s}`, code, words, q.ID)
}

// Reply is the node's answer on its way back.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
	Cut    int  // if above 0: break the connection after that many bytes of the body
	Drop   bool // break the connection without an answer
	Reset  bool // with Cut: break it by a reset, which may overtake what was sent
	Claim  int  // if above 0: the length that the answer claims to have, true or not
}

// Tamper says what a Proxy changes; a nil function changes nothing.
type Tamper struct {
	Ask    func(*Question)         // before the node is asked
	Answer func(*Question, *Reply) // after it has answered
}

// Proxy stands before a node and lets its answers be changed: a node that lies, breaks off,
// is busy, or is an older one. It returns its URL, and closes when the test ends. Functions
// of how are called by several goroutines at once.
func Proxy(tb testing.TB, node string, how Tamper) string {
	tb.Helper()
	return proxy(tb, node, http.DefaultClient, how)
}

// Proxy is the function of that name before n. It speaks without TLS.
func (n *Node) Proxy(tb testing.TB, how Tamper) string {
	tb.Helper()
	return proxy(tb, n.URL, n.http, how)
}

func proxy(tb testing.TB, node string, c *http.Client, how Tamper) string {
	tb.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		q := question(r.URL.Path, body)
		if how.Ask != nil {
			how.Ask(q)
		}
		reply, err := forward(r, node, c, q)
		if err != nil { // the node is gone: so are we
			panic(http.ErrAbortHandler)
		}
		if how.Answer != nil {
			how.Answer(q, reply)
		}
		send(w, reply)
	}))
	tb.Cleanup(server.Close)
	return server.URL
}

func question(path string, body []byte) *Question {
	q := &Question{Path: path, Body: body}
	var call struct {
		Method string            `json:"method"`
		Params []json.RawMessage `json:"params"`
		ID     json.RawMessage   `json:"id"`
	}
	if json.Unmarshal(body, &call) == nil { // a batch or REST has no method
		q.Method, q.Params, q.ID = call.Method, call.Params, call.ID
	}
	return q
}

func forward(r *http.Request, node string, c *http.Client, q *Question) (*Reply, error) {
	req, err := http.NewRequestWithContext(r.Context(), r.Method, node+q.Path, bytes.NewReader(q.Body)) //nolint:gosec // to the test's own node
	if err != nil {
		return nil, err
	}
	req.Header = r.Header.Clone()
	res, err := c.Do(req) //nolint:gosec // the same
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	return &Reply{Status: res.StatusCode, Header: res.Header, Body: body}, err
}

func send(w http.ResponseWriter, reply *Reply) {
	if reply.Drop {
		panic(http.ErrAbortHandler)
	}
	if reply.Reset || reply.Claim > 0 {
		sendRaw(w, reply)
		return
	}
	for name, values := range reply.Header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(reply.Body)))
	w.WriteHeader(reply.Status)
	cut := len(reply.Body)
	if reply.Cut > 0 {
		cut = min(cut, reply.Cut)
	}
	_, err := w.Write(reply.Body[:cut]) //nolint:gosec // bytes for a program, no page
	if err != nil || cut < len(reply.Body) {
		panic(http.ErrAbortHandler)
	}
}

// sendRaw writes the answer past the server, which would not lie about its length, and
// leaves the connection: closed, or reset.
func sendRaw(w http.ResponseWriter, reply *Reply) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer func() { _ = conn.Close() }()
	cut, claim := len(reply.Body), len(reply.Body)
	if reply.Cut > 0 {
		cut = min(cut, reply.Cut)
	}
	if reply.Claim > 0 {
		claim = reply.Claim
	}
	if tcp, ok := conn.(*net.TCPConn); ok && reply.Reset {
		_ = tcp.SetLinger(0) // else it is closed, which breaks the answer as well
	}
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 %d .\r\nContent-Length: %d\r\n\r\n%s", reply.Status, claim, reply.Body[:cut]) // a client that left is gone
}

package bitcoin

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/goccy/go-json"

	"clew/chains"
)

// RPCError is an error that a node answered with.
type RPCError struct {
	Method  string
	Code    int    // bitcoind's numbers, below
	Message string // the node's words: shown, never branched on
}

// Error gives method, code and the node's words.
func (e *RPCError) Error() string {
	return fmt.Sprintf("%s: the node answers %d: %s", e.Method, e.Code, excerpt([]byte(e.Message)))
}

// Codes of bitcoind's JSON-RPC.
const (
	codeNotFound   = -5  // no such block or transaction
	codeParameter  = -8  // height out of range
	codeWarmingUp  = -28 // still loading
	codeNoMethod   = -32601
	codeMisc       = -1
	smallAnswer    = 1 << 20 // bytes, for answers of a few fields
	maxBatchAnswer = 256 << 20
)

// rpcCall is one call of a batch: result is a pointer to decode into, err is its own error.
type rpcCall struct {
	method string
	params []any
	result any
	err    error
}

type rpcRequest struct {
	Version string `json:"jsonrpc"`
	ID      int64  `json:"id"`
	Method  string `json:"method"`
	Params  []any  `json:"params"`
}

type rpcResponse struct {
	ID     *int64 `json:"id"` // null with an error of a request that the node could not read
	Result any    `json:"result"`
	Error  *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// call asks for one method and decodes the result into result, a pointer. The node's own
// errors come back as *RPCError, or wrapping chains.ErrUnsupported for an unknown method.
func (c *client) call(ctx context.Context, limit int64, result any, method string, params ...any) error {
	if params == nil {
		params = []any{}
	}
	id := c.lastID.Add(1)
	body, err := json.Marshal(rpcRequest{"1.0", id, method, params})
	if err != nil {
		return fmt.Errorf("%s: encode request: %w", method, err)
	}
	return c.retry(ctx, func(ctx context.Context) error {
		a, err := c.post(ctx, body, limit)
		if err != nil {
			return fmt.Errorf("%s: %w", method, err)
		}
		defer a.free()
		res := rpcResponse{Result: result}
		if err := c.decode(a, &res); err != nil {
			return fmt.Errorf("%s: %w", method, err)
		}
		if err := c.answers(&res, id); err != nil {
			return fmt.Errorf("%s: %w", method, err)
		}
		if res.Error == nil && res.Result == nil {
			return fmt.Errorf("%s: %s: neither result nor error: %w", method, c, chains.ErrBadAnswer)
		}
		return c.nodeError(method, &res)
	})
}

// answers is chains.ErrBadAnswer where res belongs to another request than that with id.
func (c *client) answers(res *rpcResponse, id int64) error {
	switch {
	case res.ID == nil && res.Error != nil:
		return nil
	case res.ID == nil:
		return fmt.Errorf("%s: an answer without the id of a request: %w", c, chains.ErrBadAnswer)
	case *res.ID != id:
		return fmt.Errorf("%s: asked as request %d, got the answer to request %d: %w", c, id, *res.ID, chains.ErrBadAnswer)
	}
	return nil
}

// decode reads the JSON of an answer. An error comes with status 200, 404 or 500, by
// version of node and protocol; what is not JSON is judged by its status.
func (c *client) decode(a answer, into any) error {
	err := json.Unmarshal(a.body, into)
	switch {
	case err == nil:
		return nil
	case a.status == http.StatusOK:
		return fmt.Errorf("%s: not the JSON that was asked for: %w: %w", c, err, chains.ErrBadAnswer)
	case a.status == http.StatusBadRequest && c.base.Scheme == "http":
		// What waits for TLS says so in words of its own; no node answers our requests so.
		return c.unreachable(wayHTTPS, "status 400: %s", excerpt(a.body))
	case a.status == http.StatusNotFound:
		return fmt.Errorf("%s: status 404: there is no JSON-RPC at this URL: %w", c, chains.ErrUnsupported)
	}
	return fmt.Errorf("%s: status %d: %s: %w", c, a.status, excerpt(a.body), chains.ErrBadAnswer)
}

// nodeError returns the error that an answer carries, if any.
func (c *client) nodeError(method string, res *rpcResponse) error {
	if res.Error == nil {
		return nil
	}
	e := &RPCError{Method: method, Code: res.Error.Code, Message: res.Error.Message}
	switch e.Code {
	case codeWarmingUp:
		return &passing{err: fmt.Errorf("%s: %w: it is starting: %w", c, chains.ErrUnreachable, e)}
	case codeNoMethod:
		return fmt.Errorf("%s: %w: %w", c, chains.ErrUnsupported, e)
	}
	return e
}

// batch sends several calls as one request. A call that fails alone has its err set; the
// error returned concerns all of them.
func (c *client) batch(ctx context.Context, limit int64, calls []rpcCall) error {
	requests := make([]rpcRequest, len(calls))
	first := c.lastID.Add(int64(len(calls))) - int64(len(calls)) + 1
	for i, call := range calls {
		requests[i] = rpcRequest{"1.0", first + int64(i), call.method, call.params}
	}
	body, err := json.Marshal(requests)
	if err != nil {
		return fmt.Errorf("batch of %d calls: encode request: %w", len(calls), err)
	}
	return c.retry(ctx, func(ctx context.Context) error {
		a, err := c.post(ctx, body, limit)
		if err == nil {
			defer a.free()
			err = c.takeBatch(a, first, calls)
		}
		if err != nil {
			return fmt.Errorf("batch of %d calls: %w", len(calls), err)
		}
		return nil
	})
}

// takeBatch hands the answers to the calls, of which the first one has the id first.
func (c *client) takeBatch(a answer, first int64, calls []rpcCall) error {
	// Results are decoded in a second step: their order is not promised.
	var responses []struct {
		rpcResponse
		Result json.RawMessage `json:"result"`
	}
	if err := c.decode(a, &responses); err != nil {
		return err
	}
	seen := make([]bool, len(calls))
	for i := range responses {
		res := &responses[i]
		at := int64(-1)
		if res.ID != nil {
			at = *res.ID - first
		}
		if at < 0 || at >= int64(len(calls)) || seen[at] {
			return fmt.Errorf("%s: an answer to a request that was not asked: %w", c, chains.ErrBadAnswer)
		}
		seen[at] = true
		call := &calls[at]
		call.err = c.nodeError(call.method, &res.rpcResponse)
		var p *passing
		if errors.As(call.err, &p) {
			return call.err
		}
		if call.err != nil {
			continue
		}
		if err := json.Unmarshal(res.Result, call.result); err != nil {
			return fmt.Errorf("%s: %s: not the JSON that was asked for: %w: %w", c, call.method, err, chains.ErrBadAnswer)
		}
	}
	if len(responses) != len(calls) {
		return fmt.Errorf("%s: %d answers to %d calls: %w", c, len(responses), len(calls), chains.ErrBadAnswer)
	}
	return nil
}

// isCode reports whether err is the node's error with one of the codes.
func isCode(err error, codes ...int) bool {
	e, ok := errors.AsType[*RPCError](err)
	if !ok {
		return false
	}
	for _, code := range codes {
		if e.Code == code {
			return true
		}
	}
	return false
}

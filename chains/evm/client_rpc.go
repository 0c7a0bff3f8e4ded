package evm

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
	Code    int
	Message string // the node's words
}

// Error gives method, code and the node's words.
func (e *RPCError) Error() string {
	return fmt.Sprintf("%s: the node answers %d: %s", e.Method, e.Code, excerpt([]byte(e.Message)))
}

// Limits of answers, in bytes. A block with all that its calls were given and returned can
// have many times the size of the block.
const (
	smallAnswer = 1 << 20
	largeAnswer = 1 << 30
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

// call asks for one method and decodes the result into result, a pointer that a null leaves as
// it is. The node's own errors come back as *RPCError that wrap what they mean: errTooMuch,
// errStateGone, chains.ErrUnsupported, ErrRateLimited, ErrNotFound.
func (c *client) call(ctx context.Context, limit int64, result any, method string, params ...any) error {
	if params == nil {
		params = []any{}
	}
	id := c.lastID.Add(1)
	body, err := json.Marshal(rpcRequest{"2.0", id, method, params})
	if err != nil {
		return fmt.Errorf("%s: encode request: %w", method, err)
	}
	err = c.retry(ctx, func(ctx context.Context) error {
		a, err := c.post(ctx, body, limit)
		if err != nil {
			return err
		}
		defer a.free()
		res := rpcResponse{Result: result}
		if err := c.decode(a, &res); err != nil {
			return err
		}
		if err := c.answers(&res, id); err != nil {
			return err
		}
		return c.nodeError(method, &res)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	return nil
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

// decode reads the JSON of an answer, whose status may be one of an error. What is not JSON is
// judged by its status and its words.
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
	case a.status == http.StatusNotFound, a.status == http.StatusMethodNotAllowed:
		return fmt.Errorf("%s: status %d: there is no JSON-RPC at this URL: %w", c, a.status, chains.ErrUnsupported)
	}
	return c.meant(refusalOf(0, string(a.body)),
		fmt.Errorf("%s: status %d: %s", c, a.status, excerpt(a.body)), chains.ErrBadAnswer)
}

// nodeError returns the error that an answer carries, if any.
func (c *client) nodeError(method string, res *rpcResponse) error {
	if res.Error == nil {
		return nil
	}
	e := &RPCError{Method: method, Code: res.Error.Code, Message: res.Error.Message}
	return c.meant(refusalOf(e.Code, e.Message), e, nil)
}

// meant adds to an error what it means; otherwise where that is not known.
func (c *client) meant(what meaning, err, otherwise error) error {
	switch what {
	case tooMuch:
		return fmt.Errorf("%w: %w", errTooMuch, err)
	case tooOften:
		return &passing{err: fmt.Errorf("%s: %w: %w", c, chains.ErrRateLimited, err)}
	case noMethod:
		return fmt.Errorf("%w: %w", chains.ErrUnsupported, err)
	case stateGone:
		return fmt.Errorf("%w: %w: %w", chains.ErrUnsupported, errStateGone, err)
	case unknownItem:
		return fmt.Errorf("%w: %w", chains.ErrNotFound, err)
	case notYet:
		return &passing{err: fmt.Errorf("%w: it is not ready: %w", chains.ErrUnreachable, err)}
	case reverted:
		return fmt.Errorf("%w: %w", errReverted, err)
	case notKnown:
	}
	if otherwise != nil {
		return fmt.Errorf("%w: %w", err, otherwise)
	}
	return err
}

// batch sends several calls as one request. A call that fails alone has its err set; the
// error returned concerns all of them.
func (c *client) batch(ctx context.Context, limit int64, calls []rpcCall) error {
	if len(calls) == 1 {
		c.alone(ctx, limit, &calls[0])
		return nil
	}
	requests := make([]rpcRequest, len(calls))
	first := c.lastID.Add(int64(len(calls))) - int64(len(calls)) + 1
	for i, call := range calls {
		requests[i] = rpcRequest{"2.0", first + int64(i), call.method, call.params}
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

// alone asks for one call of a batch by itself.
func (c *client) alone(ctx context.Context, limit int64, call *rpcCall) {
	call.err = c.call(ctx, limit, call.result, call.method, call.params...)
}

// batchResponse is an answer within a batch; results are decoded in a second step, since their
// order is not promised.
type batchResponse struct {
	rpcResponse
	Result json.RawMessage `json:"result"`
}

// takeBatch hands the answers to the calls, of which the first one has the id first.
func (c *client) takeBatch(a answer, first int64, calls []rpcCall) error {
	if single := trimSpace(a.body); len(single) > 0 && single[0] == '{' {
		return c.refusedBatch(a)
	}
	var responses []batchResponse
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
		if res.ID == nil && res.Error != nil {
			return c.nodeError("batch", &res.rpcResponse)
		}
		if at < 0 || at >= int64(len(calls)) || seen[at] {
			return fmt.Errorf("%s: an answer to a request that was not asked: %w", c, chains.ErrBadAnswer)
		}
		seen[at] = true
		if err := c.takeOne(res, &calls[at]); err != nil {
			return err
		}
	}
	if len(responses) != len(calls) {
		return fmt.Errorf("%s: %d answers to %d calls: %w", c, len(responses), len(calls), chains.ErrBadAnswer)
	}
	return nil
}

// takeOne hands one answer to its call. What concerns the whole batch is returned: a node
// refuses the rest of a batch whose answer grows too large or comes too late.
func (c *client) takeOne(res *batchResponse, call *rpcCall) error {
	call.err = c.nodeError(call.method, &res.rpcResponse)
	var p *passing
	switch {
	case errors.As(call.err, &p), errors.Is(call.err, errTooMuch):
		return call.err
	case call.err != nil, len(res.Result) == 0:
		return nil //nolint:nilerr // it is the call's own
	}
	if err := json.Unmarshal(res.Result, call.result); err != nil {
		return fmt.Errorf("%s: %s: not the JSON that was asked for: %w: %w", c, call.method, err, chains.ErrBadAnswer)
	}
	return nil
}

// refusedBatch returns the error of an answer that refuses a whole batch.
func (c *client) refusedBatch(a answer) error {
	var res rpcResponse
	if err := c.decode(a, &res); err != nil {
		return err
	}
	if err := c.nodeError("batch", &res); err != nil {
		return err
	}
	return fmt.Errorf("%s: one answer to a batch: %w", c, chains.ErrBadAnswer)
}

func trimSpace(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\n' || b[0] == '\r' || b[0] == '\t') {
		b = b[1:]
	}
	return b
}

// unmarshal is that of the library which reads all answers.
func unmarshal(data []byte, into any) error { return json.Unmarshal(data, into) }

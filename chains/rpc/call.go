package rpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/goccy/go-json"

	"clew/chains"
)

// SmallAnswer is a limit in bytes for answers of a few fields.
const SmallAnswer = 1 << 20

// Error is an error that a node answered with.
type Error struct {
	Method  string
	Code    int
	Message string // the node's words
}

// Error gives method, code and the node's words.
func (e *Error) Error() string {
	return fmt.Sprintf("%s: the node answers %d: %s", e.Method, e.Code, Excerpt([]byte(e.Message)))
}

// IsCode reports whether err is a node's error with one of the codes.
func IsCode(err error, codes ...int) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && slices.Contains(codes, e.Code)
}

type request struct {
	Version string `json:"jsonrpc"`
	ID      int64  `json:"id"`
	Method  string `json:"method"`
	Params  []any  `json:"params"`
}

type response struct {
	ID     *int64 `json:"id"` // null with an error of a request that the node could not read
	Result any    `json:"result"`
	Error  *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// rawResponse is a response whose result is decoded in a second step, or by somebody else.
type rawResponse struct {
	response
	Result json.RawMessage `json:"result"`
}

func (c *Client) request(id int64, method string, params []any) request {
	if params == nil {
		params = []any{}
	}
	return request{c.dialect.Version, id, method, params}
}

// Call asks for one method and decodes the result, of at most limit bytes with what is around
// it, into result, a pointer that a null leaves as it is. A node's own errors come back as *Error
// and wrap what they mean by the dialect.
func (c *Client) Call(ctx context.Context, limit int64, result any, method string, params ...any) error {
	return c.call(ctx, limit, &Call{Method: method, Params: params, Result: result})
}

func (c *Client) call(ctx context.Context, limit int64, call *Call) error {
	method, result := call.Method, call.Result
	return c.ask(ctx, limit, method, call.Params, func(a Answer, id int64) error {
		res := response{Result: result}
		if err := c.decode(a, &res); err != nil {
			return err
		}
		if err := c.answers(&res, id, method); err != nil {
			return err
		}
		if res.Result == nil && !c.dialect.Nulls && !call.Null {
			return fmt.Errorf("%s: neither result nor error: %w", c, chains.ErrBadAnswer)
		}
		return nil
	})
}

// Raw asks for one method whose answer is large, and hands its result, as JSON, to read, which
// must not keep it. Where the result stands last in the answer, as nodes write it, it is not
// scanned or copied on its way. Errors are those of Call.
func (c *Client) Raw(ctx context.Context, limit int64, read func(result []byte) error, method string, params ...any) error {
	return c.ask(ctx, limit, method, params, func(a Answer, id int64) error {
		if answered, result, ok := lastResult(a.Body); ok {
			if err := c.answers(&response{ID: &answered}, id, method); err != nil {
				return err
			}
			return read(result)
		}
		var res rawResponse
		if err := c.decode(a, &res); err != nil {
			return err
		}
		if err := c.answers(&res.response, id, method); err != nil {
			return err
		}
		if len(res.Result) == 0 {
			return fmt.Errorf("%s: neither result nor error: %w", c, chains.ErrBadAnswer)
		}
		return read(res.Result)
	})
}

// ask sends one request until it is answered, and hands the answer to take, with the request's id.
func (c *Client) ask(ctx context.Context, limit int64, method string, params []any, take func(Answer, int64) error) error {
	id := c.lastID.Add(1)
	body, err := json.Marshal(c.request(id, method, params))
	if err != nil {
		return fmt.Errorf("%s: encode request: %w", method, err)
	}
	err = c.Retry(ctx, func(ctx context.Context) error {
		a, err := c.post(ctx, body, limit)
		if err != nil {
			return err
		}
		defer a.free()
		return take(a, id)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	return nil
}

// answers returns the error that res carries; chains.ErrBadAnswer where it belongs to another
// request than that with id.
func (c *Client) answers(res *response, id int64, method string) error {
	switch {
	case res.ID == nil && res.Error == nil:
		return fmt.Errorf("%s: an answer without the id of a request: %w", c, chains.ErrBadAnswer)
	case res.ID != nil && *res.ID != id:
		return fmt.Errorf("%s: asked as request %d, got the answer to request %d: %w", c, id, *res.ID, chains.ErrBadAnswer)
	}
	return c.nodeError(method, res)
}

// nodeError returns the error that an answer carries, if any.
func (c *Client) nodeError(method string, res *response) error {
	if res.Error == nil {
		return nil
	}
	e := &Error{Method: method, Code: res.Error.Code, Message: res.Error.Message}
	return c.meant(c.dialect.Meaning(e.Code, e.Message), e, nil)
}

// decode reads the JSON of an answer. A node's error comes with status 200, 404 or 500, by
// version of node and protocol; what is not JSON is judged by its status and its words.
func (c *Client) decode(a Answer, into any) error {
	err := json.Unmarshal(a.Body, into)
	switch {
	case err == nil:
		return nil
	case a.Status == http.StatusOK:
		return fmt.Errorf("%s: not the JSON that was asked for: %w: %w", c, err, chains.ErrBadAnswer)
	case a.Status == http.StatusBadRequest && c.base.Scheme == "http":
		// What waits for TLS says so in words of its own; no node answers our requests so.
		return c.unreachable(c.waySecure(), "status 400: %s", Excerpt(a.Body))
	case a.Status == http.StatusNotFound, a.Status == http.StatusMethodNotAllowed:
		return fmt.Errorf("%s: status %d: there is no JSON-RPC at this URL: %w", c, a.Status, chains.ErrUnsupported)
	}
	return c.meant(c.dialect.Meaning(0, string(a.Body)),
		fmt.Errorf("%s: status %d: %s", c, a.Status, Excerpt(a.Body)), chains.ErrBadAnswer)
}

// meant adds to an error what it means; otherwise where that is nil.
func (c *Client) meant(what, err, otherwise error) error {
	switch {
	case what == nil && otherwise == nil:
		return err
	case what == nil:
		return fmt.Errorf("%w: %w", err, otherwise)
	case errors.Is(what, chains.ErrRateLimited), errors.Is(what, chains.ErrUnreachable):
		return &passing{err: fmt.Errorf("%s: %w: %w", c, what, err)}
	}
	return fmt.Errorf("%w: %w", what, err)
}

// lastResult takes an answer of the form {"jsonrpc":"2.0","id":N,"result":R} apart, without
// looking into R: whoever reads R finds out whether it is JSON. Not ok: it has another form.
func lastResult(body []byte) (id int64, result []byte, ok bool) {
	rest, ok := bytes.CutPrefix(bytes.TrimSpace(body), []byte("{"))
	if !ok || !bytes.HasSuffix(rest, []byte("}")) {
		return 0, nil, false
	}
	rest = rest[:len(rest)-1]
	known := false
	for {
		name, behind, found := bytes.Cut(rest, []byte(":"))
		if !found {
			return 0, nil, false
		}
		switch string(bytes.TrimSpace(name)) {
		case `"result"`:
			result = bytes.TrimSpace(behind)
			return id, result, known && closes(result)
		case `"jsonrpc"`, `"id"`:
		default:
			return 0, nil, false
		}
		value, after, found := bytes.Cut(behind, []byte(","))
		if !found {
			return 0, nil, false
		}
		if string(bytes.TrimSpace(name)) == `"id"` {
			n, err := strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64)
			if err != nil {
				return 0, nil, false
			}
			id, known = n, true
		}
		rest = after
	}
}

// closes reports whether a value ends with the bracket that it opens with.
func closes(value []byte) bool {
	if len(value) < 2 {
		return false
	}
	switch first, last := value[0], value[len(value)-1]; first {
	case '{':
		return last == '}'
	case '[':
		return last == ']'
	}
	return false
}

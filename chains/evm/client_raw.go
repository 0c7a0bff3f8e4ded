package evm

import (
	"bytes"
	"context"
	"fmt"
	"strconv"

	"github.com/goccy/go-json"

	"clew/chains"
)

// raw asks for one method whose answer is large, and hands its result, as JSON, to read, which
// must not keep it. Where the result stands last in the answer, as nodes write it, it is not
// scanned or copied on its way. Errors are those of call.
func (c *client) raw(ctx context.Context, read func(result []byte) error, method string, params ...any) error {
	id := c.lastID.Add(1)
	body, err := json.Marshal(rpcRequest{"2.0", id, method, params})
	if err != nil {
		return fmt.Errorf("%s: encode request: %w", method, err)
	}
	err = c.retry(ctx, func(ctx context.Context) error {
		a, err := c.post(ctx, body, largeAnswer)
		if err != nil {
			return err
		}
		defer a.free()
		if answered, result, ok := lastResult(a.body); ok {
			if err := c.answers(&rpcResponse{ID: &answered}, id); err != nil {
				return err
			}
			return read(result)
		}
		var res batchResponse
		if err := c.decode(a, &res); err != nil {
			return err
		}
		if err := c.answers(&res.rpcResponse, id); err != nil {
			return err
		}
		if err := c.nodeError(method, &res.rpcResponse); err != nil {
			return err
		}
		if len(res.Result) == 0 {
			return fmt.Errorf("%s: neither result nor error: %w", c, chains.ErrBadAnswer)
		}
		return read(res.Result)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	return nil
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

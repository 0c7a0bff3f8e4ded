package rpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/goccy/go-json"

	"clew/chains"
)

// Call is one call of a batch: Result is a pointer to decode into, Err is its own error. Null: a
// null is an answer to it, whatever the dialect says of others, and leaves Result as it is.
type Call struct {
	Method string
	Params []any
	Result any
	Null   bool
	Err    error
}

const (
	// mostCalls is how many calls a batch has at first: what public services take.
	mostCalls = 100
	// inFlight is how many batches are asked for at once.
	inFlight = 4
)

// Batches asks for all calls, in batches of which several are in flight. A batch that the node
// refuses as too much is asked again in halves, and later ones are not larger than what it
// took. limit is that of one answer, in bytes. A call that fails alone has its Err set; the error
// returned concerns all of them.
func (c *Client) Batches(ctx context.Context, limit int64, calls []Call) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	slots := make(chan struct{}, inFlight)
	var group sync.WaitGroup
	for len(calls) > 0 && ctx.Err() == nil {
		n := min(len(calls), c.batchSize())
		part := calls[:n]
		calls = calls[n:]
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			if err := c.halving(ctx, limit, part); err != nil {
				cancel(err)
			}
		})
	}
	group.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

func (c *Client) batchSize() int {
	if most := c.most.Load(); most > 0 {
		return int(most)
	}
	return mostCalls
}

// halving asks for the calls in one batch, or in halves of it as long as it is refused.
func (c *Client) halving(ctx context.Context, limit int64, calls []Call) error {
	err := c.Batch(ctx, limit, calls)
	if len(calls) > 1 && WantsLess(err) {
		half := len(calls) / 2
		c.most.Store(int64(min(half, c.batchSize())))
		if err := c.halving(ctx, limit, calls[:half]); err != nil {
			return err
		}
		return c.halving(ctx, limit, calls[half:])
	}
	return err
}

// WantsLess reports whether err may be gone where fewer calls are asked for at once. A service
// that takes no batches refuses them in words of any kind; one call by itself then tells.
func WantsLess(err error) bool {
	var refused *Error
	return errors.Is(err, ErrTooMuch) || errors.Is(err, chains.ErrUnsupported) ||
		errors.As(err, &refused) && !errors.Is(err, chains.ErrRateLimited) && !errors.Is(err, chains.ErrUnreachable)
}

// Each asks for one method with each of the parameters and returns the results in their order;
// nil in place of a null. The first error of a call ends it.
func Each[T any](ctx context.Context, c *Client, limit int64, method string, params [][]any) ([]*T, error) {
	results, calls := make([]*T, len(params)), make([]Call, len(params))
	for i := range params {
		calls[i] = Call{Method: method, Params: params[i], Result: &results[i]}
	}
	if err := c.Batches(ctx, limit, calls); err != nil {
		return nil, err
	}
	for i := range calls {
		if calls[i].Err != nil {
			return nil, fmt.Errorf("call %d of %d: %w", i+1, len(calls), calls[i].Err)
		}
	}
	return results, nil
}

// TakesBatches reports whether the node answers several calls in one request, by asking for
// a method twice, whose answer must be the same. Where it does not, Batches sends none from then on.
func (c *Client) TakesBatches(ctx context.Context, method string, params ...any) (bool, error) {
	var a, b json.RawMessage
	calls := []Call{{Method: method, Params: params, Result: &a}, {Method: method, Params: params, Result: &b}}
	err := c.Batch(ctx, SmallAnswer, calls)
	if err == nil {
		return calls[0].Err == nil && calls[1].Err == nil && len(a) > 0 && bytes.Equal(a, b), nil
	}
	if errors.Is(err, chains.ErrUnreachable) || errors.Is(err, chains.ErrRateLimited) || ctx.Err() != nil {
		return false, fmt.Errorf("ask whether the node takes batches: %w", err)
	}
	c.most.Store(1)
	return false, nil
}

// Batch sends several calls as one request. A call that fails alone has its Err set; the
// error returned concerns all of them.
func (c *Client) Batch(ctx context.Context, limit int64, calls []Call) error {
	if len(calls) == 1 {
		one := &calls[0]
		one.Err = c.call(ctx, limit, one)
		return nil
	}
	requests := make([]request, len(calls))
	first := c.lastID.Add(int64(len(calls))) - int64(len(calls)) + 1
	for i, call := range calls {
		requests[i] = c.request(first+int64(i), call.Method, call.Params)
	}
	body, err := json.Marshal(requests)
	if err != nil {
		return fmt.Errorf("batch of %d calls: encode request: %w", len(calls), err)
	}
	err = c.Retry(ctx, func(ctx context.Context) error {
		a, err := c.post(ctx, body, limit)
		if err != nil {
			return err
		}
		defer a.free()
		return c.takeBatch(a, first, calls)
	})
	if err != nil {
		return fmt.Errorf("batch of %d calls: %w", len(calls), err)
	}
	return nil
}

// takeBatch hands the answers to the calls, of which the first one has the id first. The order
// of the answers is not promised.
func (c *Client) takeBatch(a Answer, first int64, calls []Call) error {
	if bytes.HasPrefix(bytes.TrimSpace(a.Body), []byte("{")) {
		return c.refusedBatch(a)
	}
	var responses []rawResponse
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
			return c.nodeError("batch", &res.response)
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
func (c *Client) takeOne(res *rawResponse, call *Call) error {
	call.Err = c.nodeError(call.Method, &res.response)
	var p *passing
	switch {
	case errors.As(call.Err, &p), errors.Is(call.Err, ErrTooMuch):
		return call.Err
	case call.Err != nil:
		return nil //nolint:nilerr // it is the call's own
	case len(res.Result) == 0 && (c.dialect.Nulls || call.Null):
		return nil
	}
	if err := json.Unmarshal(res.Result, call.Result); err != nil {
		return fmt.Errorf("%s: %s: not the JSON that was asked for: %w: %w", c, call.Method, err, chains.ErrBadAnswer)
	}
	return nil
}

// refusedBatch returns the error of an answer that refuses a whole batch.
func (c *Client) refusedBatch(a Answer) error {
	var res response
	if err := c.decode(a, &res); err != nil {
		return err
	}
	if err := c.nodeError("batch", &res); err != nil {
		return err
	}
	return fmt.Errorf("%s: one answer to a batch: %w", c, chains.ErrBadAnswer)
}

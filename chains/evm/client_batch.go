package evm

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"clew/chains"
)

const (
	// mostCalls is how many calls a batch has at first: what public services take.
	mostCalls = 100
	// inFlight is how many batches are asked for at once.
	inFlight = 4
)

// batches asks for all calls, in batches of which several are in flight. A batch that the node
// refuses as too much is asked again in halves, and later ones are not larger than what it
// took. A call that fails alone has its err set; the error returned concerns all of them.
func (c *client) batches(ctx context.Context, limit int64, calls []rpcCall) error {
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

func (c *client) batchSize() int {
	if most := c.most.Load(); most > 0 {
		return int(most)
	}
	return mostCalls
}

// halving asks for the calls in one batch, or in halves of it as long as it is refused.
func (c *client) halving(ctx context.Context, limit int64, calls []rpcCall) error {
	err := c.batch(ctx, limit, calls)
	if len(calls) > 1 && c.wantsLess(err) {
		half := len(calls) / 2
		c.most.Store(int64(min(half, c.batchSize())))
		if err := c.halving(ctx, limit, calls[:half]); err != nil {
			return err
		}
		return c.halving(ctx, limit, calls[half:])
	}
	return err
}

// wantsLess reports whether err may be gone where fewer calls are asked for at once. A service
// that takes no batches refuses them in words of any kind; one call by itself then tells.
func (c *client) wantsLess(err error) bool {
	var refused *RPCError
	return errors.Is(err, errTooMuch) || errors.As(err, &refused) && !errors.Is(err, chains.ErrRateLimited) ||
		errors.Is(err, chains.ErrUnsupported)
}

// each asks for one method with each of the parameters and returns the results in their order;
// nil in place of a null. The first error of a call ends it.
func each[T any](ctx context.Context, c *client, limit int64, method string, params [][]any) ([]*T, error) {
	results, calls := make([]*T, len(params)), make([]rpcCall, len(params))
	for i := range params {
		calls[i] = rpcCall{method: method, params: params[i], result: &results[i]}
	}
	if err := c.batches(ctx, limit, calls); err != nil {
		return nil, err
	}
	for i := range calls {
		if calls[i].err != nil {
			return nil, fmt.Errorf("call %d of %d: %w", i+1, len(calls), calls[i].err)
		}
	}
	return results, nil
}

package evm

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/goccy/go-json"

	"clew/chains"
	"clew/chains/rpc"
)

// traceByTx is trace_block's counterpart for one transaction.
const traceByTx = "trace_transaction"

// txWay returns how the calls of one transaction are asked for; TracesByNone: not at all.
func (n *Node) txWay() string {
	switch n.offers.traces {
	case TracesByParity:
		return traceByTx
	case TracesByDebug, TracesByTx:
		return TracesByTx
	}
	return TracesByNone
}

// blockCalls asks for the calls of a whole block. nil: they have to be asked for transaction by
// transaction, if at all.
func (n *Node) blockCalls(ctx context.Context, height int64, hash chains.BlockHash) (calls []TracedTx, err error) {
	switch n.offers.traces {
	case TracesByDebug:
		err = n.client.Raw(ctx, largeAnswer, func(result []byte) (err error) {
			calls, err = ParseBlockTracer(result)
			return err
		}, TracesByDebug, common.Hash(hash), callTracer)
	case TracesByParity:
		err = n.client.Raw(ctx, largeAnswer, func(result []byte) (err error) {
			calls, err = ParseParity(result)
			return err
		}, TracesByParity, hexutil.Uint64(height))
	}
	switch {
	case err == nil:
		return calls, nil
	case errors.Is(err, ErrBadEncoding):
		return nil, fmt.Errorf("%s: %w", n.client, bad(err))
	case errors.Is(err, rpc.ErrTooMuch), errors.Is(err, chains.ErrUnsupported):
		return nil, nil // each by itself may be little enough; and what is gone is gone for each
	}
	return nil, err
}

// callsOf asks for the calls of transactions of a block by themselves: of those at the places, of
// all where that is nil. What is not asked for, and what the node does not have or has forgotten,
// stays nil.
func (n *Node) callsOf(ctx context.Context, ids []common.Hash, places []int) ([]TracedTx, error) {
	calls, way := make([]TracedTx, len(ids)), n.txWay()
	if way == TracesByNone {
		return calls, nil
	}
	if places == nil {
		places = make([]int, len(ids))
		for i := range places {
			places[i] = i
		}
	}
	var requests []rpc.Call
	results := make([]json.RawMessage, len(ids))
	for _, i := range places {
		if i < 0 || i >= len(ids) { // what the protocol did has no calls
			continue
		}
		params := []any{ids[i]}
		if way == TracesByTx {
			params = append(params, callTracer)
		}
		requests = append(requests, rpc.Call{Method: way, Params: params, Result: &results[i]})
	}
	if err := n.client.Batches(ctx, largeAnswer, requests); err != nil {
		if errors.Is(err, rpc.ErrTooMuch) || errors.Is(err, chains.ErrUnsupported) {
			return calls, nil
		}
		return nil, err
	}
	for j := range requests {
		id := requests[j].Params[0].(common.Hash)
		call, err := readCalls(way, *requests[j].Result.(*json.RawMessage), requests[j].Err)
		if err != nil {
			return nil, fmt.Errorf("%s: calls of %s: %w", n.client, id, err)
		}
		calls[slices.Index(ids, id)] = call
	}
	return calls, nil
}

// readCalls reads the calls of one transaction; none where the node does not have them.
func readCalls(way string, result []byte, err error) (TracedTx, error) {
	switch {
	case errors.Is(err, rpc.ErrTooMuch), errors.Is(err, chains.ErrUnsupported):
		return TracedTx{}, nil
	case err != nil:
		return TracedTx{}, err
	case len(result) == 0 || string(result) == "null":
		return TracedTx{}, nil
	case way == TracesByTx:
		call, err := ParseCallTracer(result)
		if err != nil {
			return TracedTx{}, bad(err)
		}
		return TracedTx{Calls: call}, nil
	}
	traced, err := ParseParity(result)
	switch {
	case err != nil:
		return TracedTx{}, bad(err)
	case len(traced) == 0:
		return TracedTx{}, nil
	case len(traced) > 1:
		return TracedTx{}, fmt.Errorf("the calls of %d transactions: %w", len(traced), chains.ErrBadAnswer)
	}
	return traced[0], nil
}

package bitcoin

import (
	"context"
	"errors"
	"fmt"

	"clew/chains"
	"clew/chains/rpc"
)

// HashesAt returns the hashes of the main chain's blocks at n heights, from the first on, by one
// batch of getblockhash: fewer where the chain ends before, chains.ErrNotFound where it has
// none of them. The last one is asked for again by itself: chains.ErrReorged where the chain
// has changed meanwhile. chains.ErrUnsupported: the node takes no batches.
func (n *Node) HashesAt(ctx context.Context, from int64, count int) ([]chains.BlockHash, error) {
	texts := make([]string, count)
	calls := make([]rpc.Call, count)
	for i := range calls {
		calls[i] = rpc.Call{Method: "getblockhash", Params: []any{from + int64(i)}, Result: &texts[i]}
	}
	err := n.client.Batch(ctx, rpc.SmallAnswer, calls)
	if errors.Is(err, chains.ErrBadAnswer) || rpc.WantsLess(err) {
		// What a service answers that takes none is neither an array nor agreed upon. Where the
		// node is wrong rather than limited, the next single call shows it.
		return nil, fmt.Errorf("hashes of %d blocks from %d on: %w (%s)", count, from, chains.ErrUnsupported, err.Error())
	}
	if err != nil {
		return nil, fmt.Errorf("hashes of %d blocks from %d on: %w", count, from, err)
	}
	hashes := make([]chains.BlockHash, 0, count)
	for i := range calls {
		if rpc.IsCode(calls[i].Err, codeParameter, codeMisc) { // as HashAt
			break
		}
		if calls[i].Err != nil {
			return nil, fmt.Errorf("block %d: %w", from+int64(i), calls[i].Err)
		}
		hash, err := n.parseHash("getblockhash", texts[i])
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, hash)
	}
	last := max(0, len(hashes)-1)
	again, err := n.HashAt(ctx, from+int64(last))
	switch {
	case err != nil:
		return nil, err
	case len(hashes) == 0: // it has grown
		return []chains.BlockHash{again}, nil
	case again != hashes[last]:
		return nil, fmt.Errorf("block %d: the node named %s before and names %s now: %w", from+int64(last), hashes[last], again, chains.ErrReorged)
	}
	return hashes, nil
}

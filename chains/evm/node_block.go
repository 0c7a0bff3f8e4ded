package evm

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/goccy/go-json"

	"clew/chains"
	"clew/chains/rpc"
)

// Block returns the block with the given hash, which the caller knows to be at height: its
// transactions, receipts and calls, asked for at once, each in the fastest way that the node
// offers. What is computed again is said at Decoder.Block; anything else than what it must
// be is chains.ErrBadAnswer. Calls that the node does not have, or has forgotten, leave their
// transactions Untraced. Whether Prev is the block before is the caller's to compare.
//
// chains.ErrNotFound: the node does not know the block. ErrReorged: it left the main chain while
// it was read. ErrUnsupported: it has pruned it.
func (n *Node) Block(ctx context.Context, height int64, hash chains.BlockHash) (*chains.Block, error) {
	parts, err := n.parts(ctx, height, hash, nil)
	if err != nil {
		return nil, fmt.Errorf("block %d (%s): %w", height, common.Hash(hash), err)
	}
	block, err := n.decoder.Block(parts)
	if err != nil {
		return nil, fmt.Errorf("%s: block %d (%s): %w", n.client, height, common.Hash(hash), bad(err))
	}
	return block, nil
}

// bad makes an error of decoding one of the node's.
func bad(err error) error {
	if errors.Is(err, chains.ErrBadAnswer) {
		return err
	}
	return fmt.Errorf("%w: %w", err, chains.ErrBadAnswer)
}

// parts asks for everything that a block consists of: the calls of all its transactions, or of
// those at the places alone where they are not nil.
func (n *Node) parts(ctx context.Context, height int64, hash chains.BlockHash, places []int) (*BlockParts, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var block *BlockParts
	var receipts []Receipt
	var calls []TracedTx
	var group sync.WaitGroup
	ask := func(do func() error) {
		group.Go(func() {
			if err := do(); err != nil {
				cancel(err)
			}
		})
	}
	ask(func() (err error) { block, err = n.fullBlock(ctx, height, hash); return err })
	if n.offers.blockReceipts {
		ask(func() (err error) { receipts, err = n.blockReceipts(ctx, height); return err })
	}
	if places == nil {
		ask(func() (err error) { calls, err = n.blockCalls(ctx, height, hash); return err })
	}
	group.Wait()
	if ctx.Err() != nil {
		return nil, n.moved(ctx, height, hash, context.Cause(ctx))
	}
	if receipts == nil && len(block.Txs) > 0 {
		var err error
		if receipts, err = n.receiptsOf(ctx, block.IDs); err != nil {
			return nil, n.moved(ctx, height, hash, err)
		}
	}
	if calls == nil {
		var err error
		if calls, err = n.callsOf(ctx, block.IDs, places); err != nil {
			return nil, n.moved(ctx, height, hash, err)
		}
	}
	if err := block.Attach(receipts, calls); err != nil {
		return nil, n.moved(ctx, height, hash, fmt.Errorf("%s: %w", n.client, bad(err)))
	}
	return block, n.uncles(ctx, block)
}

// moved returns err, or chains.ErrReorged where the block with hash is not on the main chain any
// more: then the parts of its answer may be of another block.
func (n *Node) moved(ctx context.Context, height int64, hash chains.BlockHash, err error) error {
	if !errors.Is(err, chains.ErrBadAnswer) && !errors.Is(err, chains.ErrNotFound) {
		return err
	}
	now, again := n.hashAt(context.WithoutCancel(ctx), height)
	if errors.Is(again, chains.ErrNotFound) || again == nil && now != hash {
		return fmt.Errorf("while it was read: %w: %w", chains.ErrReorged, err)
	}
	return err
}

// fullBlock asks for the block with its transactions.
func (n *Node) fullBlock(ctx context.Context, height int64, hash chains.BlockHash) (b *BlockParts, err error) {
	err = n.client.Raw(ctx, largeAnswer, func(result []byte) (err error) {
		b, err = n.parseBlock(result, true)
		return err
	}, "eth_getBlockByHash", common.Hash(hash), true)
	switch {
	case err != nil:
		return nil, err
	case b.Header.Ref.Hash != hash || b.Header.Ref.Height != height:
		return nil, fmt.Errorf("%s: asked for block %d (%s), got block %d (%s): %w", n.client,
			height, common.Hash(hash), b.Header.Ref.Height, common.Hash(b.Header.Ref.Hash), chains.ErrBadAnswer)
	}
	return b, nil
}

// blockReceipts asks for the receipts of the main chain's block at height: that they are those
// of the block that is read is seen at each of them. nil: they have to be asked for by themselves.
func (n *Node) blockReceipts(ctx context.Context, height int64) (receipts []Receipt, err error) {
	err = n.client.Raw(ctx, largeAnswer, func(result []byte) (err error) {
		if string(result) == "null" {
			return fmt.Errorf("no receipts: %w", chains.ErrNotFound)
		}
		if receipts, err = ParseReceipts(result); err != nil {
			return fmt.Errorf("%s: %w", n.client, bad(err))
		}
		return nil
	}, "eth_getBlockReceipts", hexutil.Uint64(height))
	if errors.Is(err, rpc.ErrTooMuch) {
		return nil, nil
	}
	return receipts, err
}

// receiptsOf asks for each receipt by itself, in batches.
func (n *Node) receiptsOf(ctx context.Context, ids []common.Hash) ([]Receipt, error) {
	found, err := rpc.Each[json.RawMessage](ctx, n.client, largeAnswer, "eth_getTransactionReceipt", hashParams(ids))
	if err != nil {
		return nil, err
	}
	receipts := make([]Receipt, len(ids))
	for i, text := range found {
		if text == nil {
			return nil, fmt.Errorf("receipt of %s: %w", ids[i], chains.ErrNotFound)
		}
		if receipts[i], err = ParseReceipt(*text); err != nil {
			return nil, fmt.Errorf("%s: %w", n.client, bad(err))
		}
	}
	return receipts, nil
}

func hashParams(ids []common.Hash, more ...any) [][]any {
	params := make([][]any, len(ids))
	for i, id := range ids {
		params[i] = append([]any{id}, more...)
	}
	return params
}

// uncles asks who made the uncles of a block, which have a part in its reward.
func (n *Node) uncles(ctx context.Context, b *BlockParts) error {
	if len(b.UncleHashes) == 0 {
		return nil
	}
	params := make([][]any, len(b.UncleHashes))
	for i := range params {
		params[i] = []any{common.Hash(b.Header.Ref.Hash), hexutil.Uint64(i)}
	}
	found, err := rpc.Each[struct {
		Miner  common.Address `json:"miner"`
		Number hexutil.Uint64 `json:"number"`
		Hash   common.Hash    `json:"hash"`
	}](ctx, n.client, rpc.SmallAnswer, "eth_getUncleByBlockHashAndIndex", params)
	if errors.Is(err, chains.ErrUnsupported) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("uncles: %w", err)
	}
	for i, u := range found {
		if u == nil || u.Hash != b.UncleHashes[i] {
			return fmt.Errorf("%s: uncle %d: %w", n.client, i, chains.ErrBadAnswer)
		}
		b.UncleMiners = append(b.UncleMiners, Uncle{Miner: u.Miner, Height: int64(u.Number)})
	}
	return nil
}

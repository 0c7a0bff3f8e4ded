package evm

import (
	"context"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/goccy/go-json"

	"clew/chains"
	"clew/chains/rpc"
)

// largeAnswer is a limit in bytes: a block with all that its calls were given and returned can
// have many times the size of the block.
const largeAnswer = 1 << 30

// Chain returns the chain that the node is of.
func (n *Node) Chain() chains.Chain { return n.chain }

// String returns scheme and host of the node, without path and credentials.
func (n *Node) String() string { return n.client.String() }

// link is what is read of a block where its place in the chain is all that is asked for.
type link struct {
	Number hexutil.Uint64 `json:"number"`
	Hash   common.Hash    `json:"hash"`
	Parent common.Hash    `json:"parentHash"`
}

// Head returns the last block of the node's main chain. chains.ErrWrongChain: the node is of
// another chain by now.
func (n *Node) Head(ctx context.Context) (chains.BlockRef, error) {
	h, err := n.header(ctx, "eth_getBlockByNumber", "latest")
	if err != nil {
		return chains.BlockRef{}, fmt.Errorf("last block: %w", err)
	}
	return h.Ref, n.checkNetwork(ctx)
}

// HashAt returns the hash of the main chain's block at height: chains.ErrNotFound above the
// last block. chains.ErrWrongChain as Head, noticed where a connection failed in between.
func (n *Node) HashAt(ctx context.Context, height int64) (chains.BlockHash, error) {
	hash, err := n.hashAt(ctx, height)
	if err != nil {
		return chains.BlockHash{}, err
	}
	return hash, n.sameNetwork(ctx)
}

func (n *Node) hashAt(ctx context.Context, height int64) (chains.BlockHash, error) {
	if height < 0 {
		return chains.BlockHash{}, fmt.Errorf("block %d: no block has this height: %w", height, chains.ErrNotFound)
	}
	var found *link
	err := n.client.Call(ctx, largeAnswer, &found, "eth_getBlockByNumber", hexutil.Uint64(height), false)
	if err == nil && found == nil {
		err = fmt.Errorf("the node's chain ends before it: %w", chains.ErrNotFound)
	}
	if err == nil && int64(found.Number) != height {
		err = fmt.Errorf("%s: got block %d: %w", n.client, found.Number, chains.ErrBadAnswer)
	}
	if err != nil {
		return chains.BlockHash{}, fmt.Errorf("block %d: %w", height, err)
	}
	return chains.BlockHash(found.Hash), nil
}

// HashesAt returns the hashes of the main chain's blocks at count heights from the first on,
// fewer where the chain ends before. chains.ErrNotFound: it has none of them. ErrReorged: it
// changed meanwhile. ErrUnsupported: the node takes no batches.
func (n *Node) HashesAt(ctx context.Context, from int64, count int) ([]chains.BlockHash, error) {
	if !n.offers.batches {
		return nil, fmt.Errorf("hashes of %d blocks at once: %w", count, chains.ErrUnsupported)
	}
	params := make([][]any, count)
	for i := range params {
		params[i] = []any{hexutil.Uint64(from + int64(i)), false}
	}
	links, err := rpc.Each[link](ctx, n.client, largeAnswer, "eth_getBlockByNumber", params)
	if err != nil {
		return nil, fmt.Errorf("hashes of %d blocks from %d on: %w", count, from, err)
	}
	hashes := make([]chains.BlockHash, 0, count)
	for i, l := range links {
		switch {
		case l == nil && len(hashes) == 0:
			return nil, fmt.Errorf("block %d: the node's chain ends before it: %w", from, chains.ErrNotFound)
		case l == nil:
			return hashes, n.sameNetwork(ctx)
		case int64(l.Number) != from+int64(i):
			return nil, fmt.Errorf("%s: asked for block %d, got block %d: %w", n.client, from+int64(i), l.Number, chains.ErrBadAnswer)
		case i > 0 && l.Parent != common.Hash(hashes[i-1]):
			return nil, fmt.Errorf("block %d: %w", from+int64(i), chains.ErrReorged)
		}
		hashes = append(hashes, chains.BlockHash(l.Hash))
	}
	return hashes, n.sameNetwork(ctx)
}

// header asks for a block without its transactions, and reads its header.
func (n *Node) header(ctx context.Context, method string, block any) (*Header, error) {
	var b *BlockParts
	err := n.client.Raw(ctx, largeAnswer, func(result []byte) (err error) {
		b, err = n.parseBlock(result, false)
		return err
	}, method, block, false)
	if err != nil {
		return nil, err
	}
	return b.Header, nil
}

// parseBlock reads a block of the node's JSON. chains.ErrNotFound: the node has none.
func (n *Node) parseBlock(result []byte, full bool) (*BlockParts, error) {
	if string(result) == "null" {
		return nil, fmt.Errorf("the node does not know it: %w", chains.ErrNotFound)
	}
	b, err := ParseBlock(n.chain, result, full)
	if err != nil && !errors.Is(err, chains.ErrBadAnswer) {
		err = fmt.Errorf("%w: %w", err, chains.ErrBadAnswer)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.client, err)
	}
	return b, nil
}

// Header returns the header of the block with the given hash, on the main chain or not, checked
// against that hash where its fields are known. chains.ErrNotFound: the node does not know it.
func (n *Node) Header(ctx context.Context, hash chains.BlockHash) (*Header, error) {
	h, err := n.header(ctx, "eth_getBlockByHash", common.Hash(hash))
	if err == nil && h.Ref.Hash != hash {
		err = fmt.Errorf("%s: got that of %s: %w", n.client, common.Hash(h.Ref.Hash), chains.ErrBadAnswer)
	}
	if err != nil {
		return nil, fmt.Errorf("header of block %s: %w", common.Hash(hash), err)
	}
	return h, nil
}

// Ref returns the main chain's block at height, with the time in its header.
// chains.ErrNotFound above the last block.
func (n *Node) Ref(ctx context.Context, height int64) (chains.BlockRef, error) {
	h, err := n.header(ctx, "eth_getBlockByNumber", hexutil.Uint64(height))
	if err == nil && h.Ref.Height != height {
		err = fmt.Errorf("%s: got block %d: %w", n.client, h.Ref.Height, chains.ErrBadAnswer)
	}
	if err != nil {
		return chains.BlockRef{}, fmt.Errorf("block %d: %w", height, err)
	}
	return h.Ref, n.sameNetwork(ctx)
}

// Loading says how far the node is in loading its chain.
func (n *Node) Loading(ctx context.Context) (chains.Loading, error) {
	var says syncing
	if err := n.client.Call(ctx, rpc.SmallAnswer, &says, "eth_syncing"); err != nil && !errors.Is(err, chains.ErrUnsupported) {
		return chains.Loading{}, fmt.Errorf("ask whether the node is still loading: %w", err)
	}
	head, err := n.header(ctx, "eth_getBlockByNumber", "latest")
	if err != nil {
		return chains.Loading{}, fmt.Errorf("ask whether the node is still loading: %w", err)
	}
	blocks := head.Ref.Height
	return chains.Loading{Blocks: blocks, Headers: max(blocks, int64(says.Highest)), Initial: says.still}, nil
}

// syncing is what eth_syncing says: false, or an object.
type syncing struct {
	Highest hexutil.Uint64
	still   bool
}

// UnmarshalJSON reads either form.
func (s *syncing) UnmarshalJSON(text []byte) error {
	if string(text) == "false" {
		*s = syncing{}
		return nil
	}
	var says struct {
		Highest hexutil.Uint64 `json:"highestBlock"`
	}
	if err := json.Unmarshal(text, &says); err != nil {
		return err
	}
	*s = syncing{says.Highest, true}
	return nil
}

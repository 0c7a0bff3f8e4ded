package bitcoin

import (
	"context"
	"encoding/hex"
	"fmt"
	"math"

	"clew/chains"
	"clew/chains/rpc"
)

// Chain returns the network that the node is of.
func (n *Node) Chain() chains.Chain { return n.net.chain }

// String returns scheme and host of the node, without credentials.
func (n *Node) String() string { return n.client.String() }

// chainInfo is what we read of getblockchaininfo.
type chainInfo struct {
	Chain       string `json:"chain"`
	Blocks      int64  `json:"blocks"`
	Headers     int64  `json:"headers"`
	Best        string `json:"bestblockhash"`
	Loading     bool   `json:"initialblockdownload"`
	Pruned      bool   `json:"pruned"`
	PruneHeight int64  `json:"pruneheight"` // first block that is kept
}

func (n *Node) info(ctx context.Context) (chainInfo, error) {
	var info chainInfo
	err := n.client.Call(ctx, rpc.SmallAnswer, &info, "getblockchaininfo")
	return info, err
}

// Loading says how far the node is in loading its chain.
func (n *Node) Loading(ctx context.Context) (chains.Loading, error) {
	info, err := n.info(ctx)
	if err != nil {
		return chains.Loading{}, fmt.Errorf("ask whether the node is still loading: %w", err)
	}
	return info.loading(), nil
}

func (i chainInfo) loading() chains.Loading {
	return chains.Loading{Blocks: i.Blocks, Headers: max(i.Headers, i.Blocks), Initial: i.Loading}
}

func (n *Node) parseHash(method, text string) (chains.Hash, error) {
	h, err := chains.ParseHash(text)
	if err != nil {
		return h, fmt.Errorf("%s: %s: %w: %w", n.client, method, err, chains.ErrBadAnswer)
	}
	return h, nil
}

// Head returns the last block of the node's main chain. chains.ErrWrongChain: the node is of
// another network by now.
func (n *Node) Head(ctx context.Context) (chains.BlockRef, error) {
	info, err := n.info(ctx)
	if err != nil {
		return chains.BlockRef{}, fmt.Errorf("last block: %w", err)
	}
	hash, err := n.parseHash("getblockchaininfo", info.Best)
	if err != nil {
		return chains.BlockRef{}, err
	}
	if err := n.checkGenesis(ctx); err != nil {
		return chains.BlockRef{}, err
	}
	h, err := n.Header(ctx, hash)
	if err != nil {
		return chains.BlockRef{}, err
	}
	return chains.BlockRef{Height: info.Blocks, Hash: hash, Time: h.Time}, nil
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
	if height < 0 || height > math.MaxInt32 { // nodes count in 32 bits and refuse others by another code
		return chains.BlockHash{}, fmt.Errorf("block %d: no block has this height: %w", height, chains.ErrNotFound)
	}
	var text string
	err := n.client.Call(ctx, rpc.SmallAnswer, &text, "getblockhash", height)
	if rpc.IsCode(err, codeParameter, codeMisc) {
		err = n.above(ctx, height, err)
	}
	if err != nil {
		return chains.BlockHash{}, fmt.Errorf("block %d: %w", height, err)
	}
	return n.parseHash("getblockhash", text)
}

// above says why the node gives no hash for height. Core's code for that means nothing else;
// btcd's is the one for anything, so it counts where the chain does end before.
func (n *Node) above(ctx context.Context, height int64, refused error) error {
	beyond := fmt.Errorf("the node's chain ends before it: %w", chains.ErrNotFound)
	if rpc.IsCode(refused, codeParameter) {
		return beyond
	}
	info, err := n.info(ctx)
	switch {
	case err != nil:
		return err
	case height > info.Blocks:
		return beyond
	}
	return refused
}

// Header returns the header of the block with the given hash, on the main chain or not,
// checked against that hash. chains.ErrNotFound: the node does not know it.
func (n *Node) Header(ctx context.Context, hash chains.BlockHash) (Header, error) {
	var text string
	err := n.client.Call(ctx, rpc.SmallAnswer, &text, "getblockheader", hash.String(), false)
	if rpc.IsCode(err, codeNotFound) {
		return Header{}, fmt.Errorf("header of block %s: %w", hash, chains.ErrNotFound)
	}
	if err != nil {
		return Header{}, fmt.Errorf("header of block %s: %w", hash, err)
	}
	raw, err := hex.DecodeString(text)
	if err != nil {
		return Header{}, fmt.Errorf("%s: header of block %s: %w: %w", n.client, hash, err, chains.ErrBadAnswer)
	}
	h, err := DecodeHeader(n.net.chain, raw)
	if err != nil {
		return Header{}, fmt.Errorf("%s: header of block %s: %w: %w", n.client, hash, err, chains.ErrBadAnswer)
	}
	if h.Hash != hash {
		return Header{}, fmt.Errorf("%s: asked for the header of block %s, got that of %s: %w", n.client, hash, h.Hash, chains.ErrBadAnswer)
	}
	return h, nil
}

// Ref returns the main chain's block at height, with the time in its header.
// chains.ErrNotFound above the last block.
func (n *Node) Ref(ctx context.Context, height int64) (chains.BlockRef, error) {
	hash, err := n.HashAt(ctx, height)
	if err != nil {
		return chains.BlockRef{}, err
	}
	h, err := n.Header(ctx, hash)
	if err != nil {
		return chains.BlockRef{}, err
	}
	return chains.BlockRef{Height: height, Hash: hash, Time: h.Time}, nil
}

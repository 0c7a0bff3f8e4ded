package evm

import (
	"context"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"clew/chains"
)

// BlockTxs returns the main chain's block at height with the transactions at the places alone,
// ascending, as a Partial block: the whole block and its receipts are read and checked, the calls
// of these transactions, and what a recording keeps of them is filled in. The place behind the
// last transaction is that of what happened outside of them. Errors are those of Block;
// chains.ErrNotFound also where there is no such place.
func (n *Node) BlockTxs(ctx context.Context, height int64, places []int) (*chains.Block, error) {
	hash, err := n.HashAt(ctx, height)
	if err != nil {
		return nil, err
	}
	if places == nil {
		places = []int{}
	}
	parts, err := n.parts(ctx, height, hash, places)
	if err != nil {
		return nil, fmt.Errorf("block %d (%s): %w", height, common.Hash(hash), err)
	}
	block, err := n.decoder.Pick(parts, places)
	if err != nil && !errors.Is(err, chains.ErrNotFound) {
		err = bad(err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: block %d (%s): %w", n.client, height, common.Hash(hash), err)
	}
	return block, nil
}

// located is where the node says that a transaction stands.
type located struct {
	Block *common.Hash    `json:"blockHash"` // nil while it waits
	At    *hexutil.Uint64 `json:"blockNumber"`
	Index *hexutil.Uint64 `json:"transactionIndex"`
}

// locate asks where a transaction of the main chain stands. chains.ErrNotFound: nowhere.
func (n *Node) locate(ctx context.Context, id chains.TxID) (*located, error) {
	var found *located
	err := n.client.Call(ctx, largeAnswer, &found, "eth_getTransactionByHash", common.Hash(id))
	if err == nil && (found == nil || found.Block == nil || found.At == nil || found.Index == nil) {
		err = chains.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("transaction %s: %w", common.Hash(id), err)
	}
	return found, nil
}

// Locate returns the block that a transaction of the main chain stands in. chains.ErrNotFound:
// the node knows none with that id, or has not put it into a block.
func (n *Node) Locate(ctx context.Context, id chains.TxID) (chains.BlockRef, error) {
	found, err := n.locate(ctx, id)
	if err != nil {
		return chains.BlockRef{}, err
	}
	h, err := n.Header(ctx, chains.BlockHash(*found.Block))
	if err != nil {
		return chains.BlockRef{}, fmt.Errorf("transaction %s: %w", common.Hash(id), err)
	}
	return h.Ref, nil
}

// PlaceOf returns where a transaction of the main chain stands; of a block's hash, where what
// happened outside of its transactions does: behind the last of them. chains.ErrNotFound:
// neither is in the main chain.
func (n *Node) PlaceOf(ctx context.Context, id chains.TxID) (chains.Place, error) {
	found, err := n.locate(ctx, id)
	if err == nil {
		return chains.Place{Height: int64(*found.At), Index: int(*found.Index)}, nil
	}
	if !errors.Is(err, chains.ErrNotFound) {
		return chains.Place{}, err
	}
	var block *BlockParts
	refused := n.client.Raw(ctx, largeAnswer, func(result []byte) (err error) {
		block, err = n.parseBlock(result, false)
		return err
	}, "eth_getBlockByHash", common.Hash(id), false)
	if refused != nil {
		return chains.Place{}, fmt.Errorf("%s is neither a transaction nor a block: %w", common.Hash(id), refused)
	}
	height := block.Header.Ref.Height
	main, err := n.hashAt(ctx, height)
	if err == nil && main != id {
		err = fmt.Errorf("block %s is not on the main chain: %w", common.Hash(id), chains.ErrNotFound)
	}
	if err != nil {
		return chains.Place{}, err
	}
	return chains.Place{Height: height, Index: len(block.IDs)}, nil
}

// Tx returns the consensus bytes of a transaction and the hash of its block. chains.ErrNotFound
// as Locate.
func (n *Node) Tx(ctx context.Context, id chains.TxID) ([]byte, chains.BlockHash, error) {
	found, err := n.locate(ctx, id)
	if err != nil {
		return nil, chains.BlockHash{}, err
	}
	at := int64(*found.At)
	parts, err := n.fullBlock(ctx, at, chains.BlockHash(*found.Block))
	if err == nil && int(*found.Index) >= len(parts.Txs) {
		err = fmt.Errorf("%s: number %d of %d: %w", n.client, *found.Index, len(parts.Txs), chains.ErrBadAnswer)
	}
	if err != nil {
		return nil, chains.BlockHash{}, fmt.Errorf("transaction %s: %w", common.Hash(id), err)
	}
	p := &parts.Txs[*found.Index]
	if p.Tx.Hash != common.Hash(id) {
		return nil, chains.BlockHash{}, fmt.Errorf("transaction %s: %s: %s stands at its place: %w",
			common.Hash(id), n.client, p.Tx.Hash, chains.ErrBadAnswer)
	}
	return p.Tx.Raw, chains.BlockHash(*found.Block), nil
}

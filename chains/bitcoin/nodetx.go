package bitcoin

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"

	"clew/chains"
	"clew/chains/rpc"
)

// batchCalls is how many transactions are asked for at once: enough to hide the way to the
// node, few enough for one answer.
const batchCalls = 64

const maxBatchAnswer = 256 << 20 // bytes

// Tx returns the consensus bytes of a confirmed transaction, checked against its id, and the
// hash of the block that the node says it is in.
//
// chains.ErrNotFound: the node knows no such transaction, or has it unconfirmed only.
// chains.ErrUnsupported: it has no index of transactions. chains.ErrIncomplete: that index
// is still being built.
func (n *Node) Tx(ctx context.Context, id chains.TxID) ([]byte, chains.BlockHash, error) {
	var tx struct {
		Hex   string `json:"hex"`
		Block string `json:"blockhash"`
	}
	err := n.client.Call(ctx, n.jsonLimit(), &tx, "getrawtransaction", id.String(), 1)
	if rpc.IsCode(err, codeNotFound) {
		err = n.missingTx()
	}
	if err == nil && tx.Block == "" {
		err = fmt.Errorf("not in a block yet: %w", chains.ErrNotFound)
	}
	if err != nil {
		return nil, chains.BlockHash{}, fmt.Errorf("transaction %s: %w", id, err)
	}
	block, err := n.parseHash("getrawtransaction", tx.Block)
	if err != nil {
		return nil, chains.BlockHash{}, fmt.Errorf("transaction %s: %w", id, err)
	}
	decoded, err := n.checkedTx(tx.Hex, id)
	return decoded.Raw, block, err
}

// checkedTx decodes a transaction that the node gave as the one asked for.
func (n *Node) checkedTx(text string, id chains.TxID) (chains.Tx, error) {
	raw, err := hex.DecodeString(text)
	if err != nil {
		return chains.Tx{}, fmt.Errorf("%s: transaction %s: %w: %w", n.client, id, err, chains.ErrBadAnswer)
	}
	tx, err := DecodeTx(n.net.chain, raw)
	if err != nil {
		return chains.Tx{}, fmt.Errorf("%s: transaction %s: %w: %w", n.client, id, err, chains.ErrBadAnswer)
	}
	if tx.ID != id {
		return chains.Tx{}, fmt.Errorf("%s: asked for transaction %s, got %s: %w", n.client, id, tx.ID, chains.ErrBadAnswer)
	}
	return tx, nil
}

// missingTx says what it means that the node does not find a transaction.
func (n *Node) missingTx() error {
	switch {
	case !n.txIndex.there:
		return fmt.Errorf("%s: the node has no index of transactions: %w (start bitcoind with -txindex=1)", n.client, chains.ErrUnsupported)
	case !n.txIndex.synced:
		return fmt.Errorf("%s: the node is still building its index of transactions, at block %d when asked: %w",
			n.client, n.txIndex.height, chains.ErrIncomplete)
	}
	return fmt.Errorf("%s: %w", n.client, chains.ErrNotFound)
}

// Locate returns the main chain's block that the transaction is in, by the node's word:
// reading that block shows it. Errors as of Tx; a transaction whose block has left the main
// chain is chains.ErrNotFound.
func (n *Node) Locate(ctx context.Context, id chains.TxID) (chains.BlockRef, error) {
	_, hash, err := n.Tx(ctx, id)
	if err != nil {
		return chains.BlockRef{}, err
	}
	h, err := n.Header(ctx, hash)
	if err != nil {
		return chains.BlockRef{}, fmt.Errorf("block of transaction %s: %w", id, err)
	}
	var place struct {
		Height        int64 `json:"height"`
		Confirmations int64 `json:"confirmations"`
	}
	if err := n.client.Call(ctx, rpc.SmallAnswer, &place, "getblockheader", hash.String(), true); err != nil {
		return chains.BlockRef{}, fmt.Errorf("block of transaction %s: %w", id, err)
	}
	if place.Confirmations < 1 {
		return chains.BlockRef{}, fmt.Errorf("transaction %s: its block %s has left the main chain: %w", id, hash, chains.ErrNotFound)
	}
	return chains.BlockRef{Height: place.Height, Hash: hash, Time: h.Time}, nil
}

// Outputs returns the outputs that the outpoints name. Each comes from its transaction's
// bytes, checked against the txid. What was found is returned even with an error:
//
// chains.ErrNotFound: some are on no transaction that the node knows. ErrUnsupported: the
// node has no index of transactions. ErrIncomplete: its index is still being built.
func (n *Node) Outputs(ctx context.Context, points []chains.OutPoint) (map[chains.OutPoint]chains.Output, error) {
	wanted := map[chains.TxID][]uint32{}
	var ids []chains.TxID
	for _, p := range points {
		if _, seen := wanted[p.Tx]; !seen {
			ids = append(ids, p.Tx)
		}
		wanted[p.Tx] = append(wanted[p.Tx], p.Index)
	}
	found := make(map[chains.OutPoint]chains.Output, len(points))
	missing := 0
	var why error
	for some := range slices.Chunk(ids, batchCalls) {
		absent, err := n.outputsOf(ctx, some, wanted, found)
		if err != nil {
			return found, fmt.Errorf("outputs of %d transactions: %w", len(ids), err)
		}
		if missing += len(absent); len(absent) > 0 && why == nil {
			why = fmt.Errorf("first %s: %w", absent[0], n.missingTx())
		}
	}
	if missing > 0 {
		return found, fmt.Errorf("outputs of %d transactions, of which %d are missing, %w", len(ids), missing, why)
	}
	return found, nil
}

// outputsOf asks for the transactions ids and puts their wanted outputs into found. It
// returns those that the node does not find.
func (n *Node) outputsOf(ctx context.Context, ids []chains.TxID, wanted map[chains.TxID][]uint32,
	found map[chains.OutPoint]chains.Output,
) ([]chains.TxID, error) {
	texts := make([]string, len(ids))
	calls := make([]rpc.Call, len(ids))
	for i, id := range ids {
		calls[i] = rpc.Call{Method: "getrawtransaction", Params: []any{id.String(), 0}, Result: &texts[i]}
	}
	if err := n.client.Batch(ctx, maxBatchAnswer, calls); err != nil {
		return nil, err
	}
	var absent []chains.TxID
	for i, id := range ids {
		if rpc.IsCode(calls[i].Err, codeNotFound) {
			absent = append(absent, id)
			continue
		}
		if calls[i].Err != nil {
			return nil, calls[i].Err
		}
		tx, err := n.checkedTx(texts[i], id)
		if err != nil {
			return nil, err
		}
		for _, index := range wanted[id] {
			point := chains.OutPoint{Tx: id, Index: index}
			if int64(index) >= int64(len(tx.Outputs)) {
				return nil, fmt.Errorf("output %s: the transaction has %d: %w", point, len(tx.Outputs), chains.ErrNotFound)
			}
			found[point] = tx.Outputs[index]
		}
	}
	return absent, nil
}

package bitcoin

import (
	"fmt"

	"clew/chains"
)

// DecodeBlock reads a whole block of chain in consensus bytes: header and transactions, nothing
// behind them. It computes the txids and checks that the first transaction, and no other, is
// a coinbase and that the Merkle root of the header is theirs and of no shorter list
// (CVE-2012-2459). So each transaction is proven by the header, whose hash the caller
// compares with the one asked for; CheckWork checks the work in it. The height is not in the
// header: the caller states it, and BIP34's in the coinbase is not read.
//
// Inputs come back with Known false: AttachSpent fills them. Header and every Raw are parts
// of raw, and the addresses of all outputs are parts of one string: whoever keeps a few
// transactions of many blocks keeps copies (chains.Tx.Clone).
//
// An error wraps ErrBadEncoding, ErrMutated, or chains.ErrBadAnswer for a Merkle root that
// is not the header's. Safe for concurrent use.
func DecodeBlock(chain chains.Chain, raw []byte, height int64) (*chains.Block, error) {
	net, err := networkOf(chain)
	if err != nil {
		return nil, err
	}
	d := decoder{net: net, reader: reader{data: raw}, slab: blockSlab}
	header := d.take(HeaderBytes)
	n := d.count("transactions", leastTx)
	if d.err != nil {
		return nil, fmt.Errorf("block: %w", d.err)
	}
	h, err := DecodeHeader(chain, header)
	if err != nil {
		return nil, err
	}
	block := &chains.Block{
		Ref:    chains.BlockRef{Height: height, Hash: h.Hash, Time: h.Time},
		Prev:   h.Prev,
		Header: header,
		Raw:    raw,
		Txs:    make([]chains.Tx, n),
	}
	d.keys, d.ends = make([]byte, 0, 60*n), make([]int, 0, 3*n)
	for i := range block.Txs {
		tx := &block.Txs[i]
		*tx = d.tx()
		tx.Block, tx.Index = block.Ref, i
		if d.err == nil && tx.Coinbase != (i == 0) {
			d.fail("the first transaction and no other is a coinbase")
		}
		if d.err != nil {
			return nil, fmt.Errorf("block %s, transaction %d: %w", h.Hash, i, d.err)
		}
	}
	if err := d.end(); err != nil {
		return nil, fmt.Errorf("block %s: %w", h.Hash, err)
	}
	d.finish(block.Txs)
	if err := checkRoot(h, block.Txs); err != nil {
		return nil, err
	}
	return block, nil
}

func checkRoot(h Header, txs []chains.Tx) error {
	ids := make([]chains.TxID, len(txs))
	for i := range txs {
		ids[i] = txs[i].ID
	}
	root, err := MerkleRoot(ids)
	if err != nil {
		return fmt.Errorf("block %s: %w", h.Hash, err)
	}
	if root != h.MerkleRoot {
		return fmt.Errorf("block %s: the transactions have Merkle root %s, the header says %s: %w",
			h.Hash, root, h.MerkleRoot, chains.ErrBadAnswer)
	}
	return nil
}

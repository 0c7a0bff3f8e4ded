package ingest

import (
	"fmt"

	"clew/chains"
)

// CoinbaseEntry is the first transaction of a block, with its branch. It fixes how deep the block's
// tree is: a node of the tree that is passed off as a transaction, and a transaction of 64 bytes that
// is passed off as a node, have branches of another length.
type CoinbaseEntry struct {
	Height int64         `json:"height"`
	Raw    string        `json:"raw"`
	Branch []chains.Hash `json:"branch"` // from the bottom up
}

// coinbase keeps the first transaction of the block whose ids r has.
func (r *Recorder) coinbase(b *chains.Block) error {
	for i := range b.Txs {
		if b.Place(i) != 0 {
			continue
		}
		raw, err := r.objects.put(b.Txs[i].Raw)
		if err != nil {
			return err
		}
		r.manifest.Coinbases = append(r.manifest.Coinbases, CoinbaseEntry{Height: b.Ref.Height, Raw: raw, Branch: r.merkle.MerkleBranch(r.ids, 0)})
		return nil
	}
	return fmt.Errorf("record block %d: it has no first transaction: %w", b.Ref.Height, chains.ErrBadAnswer)
}

// readCoinbases checks that each block with a recorded transaction has its coinbase at the depth of
// the others, or none has.
func (r *Recording) readCoinbases() error {
	m := &r.Manifest
	if len(m.Coinbases) == 0 {
		return nil
	}
	if len(m.Coinbases) != len(r.byBlock) {
		return fmt.Errorf("coinbases of %d blocks, and transactions of %d: %w", len(m.Coinbases), len(r.byBlock), chains.ErrBadAnswer)
	}
	for i := range m.Coinbases {
		c := &m.Coinbases[i]
		if i > 0 && c.Height <= m.Coinbases[i-1].Height {
			return fmt.Errorf("the coinbase of block %d does not stand behind the one before: %w", c.Height, chains.ErrBadAnswer)
		}
		if err := r.readCoinbase(c); err != nil {
			return fmt.Errorf("coinbase of block %d: %w", c.Height, err)
		}
	}
	return nil
}

func (r *Recording) readCoinbase(c *CoinbaseEntry) error {
	beside := r.byBlock[c.Height]
	if len(beside) == 0 {
		return fmt.Errorf("no transaction of that block is held: %w", chains.ErrBadAnswer)
	}
	raw, err := r.object(c.Raw, maxBlock)
	if err != nil {
		return err
	}
	tx, err := r.dec.DecodeTx(r.Manifest.Chain, raw)
	if err != nil {
		return fmt.Errorf("%w: %w", chains.ErrBadAnswer, err)
	}
	header := r.headers[c.Height-r.Manifest.From]
	switch {
	case !tx.Coinbase:
		return fmt.Errorf("%s spends something, as no coinbase does: %w", tx.ID, chains.ErrBadAnswer)
	case !r.dec.VerifyBranch(tx.ID, 0, c.Branch, header.MerkleRoot):
		return fmt.Errorf("%s is not proven to be the first transaction of block %s: %w", tx.ID, header.Hash, chains.ErrBadAnswer)
	case len(c.Branch) != len(r.Manifest.Txs[beside[0]].Branch):
		return fmt.Errorf("its branch has %d hashes, and those of the transactions beside it %d: %w", len(c.Branch), len(r.Manifest.Txs[beside[0]].Branch), chains.ErrBadAnswer)
	}
	return r.checkCoinbase(raw, c.Height)
}

// checkCoinbase compares the height of a block with the one that its first transaction states.
func (r *Recording) checkCoinbase(raw []byte, height int64) error {
	if err := r.dec.CheckCoinbase(r.Manifest.Chain, raw, height); err != nil {
		return fmt.Errorf("block %d: %w: %w", height, chains.ErrBadAnswer, err)
	}
	return nil
}

package ingest

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"

	"clew/chains"
)

// Recording stands in for a node with what a recording holds. It checks everything that it
// hands out: objects against their names, headers against each other, transactions against
// their proofs. What the recording does not hold is ErrIncomplete, never an empty answer.
// Safe for concurrent use.
type Recording struct {
	Manifest Manifest
	SHA256   string // of the manifest's bytes

	dec      Decoder     // of the Bitcoin family
	exec     ExecDecoder // of a chain of accounts
	declared []Declaration
	close    io.Closer
	members  map[string]*zip.File
	size     uint64             // of the archive, in bytes
	headers  []chains.Header    // From…To, or at Manifest.Heights
	raws     [][]byte           // their bytes
	kept     keptFacts          // of a chain of accounts
	byBlock  map[int64][]int    // indices in Manifest.Txs, by height
	byID     map[chains.TxID]at // every transaction that is held

	mu      sync.Mutex
	decoded map[int64]*chains.Block // whole blocks that Tx read, never handed out
}

// maxDecoded bounds the whole blocks that are kept for Tx.
const maxDecoded = 16

// at is the place of a transaction that a recording holds.
type at struct {
	height int64
	index  int
}

// OpenRecording reads a recording from the root of fsys. It is an error that wraps
// ErrBadAnswer if it is damaged or contradicts itself, ErrUnsupported if it is of another
// schema or of a family whose decoder is nil, and ErrWrongChain if it is of
// another chain than the one given; "" takes any. Transactions of an extract are checked when
// Block reads them; those of a chain of accounts at once.
func OpenRecording(ctx context.Context, fsys fs.FS, chain chains.Chain, dec Decoder, exec ExecDecoder) (*Recording, error) {
	r := &Recording{
		dec: dec, exec: exec, members: map[string]*zip.File{}, byBlock: map[int64][]int{},
		byID: map[chains.TxID]at{}, decoded: map[int64]*chains.Block{},
	}
	if err := r.open(ctx, fsys, chain); err != nil {
		return nil, errors.Join(fmt.Errorf("recording: %w", err), r.Close())
	}
	return r, nil
}

// Close releases the file.
func (r *Recording) Close() error {
	if r.close == nil {
		return nil
	}
	return r.close.Close()
}

// order returns the position of the transaction in the order in which those of its block
// take effect: somebody's word where it is not that in the block, which it can be only where
// a block may have any order; that none stands before one that it spends is checked.
func (e *TxEntry) order() int {
	if e.Order != nil {
		return *e.Order
	}
	return e.Index
}

func (e *TxEntry) before(f *TxEntry) bool {
	return e.Height < f.Height || e.Height == f.Height && e.order() < f.order()
}

// Held returns the span of heights whose headers it holds.
func (r *Recording) Held() Span { return Span{From: r.Manifest.From, To: r.Manifest.To} }

// Declared returns what those who recorded logged of the incident whose file has that SHA-256, or nil
// where the recording does not say.
func (r *Recording) Declared(sha string) *Declaration {
	for i := range r.declared {
		if d := &r.declared[i]; d.SHA256 == sha {
			return d
		}
	}
	return nil
}

// Head returns the last block that the recording stands for.
func (r *Recording) Head(context.Context) (chains.BlockRef, error) {
	p := r.Manifest.AsOf
	return chains.BlockRef{Height: p.Height, Hash: p.Hash, Time: p.Time}, nil
}

// Ref returns the block at a height of its span.
func (r *Recording) Ref(ctx context.Context, height int64) (chains.BlockRef, error) {
	m := &r.Manifest
	switch {
	case height == m.AsOf.Height:
		return r.Head(ctx)
	case height < m.From || height > m.To:
		return chains.BlockRef{}, fmt.Errorf("block %d: the recording holds %d to %d: %w", height, m.From, m.To, chains.ErrIncomplete)
	}
	i, ok := r.headerAt(height)
	if !ok {
		return chains.BlockRef{}, fmt.Errorf("block %d: the recording holds the blocks that were touched, and it was not: %w", height, chains.ErrIncomplete)
	}
	h := r.headers[i]
	return chains.BlockRef{Height: height, Hash: h.Hash, Time: h.Time}, nil
}

// ofAccounts reports whether it is of a chain of accounts.
func (r *Recording) ofAccounts() bool { return r.Manifest.Chain.Info().Family == chains.FamilyEVM }

// headerAt returns the index in headers of the block at a height of its span.
func (r *Recording) headerAt(height int64) (int, bool) {
	if !r.ofAccounts() {
		return int(height - r.Manifest.From), true
	}
	return slices.BinarySearch(r.Manifest.Heights, height)
}

// Chain names the blockchain.
func (r *Recording) Chain() chains.Chain { return r.Manifest.Chain }

// HashAt returns the hash of the block at a height of its span.
func (r *Recording) HashAt(ctx context.Context, height int64) (chains.BlockHash, error) {
	ref, err := r.Ref(ctx, height)
	return ref.Hash, err
}

// Block returns a block of its span: all of it, or the recorded transactions (Partial).
func (r *Recording) Block(_ context.Context, height int64, hash chains.BlockHash) (*chains.Block, error) {
	m := &r.Manifest
	if height < m.From || height > m.To {
		return nil, fmt.Errorf("block %d: the recording holds %d to %d: %w", height, m.From, m.To, chains.ErrIncomplete)
	}
	at, ok := r.headerAt(height)
	if !ok {
		return nil, fmt.Errorf("block %d: the recording holds the blocks that were touched, and it was not: %w", height, chains.ErrIncomplete)
	}
	h := r.headers[at]
	if h.Hash != hash {
		return nil, fmt.Errorf("block %d is %s in the recording: %w", height, h.Hash, chains.ErrReorged)
	}
	if r.ofAccounts() {
		return r.keptBlock(height, nil)
	}
	if m.Coverage == CoverageWhole {
		return r.whole(height)
	}
	b := &chains.Block{
		Ref:  chains.BlockRef{Height: height, Hash: h.Hash, Time: h.Time},
		Prev: h.Prev, Header: r.raws[height-m.From], Partial: true,
	}
	for _, i := range r.byBlock[height] {
		tx, err := r.tx(&m.Txs[i], b)
		if err != nil {
			return nil, fmt.Errorf("recorded transaction %s: %w", m.Txs[i].TxID, err)
		}
		b.Txs = append(b.Txs, tx)
	}
	return b, r.effective(b)
}

// effective is ErrBadAnswer if a transaction of an extract stands before one that it spends.
func (r *Recording) effective(b *chains.Block) error {
	passed := make(map[chains.TxID]bool, len(b.Txs))
	for i := range b.Txs {
		tx := &b.Txs[i]
		for j := range tx.Inputs {
			prev := tx.Inputs[j].Prev.Tx
			if where, held := r.byID[prev]; held && where.height == b.Ref.Height && !passed[prev] {
				return fmt.Errorf("recorded transaction %s is said to take effect before %s, which it spends: %w", tx.ID, prev, chains.ErrBadAnswer)
			}
		}
		passed[tx.ID] = true
	}
	return nil
}

// tx reads one recorded transaction and checks its proof.
func (r *Recording) tx(e *TxEntry, b *chains.Block) (chains.Tx, error) {
	raw, err := r.object(e.Raw, maxBlock)
	if err != nil {
		return chains.Tx{}, err
	}
	tx, err := r.dec.DecodeTx(r.Manifest.Chain, raw)
	if err != nil {
		return tx, fmt.Errorf("%w: %w", chains.ErrBadAnswer, err)
	}
	root := r.headers[b.Ref.Height-r.Manifest.From].MerkleRoot
	if tx.ID != e.TxID || e.Index < 0 || !r.dec.VerifyBranch(tx.ID, e.Index, e.Branch, root) {
		return tx, fmt.Errorf("it is not proven to be at position %d of block %s: %w", e.Index, b.Ref.Hash, chains.ErrBadAnswer)
	}
	tx.Block, tx.Index, tx.Evidence = b.Ref, e.order(), chains.EvidenceProven
	if e.Spent != "" {
		one := &chains.Block{Ref: b.Ref, Txs: []chains.Tx{tx}}
		spent, err := r.object(e.Spent, spentLimit(one.Txs))
		if err != nil {
			return tx, err
		}
		if err := r.dec.AttachSpent(r.Manifest.Chain, one, [][]byte{spent}); err != nil {
			return tx, fmt.Errorf("outputs spent: %w: %w", chains.ErrBadAnswer, err)
		}
		tx = one.Txs[0]
	}
	return tx, r.fillPrevious(e, &tx)
}

// fillPrevious tells what tx spends of the recorded transactions before it.
func (r *Recording) fillPrevious(e *TxEntry, tx *chains.Tx) error {
	made := map[chains.TxID]*chains.Tx{}
	if len(e.Previous) > len(tx.Inputs) {
		return fmt.Errorf("%d previous transactions for %d inputs: %w", len(e.Previous), len(tx.Inputs), chains.ErrBadAnswer)
	}
	for _, name := range e.Previous {
		raw, err := r.object(name, maxBlock)
		if err != nil {
			return err
		}
		prev, err := r.dec.DecodeTx(r.Manifest.Chain, raw)
		if err != nil {
			return fmt.Errorf("transaction that made an output: %w: %w", chains.ErrBadAnswer, err)
		}
		made[prev.ID] = &prev
	}
	for i := range tx.Inputs {
		in := &tx.Inputs[i]
		tell := fill
		if in.Known {
			tell = agrees
		}
		if err := tell(in, made[in.Prev.Tx]); err != nil {
			return err
		}
	}
	return nil
}

func (r *Recording) whole(height int64) (*chains.Block, error) {
	i := int(height - r.Manifest.From)
	if r.Manifest.Blocks[i].Height != height {
		return nil, fmt.Errorf("block %d is missing from a recording of whole blocks: %w", height, chains.ErrBadAnswer)
	}
	e := r.Manifest.Blocks[i]
	raw, err := r.object(e.Raw, maxBlock)
	if err != nil {
		return nil, err
	}
	b, err := r.dec.DecodeBlock(r.Manifest.Chain, raw, height)
	if err != nil {
		return nil, fmt.Errorf("block %d: %w: %w", height, chains.ErrBadAnswer, err)
	}
	if b.Ref.Hash != r.headers[i].Hash {
		return nil, fmt.Errorf("block %d is not the one of its header: %w", height, chains.ErrBadAnswer)
	}
	if err := r.checkCoinbase(b.Txs[0].Raw, height); err != nil {
		return nil, err
	}
	if e.Spent == "" {
		return b, nil
	}
	data, err := r.object(e.Spent, spentLimit(b.Txs))
	if err != nil {
		return nil, err
	}
	spent, err := framed(data, len(b.Txs))
	if err != nil {
		return nil, fmt.Errorf("outputs spent in block %d: %w", height, err)
	}
	if err := r.dec.AttachSpent(r.Manifest.Chain, b, spent); err != nil {
		return nil, fmt.Errorf("outputs spent in block %d: %w: %w", height, chains.ErrBadAnswer, err)
	}
	return b, nil
}

// Locate returns the block of a transaction that the recording holds.
func (r *Recording) Locate(ctx context.Context, id chains.TxID) (chains.BlockRef, error) {
	where, ok := r.byID[id]
	if !ok {
		return chains.BlockRef{}, fmt.Errorf("transaction %s: the recording (%s, blocks %d to %d) does not hold it: %w",
			id, r.Manifest.Coverage, r.Manifest.From, r.Manifest.To, chains.ErrNotFound)
	}
	return r.Ref(ctx, where.height)
}

// Tx returns the bytes of a transaction that a recording of whole blocks holds. An extract
// offers none: what was known of its inputs stands with each transaction, and a trace from
// it must not know more than the trace that made it.
func (r *Recording) Tx(ctx context.Context, id chains.TxID) ([]byte, chains.BlockHash, error) {
	if r.Manifest.Coverage == CoverageExtract { // of a chain of accounts too
		return nil, chains.BlockHash{}, fmt.Errorf("transaction %s: %w", id, chains.ErrUnsupported)
	}
	where, ok := r.byID[id]
	if !ok {
		return nil, chains.BlockHash{}, fmt.Errorf("transaction %s: %w", id, chains.ErrNotFound)
	}
	hash, err := r.HashAt(ctx, where.height)
	if err != nil {
		return nil, hash, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	b := r.decoded[where.height]
	if b == nil {
		if b, err = r.whole(where.height); err != nil {
			return nil, hash, err
		}
		if len(r.decoded) >= maxDecoded {
			clear(r.decoded)
		}
		r.decoded[where.height] = b
	}
	return b.Txs[where.index].Raw, hash, nil
}

package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"clew/chains"
	"clew/strict"
)

func (r *Recording) open(ctx context.Context, fsys fs.FS, chain chains.Chain) error {
	data, err := fs.ReadFile(fsys, manifestFile)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	r.SHA256 = hex.EncodeToString(sum[:])
	if err := r.readManifest(data, chain); err != nil {
		return err
	}
	if err := r.readDeclared(fsys); err != nil {
		return err
	}
	if err := r.openObjects(fsys); err != nil {
		return err
	}
	if r.ofAccounts() {
		return r.openAccounts(ctx)
	}
	if err := r.readHeaders(); err != nil {
		return err
	}
	return r.index(ctx)
}

func (r *Recording) readManifest(data []byte, chain chains.Chain) error {
	m := &r.Manifest
	if err := strict.JSON(data, m); err != nil {
		return fmt.Errorf("%s: %w: %w", manifestFile, chains.ErrBadAnswer, err)
	}
	switch {
	case m.Schema != RecordingSchema:
		return fmt.Errorf("schema %q: this program reads %q: %w", m.Schema, RecordingSchema, chains.ErrUnsupported)
	case chain != "" && chain != m.Chain:
		return fmt.Errorf("it is of %s, not of %s: %w", m.Chain, chain, chains.ErrWrongChain)
	case m.Chain.CAIP2() == "" || m.CAIP2 != m.Chain.CAIP2():
		return fmt.Errorf("chain %q with id %q: %w", m.Chain, m.CAIP2, chains.ErrUnknownChain)
	case r.ofAccounts() && r.exec == nil, !r.ofAccounts() && r.dec == nil:
		return fmt.Errorf("it is of %s: nothing reads that: %w", m.Chain, chains.ErrUnsupported)
	case !r.ofAccounts() && (len(m.Heights) > 0 || len(m.Wrapped) > 0 || m.State != ""), r.ofAccounts() && (m.Coverage != CoverageExtract || m.AsOfHeader != "" || len(m.Coinbases) > 0):
		return fmt.Errorf("it holds what no recording of %s does: %w", m.Chain, chains.ErrBadAnswer)
	case m.Coverage != CoverageWhole && m.Coverage != CoverageExtract:
		return fmt.Errorf("coverage %q, want whole or extract: %w", m.Coverage, chains.ErrBadAnswer)
	case m.From < 0 || m.To < m.From || m.AsOf.Height < m.To || !r.ofAccounts() && m.To-m.From >= maxHeaders:
		return fmt.Errorf("blocks %d to %d as of block %d: %w", m.From, m.To, m.AsOf.Height, chains.ErrBadAnswer)
	case !r.ofAccounts() && (m.AsOfHeader != "") != (m.AsOf.Height > m.To):
		return fmt.Errorf("as of block %d, headers to %d: the header of the pinned block must be there, and once: %w",
			m.AsOf.Height, m.To, chains.ErrBadAnswer)
	case m.Coverage == CoverageWhole && (len(m.Txs) > 0 || len(m.Coinbases) > 0 || int64(len(m.Blocks)) != m.To-m.From+1):
		return fmt.Errorf("%d blocks and %d single transactions in a recording of whole blocks %d to %d: %w",
			len(m.Blocks), len(m.Txs), m.From, m.To, chains.ErrBadAnswer)
	case m.Coverage == CoverageExtract && len(m.Blocks) > 0:
		return fmt.Errorf("whole blocks in a recording of single transactions: %w", chains.ErrBadAnswer)
	}
	return nil
}

// readDeclared reads when incidents were first logged, if the recording says.
func (r *Recording) readDeclared(fsys fs.FS) error {
	data, err := fs.ReadFile(fsys, declaredFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := strict.JSON(data, &r.declared); err != nil {
		return fmt.Errorf("%s: %w", declaredFile, errors.Join(chains.ErrBadAnswer, err))
	}
	for _, d := range r.declared {
		when := []string{d.FirstLogged}
		for _, e := range d.Earlier {
			when = append(when, e.When)
		}
		for _, w := range when {
			if _, err := time.Parse(time.RFC3339, w); err != nil {
				return fmt.Errorf("%s: %w", declaredFile, errors.Join(chains.ErrBadAnswer, err))
			}
		}
	}
	return nil
}

// readHeaders checks that the headers follow each other, carry proof of work and lead to the
// pinned block. Behind headers that end before it, its own must carry proof of work; that it
// follows from them is not shown.
func (r *Recording) readHeaders() error {
	m := &r.Manifest
	count := m.To - m.From + 1
	// Hashes hardly shrink: headers of four times the archive's size are none.
	data, err := r.object(m.Headers, min(uint64(count)*framedHeader, 4*r.size))
	if err != nil {
		return err
	}
	if r.raws, err = framed(data, int(count)); err != nil {
		return fmt.Errorf("headers of blocks %d to %d: %w", m.From, m.To, err)
	}
	for i, raw := range r.raws {
		h, err := r.dec.DecodeHeader(m.Chain, raw)
		if err != nil {
			return fmt.Errorf("header of block %d: %w: %w", m.From+int64(i), chains.ErrBadAnswer, err)
		}
		if i > 0 && h.Prev != r.headers[i-1].Hash {
			return fmt.Errorf("block %d does not follow the one before: %w", m.From+int64(i), chains.ErrBadAnswer)
		}
		r.headers = append(r.headers, h)
	}
	pinned, err := r.readPinned()
	if err != nil {
		return err
	}
	err = r.dec.CheckChainWork(m.Chain, func(yield func(int64, []byte) bool) {
		for i, raw := range r.raws {
			if !yield(m.From+int64(i), raw) {
				return
			}
		}
		if pinned != nil {
			yield(m.AsOf.Height, pinned)
		}
	})
	if err != nil {
		return fmt.Errorf("headers: %w: %w", chains.ErrBadAnswer, err)
	}
	return nil
}

// readPinned compares the pinned block with its header. It returns that header's bytes where
// it is not the last of the others.
func (r *Recording) readPinned() (raw []byte, err error) {
	m := &r.Manifest
	last := r.headers[len(r.headers)-1]
	pinned := last
	if m.AsOfHeader != "" {
		if raw, err = r.object(m.AsOfHeader, framedHeader); err != nil {
			return nil, fmt.Errorf("header of block %d: %w", m.AsOf.Height, err)
		}
		if pinned, err = r.dec.DecodeHeader(m.Chain, raw); err != nil {
			return nil, fmt.Errorf("header of block %d: %w: %w", m.AsOf.Height, chains.ErrBadAnswer, err)
		}
	}
	if pinned.Hash != m.AsOf.Hash || pinned.Time != m.AsOf.Time {
		return nil, fmt.Errorf("the header of the pinned block is that of %s at %d, not of %s at %d: %w",
			pinned.Hash, pinned.Time, m.AsOf.Hash, m.AsOf.Time, chains.ErrBadAnswer)
	}
	if m.AsOf.Height == m.To+1 && pinned.Prev != last.Hash {
		return nil, fmt.Errorf("block %d does not follow the one before: %w", m.AsOf.Height, chains.ErrBadAnswer)
	}
	return raw, nil
}

// index notes where each transaction is. A whole recording is read once for that.
func (r *Recording) index(ctx context.Context) error {
	for i := range r.Manifest.Txs {
		e := &r.Manifest.Txs[i]
		if e.Height < r.Manifest.From || e.Height > r.Manifest.To {
			return fmt.Errorf("transaction %s lies outside of its headers: %w", e.TxID, chains.ErrBadAnswer)
		}
		if e.Order != nil && (*e.Order < 0 || !r.dec.AnyOrder(r.Manifest.Chain)) {
			return fmt.Errorf("transaction %s: its order in block %d is said to be %d, its place there is %d: %w",
				e.TxID, e.Height, *e.Order, e.Index, chains.ErrBadAnswer)
		}
		if i > 0 && !r.Manifest.Txs[i-1].before(e) {
			return fmt.Errorf("transaction %s is not in the order of the chain: %w", e.TxID, chains.ErrBadAnswer)
		}
		// A branch of another length than its neighbours' ends at no transaction.
		if same := r.byBlock[e.Height]; same != nil && len(e.Branch) != len(r.Manifest.Txs[same[0]].Branch) {
			return fmt.Errorf("transaction %s: its branch has another length than those beside it in block %d: %w",
				e.TxID, e.Height, chains.ErrBadAnswer)
		}
		if same, known := r.byID[e.TxID]; known && same.height == e.Height {
			return fmt.Errorf("transaction %s stands twice in block %d: %w", e.TxID, e.Height, chains.ErrBadAnswer)
		}
		r.byBlock[e.Height] = append(r.byBlock[e.Height], i)
		r.byID[e.TxID] = at{e.Height, e.Index}
	}
	if r.Manifest.Coverage == CoverageExtract {
		return r.readCoinbases()
	}
	for i := range r.headers {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := r.whole(r.Manifest.From + int64(i))
		if err != nil {
			return err
		}
		for n := range b.Txs {
			r.byID[b.Txs[n].ID] = at{b.Ref.Height, n}
		}
	}
	return nil
}

package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"clew/chains"
)

// SuggestedBatch is the number of transactions after which Flush is worth its while during
// a long sync. Larger batches spare a merge for each eightfold, wait longer for each other at
// both ends of a sync, and take more memory: about 2 KiB a transaction, of those gathered and
// those written.
const SuggestedBatch = 50_000

// Loader writes blocks of one chain in batches. Add gathers, Flush writes: all that was
// gathered and the span that it covers, in one transaction. One goroutine may Add while
// another runs Flush; otherwise a Loader is used by one goroutine.
type Loader struct {
	s     *Store
	chain chains.Chain
	no    int64

	mu       sync.Mutex // guards what follows
	adding   []*segment // what was gathered, in order of height
	writing  []*segment // what Flush is writing now
	spans    []Span     // what is stored
	scratch  []byte
	failed   error // after a failed Flush
	released bool
}

// Load returns a Loader for chain. While it is open, nobody else can load: a second Load is
// ErrLocked, from this process or another.
func (s *Store) Load(ctx context.Context, chain chains.Chain) (*Loader, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loader != nil {
		return nil, fmt.Errorf("load %s: %w (close the other loader first)", chain, ErrLocked)
	}
	if err := s.lockWriter(ctx); err != nil {
		return nil, fmt.Errorf("load %s into %s: %w", chain, s.path, err)
	}
	no, err := s.chainNumber(ctx, chain)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("load %s into %s: %w", chain, s.path, err), s.unlockWriter())
	}
	l := &Loader{s: s, chain: chain, no: no}
	if err := l.refresh(ctx); err != nil {
		return nil, errors.Join(err, s.unlockWriter())
	}
	s.loader = l
	return l, nil
}

// chainNumber returns the number of chain, giving it one if it has none.
func (s *Store) chainNumber(ctx context.Context, chain chains.Chain) (no int64, err error) {
	err = s.transact(ctx, false, func(c *conn) error {
		no, err = findChain(c, chain)
		if !errors.Is(err, chains.ErrNotFound) {
			return err
		}
		if no, err = number(c, `SELECT count(*) FROM chain`); err != nil {
			return err
		}
		if no > maxChainNo {
			return fmt.Errorf("a store holds %d chains: %w", maxChainNo+1, chains.ErrUnsupported)
		}
		_, err = number(c, `INSERT INTO chain (chain_no, name) VALUES (?, ?)`, no, string(chain))
		return err
	})
	return no, err
}

// Close ends loading. What was gathered since the last Flush is dropped. Index runs are
// merged until reads look into few, which takes some seconds after ten million transactions;
// an error of that, ErrFull mostly, takes no fact back, and the next Close tries again.
func (l *Loader) Close() (err error) {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.released {
		return nil
	}
	if l.failed == nil {
		if err = l.s.mergeDue(context.Background(), l.no, settledDue); err != nil {
			err = fmt.Errorf("merge the indexes of %s in store %s: %w", l.chain, l.s.path, err)
		}
	}
	l.released, l.adding = true, nil
	l.s.loader = nil
	return errors.Join(err, l.s.unlockWriter())
}

// Pending returns the number of transactions gathered since the last Flush.
func (l *Loader) Pending() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, g := range l.adding {
		n += len(g.txs)
	}
	return n
}

// Full reports whether a Flush is due: see SuggestedBatch.
func (l *Loader) Full() bool { return l.Pending() >= SuggestedBatch }

// Add gathers a block. It must fit between its neighbours, stored or gathered, by hash:
// otherwise the error is a *ReorgError (chains.ErrReorged), and nothing was gathered. A
// block without neighbours begins a span of its own; one that is there already is ignored.
// A block must have all its transactions (Partial is ErrUnsupported).
//
// An input that is not Known gets its spent output from the blocks gathered or stored, and
// stays unknown if none has it. Add keeps b's transactions only where it must ask the store
// for such outputs; the caller must not change b before the next Flush returned.
func (l *Loader) Add(b *chains.Block) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil || l.released {
		return errors.Join(l.failed, l.gone())
	}
	if err := l.add(b); err != nil {
		return fmt.Errorf("load %s block %d: %w", l.chain, b.Ref.Height, err)
	}
	return nil
}

func (l *Loader) add(b *chains.Block) error {
	if b.Partial {
		return fmt.Errorf("the block holds some of its transactions only: %w", chains.ErrUnsupported)
	}
	h := b.Ref.Height
	if err := checkHeight(h); err != nil {
		return err
	}
	there, err := l.fits(b)
	if err != nil || there {
		return err
	}
	i := slices.IndexFunc(l.adding, func(g *segment) bool { return g.to()+1 >= h })
	if i < 0 || l.adding[i].to()+1 != h {
		if i < 0 {
			i = len(l.adding)
		}
		l.adding = slices.Insert(l.adding, i, newSegment(h))
	}
	l.scratch, err = l.adding[i].add(l.s.hash, l.no, b, l.scratch)
	return err
}

// fits compares b with the blocks at its height and beside it, and reports whether it is
// there already.
func (l *Loader) fits(b *chains.Block) (there bool, err error) {
	h := b.Ref.Height
	same, err := l.link(h)
	if err != nil {
		return false, err
	}
	if same != nil {
		if same.Ref.Hash == b.Ref.Hash {
			return true, nil
		}
		return false, &ReorgError{l.chain, h, same.Ref.Hash, b.Ref.Hash}
	}
	before, err := l.link(h - 1)
	if err != nil {
		return false, err
	}
	if before != nil && before.Ref.Hash != b.Prev {
		return false, &ReorgError{l.chain, h - 1, before.Ref.Hash, b.Prev}
	}
	after, err := l.link(h + 1)
	if err != nil {
		return false, err
	}
	if after != nil && after.Prev != b.Ref.Hash {
		return false, &ReorgError{l.chain, h, after.Prev, b.Ref.Hash}
	}
	return false, nil
}

// link returns the block at height among those gathered, being written, or stored; nil if
// there is none.
func (l *Loader) link(height int64) (*BlockInfo, error) {
	for _, gs := range [][]*segment{l.adding, l.writing} {
		for _, g := range gs {
			if height >= g.from && height <= g.to() {
				row := &g.blocks[height-g.from]
				return &BlockInfo{Ref: row.ref, Prev: row.prev, Txs: row.txs}, nil
			}
		}
	}
	for _, sp := range l.spans {
		if height >= sp.From && height <= sp.To {
			b, err := l.s.Block(context.Background(), l.chain, height)
			return &b, err
		}
	}
	return nil, nil
}

// Flush writes everything gathered, in one transaction: after it, or after the process was
// killed in it, the store has all of the batch or nothing of it. Then it merges index runs
// that are due, which changes no fact. Errors: ErrFull, ErrLocked,
// or that of ctx. After an error the loader is of no more use: close it, and load again from
// where the store's spans end.
func (l *Loader) Flush(ctx context.Context) error {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	l.mu.Lock()
	if l.failed != nil || l.released {
		defer l.mu.Unlock()
		return errors.Join(l.failed, l.gone())
	}
	batch := l.adding
	l.adding, l.writing = nil, batch
	l.mu.Unlock()
	err := l.s.writeBatch(ctx, l.chain, l.no, batch)
	if err == nil {
		err = l.s.mergeDue(ctx, l.no, fanInDue)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writing = nil
	if err == nil {
		err = l.refresh(ctx)
	}
	if err != nil {
		l.failed = fmt.Errorf("write blocks of %s: %w", l.chain, err)
	}
	return l.failed
}

// gone returns an error if the loader was closed.
func (l *Loader) gone() error {
	if l.released {
		return errors.New("the loader is closed")
	}
	return nil
}

// refresh reads the spans again. The caller holds l.mu.
func (l *Loader) refresh(ctx context.Context) (err error) {
	l.spans, err = l.s.Spans(ctx, l.chain)
	return err
}

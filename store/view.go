package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"zombiezen.com/go/sqlite"

	"clew/chains"
)

// View reads one chain as it was at a block, whatever is loaded or rewound meanwhile. It implements
// screen.Facts, is used by one goroutine, and must be closed: until then SQLite cannot reuse the space
// of what a writer replaces.
//
// Opening one is cheap, so that each question can have its own: connections are kept with their
// statements, and what a connection knows of the chain is read again only where the file has changed.
type View struct {
	pool  *viewPool
	c     *viewConn
	r     *reader
	chain chains.Chain
	spans []Span
	asOf  chains.BlockRef
	end   place // behind the last transaction as of asOf
}

const (
	// viewConns is how many Views can be open at once: more wait for one to be closed.
	viewConns = 12
	// cacheView is the page cache of each of their connections, in KiB, as far as it is used. A walk of
	// 2,000 transactions reads about 30 MiB, and the next one some of the same pages: with 16 MiB, of
	// a store of 350 MiB, a third of its time went into reading them from the file again.
	cacheView = 48 << 10
)

// viewConn is a connection and what it knows as of a version of the file.
type viewConn struct {
	*conn
	version int64 // as PRAGMA data_version counts changes by other connections
	of      map[chains.Chain]*viewed
}

// viewed is what a connection knows of one chain.
type viewed struct {
	r     *reader
	spans []Span
}

// viewPool keeps the connections of Views. The last one that was put back is taken first, so that few
// callers use few connections.
type viewPool struct {
	slots chan struct{} // one for each View that may be open
	free  chan []*viewConn
}

func newViewPool() *viewPool {
	p := &viewPool{slots: make(chan struct{}, viewConns), free: make(chan []*viewConn, 1)}
	p.free <- nil
	return p
}

// take returns a connection of the store in path, which must be put back.
func (p *viewPool) take(ctx context.Context, path string) (*viewConn, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	free := <-p.free
	if n := len(free); n > 0 {
		c := free[n-1]
		p.free <- free[:n-1]
		return c, nil
	}
	p.free <- free
	c, err := openConn(ctx, path, sqlite.OpenReadOnly, cacheView)
	if err != nil {
		<-p.slots
		return nil, err
	}
	return &viewConn{conn: c, of: map[chains.Chain]*viewed{}}, nil
}

// put gives a connection back, whose transaction has ended.
func (p *viewPool) put(c *viewConn) {
	p.free <- append(<-p.free, c)
	<-p.slots
}

// drop closes a connection that may be in a transaction still.
func (p *viewPool) drop(c *viewConn) error {
	defer func() { <-p.slots }()
	return c.Close()
}

// close waits for every View and closes the connections.
func (p *viewPool) close() error {
	for range viewConns {
		p.slots <- struct{}{}
	}
	var errs []error
	for _, c := range <-p.free {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// View opens the chain as of the block at height asOf, or Latest. chains.ErrNotFound where the store has
// nothing of the chain; chains.ErrIncomplete, naming the spans, where asOf was not read.
func (s *Store) View(ctx context.Context, chain chains.Chain, asOf int64) (*View, error) {
	c, err := s.views.take(ctx, s.path)
	if err != nil {
		return nil, fmt.Errorf("view of %s: %w", chain, err)
	}
	v := &View{pool: s.views, c: c, chain: chain}
	if err := v.open(s.hash, asOf); err != nil {
		return nil, errors.Join(fmt.Errorf("view of %s: %w", chain, mapErr(ctx, err)), v.pool.drop(c))
	}
	return v, nil
}

func (v *View) open(h hasher, asOf int64) error {
	if err := begin(v.c.conn); err != nil {
		return err
	}
	version, err := value(v.c.conn, `PRAGMA data_version`)
	if err != nil {
		return err
	}
	if version != v.c.version {
		clear(v.c.of)
		v.c.version = version
	}
	known := v.c.of[v.chain]
	if known == nil {
		known = new(viewed)
		if known.r, err = newReader(v.c.conn, h, v.chain); err != nil {
			return err
		}
		if known.spans, err = readSpans(v.c.conn, known.r.no); err != nil {
			return err
		}
		v.c.of[v.chain] = known
	}
	v.r = known.r
	return v.limit(known.spans, asOf)
}

// limit bounds v to blocks up to asOf.
func (v *View) limit(spans []Span, asOf int64) (err error) {
	if asOf == Latest && len(spans) > 0 {
		asOf = spans[len(spans)-1].To
	}
	i := slices.IndexFunc(spans, func(sp Span) bool { return sp.From <= asOf && asOf <= sp.To })
	if i < 0 {
		return fmt.Errorf("block %d: %w: the store has %s", asOf, chains.ErrIncomplete, spanNames(spans))
	}
	v.spans = slices.Clone(spans[:i+1])
	v.spans[i].To = asOf
	v.end = blockPlace(v.r.no, asOf+1)
	v.asOf, err = v.r.blockRef(asOf)
	return err
}

// Close releases the snapshot.
func (v *View) Close() error {
	if v.c == nil {
		return nil
	}
	c := v.c
	v.c, v.r = nil, nil
	if err := step(c.conn, `ROLLBACK`); err != nil {
		return errors.Join(fmt.Errorf("close view of %s: %w", v.chain, err), v.pool.drop(c))
	}
	v.pool.put(c)
	return nil
}

// Covered returns what was read up to the block as of which v is, in order of height, and that block.
func (v *View) Covered() ([]chains.Span, chains.BlockRef) { return slices.Clone(v.spans), v.asOf }

// Tx returns the transaction id of the main chain; where two coinbases share a txid, the first.
// chains.ErrNotFound if the ranges read do not have it.
func (v *View) Tx(ctx context.Context, id chains.TxID) (*chains.Tx, error) {
	t, err := v.tx(ctx, &id)
	if err != nil {
		return nil, fmt.Errorf("view %s transaction %s: %w", v.chain, id, mapErr(ctx, err))
	}
	return t, nil
}

func (v *View) tx(ctx context.Context, id *chains.TxID) (*chains.Tx, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	pos, body, err := v.r.findBody(id, blockPlace(v.r.no, 0), v.end)
	if err != nil {
		return nil, err
	}
	t := new(chains.Tx)
	if err := decodeBody(string(body), t); err != nil {
		return nil, err
	}
	return t, v.r.complete(pos, t)
}

// Spender returns the transaction of the main chain that spends o, and the index of the input that
// does. chains.ErrNotFound if none of the ranges read spends it.
func (v *View) Spender(ctx context.Context, o chains.OutPoint) (*chains.Tx, int, error) {
	t, input, err := v.spender(ctx, o)
	if err != nil {
		return nil, 0, fmt.Errorf("view %s spender of %s: %w", v.chain, o, mapErr(ctx, err))
	}
	return t, input, nil
}

func (v *View) spender(ctx context.Context, o chains.OutPoint) (*chains.Tx, int, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	pos, t, err := v.r.spender(o)
	if err != nil {
		return nil, 0, err
	}
	if pos >= v.end {
		return nil, 0, fmt.Errorf("by block %d: %w", v.asOf.Height, chains.ErrNotFound)
	}
	return t, spends(t, o), v.r.complete(pos, t)
}

// AddressTxs returns, in chain order, up to limit transactions behind a place that pay to a or spend
// from it. Fewer than limit: there are no more in the ranges read.
func (v *View) AddressTxs(ctx context.Context, a chains.Address, after chains.Place, limit int) ([]*chains.Tx, error) {
	ts, err := v.addressTxs(ctx, a, after, limit)
	if err != nil {
		return nil, fmt.Errorf("view %s transactions of an address: %w", v.chain, mapErr(ctx, err))
	}
	return ts, nil
}

func (v *View) addressTxs(ctx context.Context, a chains.Address, after chains.Place, limit int) (ts []*chains.Tx, err error) {
	cur := newCursor(v.r, a, blockPlace(v.r.no, max(after.Height, 0))-1, v.end)
	for len(ts) < limit {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		pos, ok, err := cur.next()
		if err != nil || !ok {
			return ts, err
		}
		t, err := v.r.tx(pos)
		if err != nil {
			return nil, err
		}
		if (chains.Place{Height: t.Block.Height, Index: t.Index}).Before(after) || t.Block.Height == after.Height && t.Index == after.Index || !touches(t, a) {
			continue
		}
		ts = append(ts, t)
	}
	return ts, nil
}

package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"zombiezen.com/go/sqlite"

	"clew/chains"
)

// Latest asks Source for the end of the highest span.
const Latest = -1

// Source gives a tracer the transactions that it watches, in chain order, from the span that
// ends at, or contains, the block as of which the trace is made. It sees the store as it was
// when the Source was made, whatever is loaded or rewound meanwhile. It implements
// tracer.Source, tracer.Balancer and tracer.Clusters.
//
// It reads ahead: see ahead. A Source is used by one goroutine, and must be closed.
type Source struct {
	r       *reader // used inside of ahead.with, once that exists
	ahead   *ahead
	chain   chains.Chain
	spans   []Span // all of the chain, for messages
	span    Span   // the one that is read, up to asOf
	from    chains.BlockRef
	asOf    chains.BlockRef
	end     place // behind the last transaction as of asOf
	done    <-chan struct{}
	last    place // of the transaction that Next returned last
	due     byPlace[due]
	wanted  []wanted // what due refers to
	unused  []int32  // of wanted
	fresh   []place  // of due, those that ahead was not told of
	watched map[chains.Address]bool
	// The outputs of one transaction are watched one after another.
	seen     chains.TxID
	seenRefs []posting // of seen, by tag, then place; nil if nothing was seen
	clusters *Clusters // nil until one was asked for
}

// due is a place to visit. It is small, since there is one for every output that is watched
// and will be spent.
type due struct {
	pos  place
	want int32 // index in Source.wanted
}

func (d due) at() place { return d.pos }

// wanted is why a place is visited, which is checked there: hashes may collide.
type wanted struct {
	out    chains.OutPoint // spends this output
	addr   chains.Address  // touches this address
	cursor *cursor         // of addr
	id     bool            // was asked for by its txid, which was checked
}

// Source returns a Source of chain as of the block at height asOf, or Latest. It covers the
// span that contains asOf, up to there. chains.ErrIncomplete, naming the spans, if asOf was
// not read.
func (s *Store) Source(ctx context.Context, chain chains.Chain, asOf int64) (*Source, error) {
	c, err := openConn(ctx, s.path, sqlite.OpenReadOnly, cacheSource)
	if err != nil {
		return nil, fmt.Errorf("source of %s: %w", chain, err)
	}
	q, err := s.newSource(ctx, c, chain, asOf)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("source of %s: %w", chain, mapErr(ctx, err)), c.Close())
	}
	return q, nil
}

func (s *Store) newSource(ctx context.Context, c *conn, chain chains.Chain, asOf int64) (*Source, error) {
	q := &Source{chain: chain, last: -1, watched: map[chains.Address]bool{}}
	defer interruptible(ctx, c)()
	if err := begin(c); err != nil {
		return nil, err
	}
	var err error
	if q.r, err = newReader(c, s.hash, chain); err != nil {
		if errors.Is(err, chains.ErrNotFound) {
			return nil, fmt.Errorf("nothing of %s is in the store: %w (clew sync --chain %s --rpc URL, or --blocks DIR)", chain, chains.ErrIncomplete, chain)
		}
		return nil, err
	}
	if q.spans, err = readSpans(c, q.r.no); err != nil {
		return nil, err
	}
	if asOf == Latest && len(q.spans) > 0 {
		asOf = q.spans[len(q.spans)-1].To
	}
	i := slices.IndexFunc(q.spans, func(sp Span) bool { return sp.From <= asOf && asOf <= sp.To })
	if i < 0 {
		return nil, fmt.Errorf("block %d: %w: the store has %s", asOf, chains.ErrIncomplete, spanNames(q.spans))
	}
	q.span = Span{From: q.spans[i].From, To: asOf}
	q.end = blockPlace(q.r.no, asOf+1)
	q.last = blockPlace(q.r.no, q.span.From) - 1
	if q.from, err = q.r.blockRef(q.span.From); err != nil {
		return nil, err
	}
	q.asOf, err = q.r.blockRef(asOf)
	q.ahead = newAhead(q.r)
	return q, err
}

// Close releases the snapshot.
func (q *Source) Close() error {
	q.ahead.close()
	if err := q.r.c.Close(); err != nil {
		return fmt.Errorf("close source of %s: %w", q.chain, err)
	}
	return nil
}

// From returns the first block of the range.
func (q *Source) From() chains.BlockRef { return q.from }

// AsOf returns the last block of the range.
func (q *Source) AsOf() chains.BlockRef { return q.asOf }

// Span returns the range that the Source covers.
func (q *Source) Span() Span { return q.span }

// obey makes reads end with ctx.
func (q *Source) obey(ctx context.Context) error {
	if done := ctx.Done(); done != q.done {
		q.done = done
		q.ahead.interrupt(done)
	}
	return ctx.Err()
}

// want asks for a place.
func (q *Source) want(pos place, w wanted) {
	n := int32(len(q.wanted))
	if last := len(q.unused) - 1; last >= 0 {
		n, q.unused = q.unused[last], q.unused[:last]
		q.wanted[n] = w
	} else {
		q.wanted = append(q.wanted, w)
	}
	q.due.push(due{pos, n})
	q.fresh = append(q.fresh, pos)
}

// first removes the first place from what is due and returns why it is visited.
func (q *Source) first() wanted {
	n := q.due.pop().want
	w := q.wanted[n]
	q.wanted[n] = wanted{}
	q.unused = append(q.unused, n)
	return w
}

// WatchTx asks for the transaction id itself. chains.ErrNotFound if the chain does not have
// it as of AsOf; chains.ErrIncomplete, naming the spans, if it may lie outside of what was
// read, or does.
func (q *Source) WatchTx(ctx context.Context, id chains.TxID) error {
	if err := q.obey(ctx); err != nil {
		return err
	}
	var pos place
	err := q.ahead.with(func(*reader) (err error) {
		pos, err = q.findWatched(&id)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s transaction %s: %w", q.chain, id, mapErr(ctx, err))
	}
	if pos > q.last {
		q.want(pos, wanted{id: true})
	}
	return nil
}

func (q *Source) findWatched(id *chains.TxID) (place, error) {
	pos, err := q.r.findTx(id, blockPlace(q.r.no, q.span.From), q.end)
	if !errors.Is(err, chains.ErrNotFound) {
		return pos, err
	}
	elsewhere, err := q.r.findTx(id, blockPlace(q.r.no, 0), chainEnd(q.r.no))
	switch {
	case err == nil:
		return 0, fmt.Errorf("%w: it is in block %d, and the trace reads %d–%d; the store has %s",
			chains.ErrIncomplete, heightOf(elsewhere), q.span.From, q.span.To, spanNames(q.spans))
	case !errors.Is(err, chains.ErrNotFound):
		return 0, err
	case q.span.From == 0:
		return 0, fmt.Errorf("%w up to block %d", chains.ErrNotFound, q.span.To)
	}
	return 0, fmt.Errorf("%w: it is not in blocks %d–%d; the store has %s",
		chains.ErrIncomplete, q.span.From, q.span.To, spanNames(q.spans))
}

// WatchOut asks for the transaction that spends out, if one does by the end. The output may
// lie below the range.
func (q *Source) WatchOut(ctx context.Context, out chains.OutPoint) error {
	if err := q.obey(ctx); err != nil {
		return err
	}
	if err := q.see(out.Tx); err != nil {
		return fmt.Errorf("%s spender of %s: %w", q.chain, out, mapErr(ctx, err))
	}
	tag := tagSpend(out.Index)
	i, _ := slices.BinarySearchFunc(q.seenRefs, tag, func(p posting, tag uint32) int { return cmp.Compare(p.tag, tag) })
	for ; i < len(q.seenRefs) && q.seenRefs[i].tag == tag; i++ {
		if p := q.seenRefs[i].pos; p > q.last && p < q.end {
			q.want(p, wanted{out: out})
		}
	}
	return nil
}

// see reads the postings of id, unless they were read with the transaction that Next returned
// last, or were the last read.
func (q *Source) see(id chains.TxID) error {
	if q.seenRefs != nil && q.seen == id {
		return nil
	}
	q.seen = id
	return q.ahead.with(func(r *reader) (err error) {
		q.ahead.outs = true
		q.seenRefs, err = spenders(r, &id)
		return err
	})
}

// WatchAddress asks for every transaction that spends from or pays to a.
func (q *Source) WatchAddress(ctx context.Context, a chains.Address) error {
	if err := q.obey(ctx); err != nil {
		return err
	}
	if a == "" || q.watched[a] {
		return nil
	}
	q.watched[a] = true
	if err := q.advance(wanted{addr: a, cursor: newCursor(q.r, a, q.last, q.end)}); err != nil {
		return fmt.Errorf("%s transactions of an address: %w", q.chain, mapErr(ctx, err))
	}
	return nil
}

// advance puts the next place of an address's cursor on the heap.
func (q *Source) advance(w wanted) error {
	for w.cursor.dry() {
		if err := q.ahead.with(func(*reader) error { return w.cursor.fill() }); err != nil {
			return err
		}
	}
	pos, ok, err := w.cursor.next()
	if err != nil || !ok {
		return err
	}
	q.want(pos, w)
	return nil
}

// Next returns the next watched transaction in chain order, each once, with every input's
// spent output where the store knows it; io.EOF after the last one at AsOf.
func (q *Source) Next(ctx context.Context) (*chains.Tx, error) {
	if err := q.obey(ctx); err != nil {
		return nil, err
	}
	for len(q.due) > 0 {
		pos := q.due[0].pos
		f := q.ahead.take(pos, q.fresh)
		q.fresh = q.fresh[:0]
		if f.err != nil {
			return nil, fmt.Errorf("next transaction of %s: %w", q.chain, mapErr(ctx, f.err))
		}
		hit, err := q.claim(pos, f.tx)
		if err != nil {
			return nil, fmt.Errorf("next transaction of %s: %w", q.chain, mapErr(ctx, err))
		}
		if hit {
			q.last, q.seen, q.seenRefs = pos, f.tx.ID, f.mention
			return f.tx, nil
		}
	}
	return nil, io.EOF
}

// claim takes every watch for pos off the heap and reports whether t, which stands there,
// fulfils one.
func (q *Source) claim(pos place, t *chains.Tx) (hit bool, err error) {
	for len(q.due) > 0 && q.due[0].pos == pos {
		w := q.first()
		switch {
		case w.id:
			hit = true
		case w.cursor != nil:
			hit = hit || touches(t, w.addr)
			if err := q.advance(w); err != nil {
				return false, err
			}
		default:
			hit = hit || spends(t, w.out) >= 0
		}
	}
	return hit, nil
}

// BalanceBefore returns the sum of the outputs of a that are unspent just before the
// transaction that Next returned last. chains.ErrIncomplete unless the range begins with the
// chain's first block and everything spent from a is known.
func (q *Source) BalanceBefore(ctx context.Context, a chains.Address) (chains.Amount, error) {
	if err := q.obey(ctx); err != nil {
		return chains.Amount{}, err
	}
	var sum chains.Amount
	err := q.ahead.with(func(*reader) (err error) {
		sum, err = q.balance(a)
		return err
	})
	if err != nil {
		return chains.Amount{}, fmt.Errorf("%s balance of an address: %w", q.chain, mapErr(ctx, err))
	}
	return sum, nil
}

func (q *Source) balance(a chains.Address) (sum chains.Amount, err error) {
	if q.span.From != 0 {
		return sum, fmt.Errorf("%w: the store has %s, not the chain from its first block", chains.ErrIncomplete, spanNames(q.spans))
	}
	// Keyed by output, so that the second of two coinbases with one txid replaces the first.
	unspent := map[chains.OutPoint]uint64{}
	cur := newCursor(q.r, a, blockPlace(q.r.no, 0)-1, q.last)
	for {
		pos, ok, err := cur.next()
		if err != nil {
			return sum, err
		}
		if !ok {
			break
		}
		t, err := q.r.tx(pos)
		if err != nil {
			return sum, err
		}
		for i := range t.Inputs {
			delete(unspent, t.Inputs[i].Prev)
		}
		for i := range t.Outputs {
			if t.Outputs[i].Address == a {
				unspent[chains.OutPoint{Tx: t.ID, Index: uint32(i)}] = t.Outputs[i].Value
			}
		}
	}
	for _, v := range unspent {
		if sum, err = sum.Add(chains.Units(v)); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

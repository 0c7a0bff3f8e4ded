package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"clew/chains"
)

// accountsAtOnce is how many accounts one question names: what services take.
const accountsAtOnce = 200

// search finds the transactions that matter by the node's index of accounts. It asks about windows
// of blocks, one after another, each as wide as the node takes: about all accounts that are watched
// when a window begins, and about each that is watched later for the rest of it. What it asks
// grows with the accounts, and with the chain only as far as the node limits a question. It is used
// by one goroutine.
//
// No index knows what the protocol gives (tips, rewards, withdrawals): a block that is read for
// something else, and in which a watched account may be given such, is read whole. Of other blocks
// it stays unseen, and shows in balances.
type search struct {
	node    Node
	index   Index
	picker  TxPicker
	watches func(chains.Address) bool

	span   Span
	to     int64            // places are known up to this block
	fresh  []chains.Address // watched, and not asked for in this window yet
	places []Place          // not visited, in order, each once
	used   []chains.BlockRef
	at     Place // of the last transaction of block
	block  *chains.Block
	whole  chains.BlockHash // of block, where it has all transactions
	behind bool             // the rest of block is to be read whole, behind at

	inFlight int
	start    func([]Place) *reading // begins to read a part of a block
	reading  map[int64]*reading     // begun ahead, by height
}

// reading is a part of a block that was asked for.
type reading struct {
	places []Place
	done   chan answer
}

// begin sets the range. What is read ahead ends with ctx.
func (s *search) begin(ctx context.Context, span Span, inFlight int) {
	if inFlight <= 0 {
		inFlight = DefaultInFlight
	}
	s.span, s.to, s.inFlight, s.reading = span, span.From-1, inFlight, map[int64]*reading{}
	s.start = func(places []Place) *reading {
		r := &reading{places: places, done: make(chan answer, 1)}
		go func() {
			b, err := pick(ctx, s.picker, places)
			r.done <- answer{b, err}
		}()
		return r
	}
	s.at = Place{Height: span.From, Index: -1}
	s.fresh = nil
}

// want asks for the transaction at a place.
func (s *search) want(p Place) {
	if i, twice := slices.BinarySearchFunc(s.places, p, comparePlaces); !twice {
		s.places = slices.Insert(s.places, i, p)
	}
}

func comparePlaces(a, b Place) int {
	switch {
	case a.Before(b):
		return -1
	case b.Before(a):
		return 1
	}
	return 0
}

// next returns the next block with transactions that may matter, nil behind the last one. watched
// gives the accounts that are watched at a height, and up to which block.
func (s *search) next(ctx context.Context, watched func(height int64) ([]chains.Address, int64)) (*chains.Block, error) {
	for {
		if err := s.refresh(ctx); err != nil {
			return nil, err
		}
		if s.behind {
			return s.rest(ctx)
		}
		if len(s.places) > 0 && s.places[0].Height <= s.to {
			return s.take(ctx)
		}
		if s.to >= s.span.To {
			return nil, nil //nolint:nilnil // the end is no error
		}
		accounts, to := watched(s.to + 1)
		if err := s.advance(ctx, accounts, Span{From: s.to + 1, To: min(to, s.span.To)}); err != nil {
			return nil, err
		}
	}
}

// refresh asks for what accounts that were watched meanwhile do in the rest of the window.
func (s *search) refresh(ctx context.Context) error {
	fresh := s.fresh
	s.fresh = nil
	if len(fresh) == 0 || s.to < s.at.Height {
		return nil
	}
	slices.Sort(fresh)
	for some := range slices.Chunk(fresh, accountsAtOnce) {
		if err := s.cover(ctx, some, Span{From: s.at.Height, To: s.to}); err != nil {
			return err
		}
	}
	return nil
}

// advance asks about the next window, which reaches as far into the span as the node takes at once.
func (s *search) advance(ctx context.Context, accounts []chains.Address, window Span) error {
	if len(accounts) == 0 {
		s.to = s.span.To
		if len(s.places) > 0 { // nothing happens before
			s.to = s.places[0].Height
		}
		return nil
	}
	first := min(accountsAtOnce, len(accounts))
	to, err := s.ask(ctx, accounts[:first], window)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(accounts[first:], accountsAtOnce) {
		if err := s.cover(ctx, some, Span{From: window.From, To: to}); err != nil {
			return err
		}
	}
	s.to = to
	return nil
}

// cover asks about the whole of a window.
func (s *search) cover(ctx context.Context, accounts []chains.Address, window Span) error {
	for window.From <= window.To {
		to, err := s.ask(ctx, accounts, window)
		if err != nil {
			return err
		}
		window.From = to + 1
	}
	return nil
}

// ask adds the places of what accounts do from the beginning of a window to the block that it
// returns, behind what was visited.
func (s *search) ask(ctx context.Context, accounts []chains.Address, window Span) (to int64, err error) {
	places, to, err := s.index.Touching(ctx, accounts, window)
	if err == nil && (to < window.From || to > window.To) {
		err = fmt.Errorf("it reached block %d: %w", to, chains.ErrBadAnswer)
	}
	if err != nil {
		return 0, fmt.Errorf("what %d accounts do in blocks %d to %d: %w", len(accounts), window.From, window.To, err)
	}
	found := s.places
	for _, p := range places {
		if s.at.Before(p) {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, comparePlaces)
	s.places = slices.Compact(found)
	return to, nil
}

// take reads the part of the first block that has a place.
func (s *search) take(ctx context.Context) (*chains.Block, error) {
	n := sameBlock(s.places)
	here := slices.Clone(s.places[:n])
	s.places = s.places[n:]
	b, err := s.again(here), error(nil)
	if b == nil {
		b, err = s.read(ctx, here)
	}
	if errors.Is(err, chains.ErrNotFound) {
		return nil, fmt.Errorf("%w: %w", err, chains.ErrReorged)
	}
	if err != nil {
		return nil, err
	}
	if len(s.used) == 0 || s.used[len(s.used)-1].Height != b.Ref.Height {
		s.used = append(s.used, b.Ref)
	} else if s.used[len(s.used)-1].Hash != b.Ref.Hash {
		return nil, fmt.Errorf("block %d was %s and is %s: %w", b.Ref.Height, s.used[len(s.used)-1].Hash, b.Ref.Hash, chains.ErrReorged)
	}
	if s.whole != b.Ref.Hash {
		s.block = b
	}
	if s.whole == b.Ref.Hash || s.pays(b) {
		return s.rest(ctx)
	}
	s.at = here[n-1]
	return b, nil
}

// pays reports whether the protocol may give value to a watched account in b.
func (s *search) pays(b *chains.Block) bool {
	return slices.ContainsFunc(b.Paid, s.watches) || slices.ContainsFunc(b.Txs, func(tx chains.Tx) bool {
		return slices.ContainsFunc(paidIn(tx.Exec), s.watches)
	})
}

// paidIn returns to whom the protocol gives value in e.
func paidIn(e *chains.Execution) (to []chains.Address) {
	for i := range e.Moves {
		if m := &e.Moves[i]; m.Kind.Position() == chains.MoveTip.Position() {
			to = append(to, m.To)
		}
	}
	return to
}

// all reads the whole of the block that was read last.
func (s *search) all(ctx context.Context) error {
	if s.whole == s.block.Ref.Hash {
		return nil
	}
	b, err := s.node.Block(ctx, s.block.Ref.Height, s.block.Ref.Hash)
	if err != nil {
		return fmt.Errorf("block %d, whole: %w", s.block.Ref.Height, err)
	}
	s.block, s.whole = b, b.Ref.Hash
	return nil
}

// rest returns what stands in the block that was read last behind what was visited of it.
func (s *search) rest(ctx context.Context) (*chains.Block, error) {
	s.behind = false
	if err := s.all(ctx); err != nil {
		return nil, err
	}
	b := *s.block
	b.Txs, b.Places = nil, nil
	last := s.at
	for i := range s.block.Txs {
		if p := (Place{Height: b.Ref.Height, Index: s.block.Txs[i].Index}); s.at.Before(p) {
			b.Txs, last = append(b.Txs, s.block.Txs[i]), p
		}
	}
	s.at = last
	s.places = slices.DeleteFunc(s.places, func(p Place) bool { return p.Height == b.Ref.Height })
	return &b, nil
}

// again returns the transactions at places from the block that was read last, nil where it does not
// have all of them.
func (s *search) again(here []Place) *chains.Block {
	if s.block == nil || s.block.Ref.Height != here[0].Height {
		return nil
	}
	b := *s.block
	b.Txs = nil
	for i := range s.block.Txs {
		if slices.Contains(here, Place{Height: b.Ref.Height, Index: s.block.Txs[i].Index}) {
			b.Txs = append(b.Txs, s.block.Txs[i])
		}
	}
	if len(b.Txs) < len(here) {
		return nil
	}
	return &b
}

// read returns the transactions at places, all of one block, and begins to read those behind.
func (s *search) read(ctx context.Context, here []Place) (*chains.Block, error) {
	r := s.reading[here[0].Height]
	if r == nil || !slices.Equal(r.places, here) {
		r = s.start(here)
	}
	delete(s.reading, here[0].Height)
	for rest := s.places; len(rest) > 0 && len(s.reading) < s.inFlight && rest[0].Height <= s.to; {
		n := sameBlock(rest)
		if s.reading[rest[0].Height] == nil {
			s.reading[rest[0].Height] = s.start(slices.Clone(rest[:n]))
		}
		rest = rest[n:]
	}
	select {
	case a := <-r.done:
		return a.block, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// back makes the pass go on behind a transaction that was handed out: others of its block may
// matter now.
func (s *search) back(p Place) {
	if len(s.fresh) == 0 || s.block == nil || s.block.Ref.Height != p.Height {
		return
	}
	s.at = p
	if s.behind = s.whole == s.block.Ref.Hash || s.pays(s.block); s.behind {
		return
	}
	for i := range s.block.Txs {
		if rest := (Place{Height: p.Height, Index: s.block.Txs[i].Index}); p.Before(rest) {
			s.want(rest)
		}
	}
}

// blockOf returns the transactions of a's in the block of p, the one that was read last, that stand
// before it; others may be among them.
func (s *search) blockOf(ctx context.Context, a chains.Address, p Place) (*chains.Block, error) {
	paid := func(tx chains.Tx) bool { return slices.Contains(paidIn(tx.Exec), a) }
	if s.whole == s.block.Ref.Hash || slices.Contains(s.block.Paid, a) || slices.ContainsFunc(s.block.Txs, paid) {
		err := s.all(ctx)
		return s.block, err
	}
	places, _, err := s.index.Touching(ctx, []chains.Address{a}, Span{From: p.Height, To: p.Height})
	if err != nil {
		return nil, err
	}
	places = slices.DeleteFunc(places, func(q Place) bool { return !q.Before(p) })
	if len(places) == 0 {
		return new(chains.Block), nil
	}
	return pick(ctx, s.picker, places)
}

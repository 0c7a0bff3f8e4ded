package watch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"clew/chains"
	"clew/screen"
	"clew/store/journal"
)

const (
	// page is how many transactions of an address are read at once.
	page = 500
	// chunk is how many movements are written at once. That some of a range are told when the process
	// ends does no harm: they are known by their sightings when the range is looked through again.
	chunk = 500
)

// OnBlocks looks through what the store has of a chain beyond where it was looked through before, tells
// what moved, and screens again the places that it touched. Where blocks that were looked through have
// left the main chain, it says so first: it sees that by itself.
func (w *Watcher) OnBlocks(ctx context.Context, chain chains.Chain) error {
	return w.advance(ctx, chain, math.MaxInt64)
}

// OnReorg is OnBlocks behind a reorganisation that was followed: fork is the last height that both
// chains share.
func (w *Watcher) OnReorg(ctx context.Context, chain chains.Chain, fork int64) error {
	return w.advance(ctx, chain, fork)
}

func (w *Watcher) advance(ctx context.Context, chain chains.Chain, fork int64) error {
	a := &advance{w: w, fork: fork}
	if err := a.run(ctx, chain); err != nil {
		return fmt.Errorf("look through blocks of %s: %w", chain, err)
	}
	if len(a.touched) == 0 {
		return nil
	}
	w.told(a.told)
	var again []journal.Watch
	moved := map[string]bool{}
	for _, one := range a.watches {
		if !a.touched[one.ID] {
			continue
		}
		if one.Screen {
			again = append(again, *one)
		}
		if one.Incident != "" && !moved[one.Incident] && w.opt.Moved != nil {
			moved[one.Incident] = true
			w.opt.Moved(ctx, one.Incident)
		}
	}
	return w.screenAgain(ctx, again)
}

// advance is one run over what is new of a chain.
type advance struct {
	w       *Watcher
	fork    int64 // the highest block that may have been looked through and is still there
	cursor  *cursor
	last    chains.BlockRef
	left    []journal.Sighting // of blocks that left
	found   []*found
	caught  []*journal.Watch // that are with their chain now
	watches []*journal.Watch
	touched map[string]bool
	told    int
}

func (a *advance) run(ctx context.Context, chain chains.Chain) (err error) {
	l := a.w.lock(chain)
	defer l.mu.Unlock()
	if err := a.w.load(ctx, l); err != nil {
		return err
	}
	a.watches = l.watches
	facts, err := a.w.facts(ctx, chain, screen.Latest)
	if err != nil || facts == nil {
		return err
	}
	defer func() { err = errors.Join(err, facts.Close()) }()
	_, a.last = facts.Covered()
	if a.cursor, err = a.w.readCursor(ctx, chain); err != nil {
		return err
	}
	if err := a.compare(ctx, chain, facts); err != nil {
		return err
	}
	if err := a.look(ctx, l, facts); err != nil {
		return err
	}
	return a.write(ctx, chain)
}

// compare finds what of the blocks that were looked through has left the main chain.
func (a *advance) compare(ctx context.Context, chain chains.Chain, facts screen.Facts) error {
	shared, whole, err := a.w.shared(ctx, chain, a.cursor, a.last)
	if err != nil {
		return err
	}
	a.fork = min(a.fork, a.last.Height)
	if !whole {
		a.fork = min(a.fork, shared)
	}
	if a.fork >= a.cursor.height() {
		return nil
	}
	sightings, err := a.w.opt.Journal.Sightings(ctx, string(chain), stateConfirmed, a.fork)
	if err != nil {
		return err
	}
	for _, s := range sightings {
		id, err := parseTx(s.TxID)
		if err != nil {
			return err
		}
		tx, err := facts.Tx(ctx, id)
		if err != nil && !errors.Is(err, chains.ErrNotFound) {
			return err
		}
		if err != nil || formatTx(chain, tx.Block.Hash) != s.Block {
			a.left = append(a.left, s)
		}
	}
	return nil
}

// look finds what moved in the blocks that are new to each watch.
func (a *advance) look(ctx context.Context, l *line, facts screen.Facts) error {
	with := min(a.cursor.height(), a.fork)
	if a.cursor.height() < 0 { // nobody has looked before: what is watched with its chain begins here
		with = a.last.Height
	}
	whole, inBlocks := a.wholeBlocks(l, facts, with)
	for _, one := range l.watches {
		from := with
		if one.Seen != WithChain {
			from = min(one.Seen, a.fork)
			if one.Seen <= a.last.Height || a.fork < a.cursor.height() {
				a.caught = append(a.caught, one)
			}
		}
		if from >= a.last.Height || inBlocks && one.Seen == WithChain {
			continue
		}
		if err := a.scan(ctx, facts, one, from); err != nil {
			return fmt.Errorf("watch %s: %w", one.ID, err)
		}
	}
	if inBlocks {
		if err := a.read(ctx, l, whole, with); err != nil {
			return err
		}
	}
	slices.SortStableFunc(a.found, func(x, y *found) int {
		return cmp.Or(cmp.Compare(x.tx.Block.Height, y.tx.Block.Height), cmp.Compare(x.tx.Index, y.tx.Index), cmp.Compare(x.watch.ID, y.watch.ID))
	})
	return nil
}

// blockReader is what Facts may do beyond: give all transactions of a block, in order.
type blockReader interface {
	EachTx(ctx context.Context, height int64, f func(*chains.Tx) error) error
}

// perBlock is how many places can be asked for in the time in which a block of some 2,000 transactions
// is read (BenchmarkOnBlocks).
const perBlock = 1000

// wholeBlocks reports whether the new blocks are better read than asked for each place: there are so
// many places, or so few blocks.
func (a *advance) wholeBlocks(l *line, facts screen.Facts, with int64) (blockReader, bool) {
	r, can := facts.(blockReader)
	spans, _ := facts.Covered()
	last := spans[len(spans)-1]
	return r, can && with+1 >= last.From && int64(len(l.watches)) > perBlock*(a.last.Height-with)
}

// read finds what moved in whole blocks at the places that are with their chain.
func (a *advance) read(ctx context.Context, l *line, blocks blockReader, with int64) error {
	for h := with + 1; h <= a.last.Height; h++ {
		err := blocks.EachTx(ctx, h, func(tx *chains.Tx) error {
			for _, one := range l.places.touched(tx) {
				if one.Seen != WithChain {
					continue
				}
				if err := a.take(one, tx); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// scan finds what moved at one place behind a height.
func (a *advance) scan(ctx context.Context, facts screen.Facts, one *journal.Watch, from int64) error {
	codec := a.w.opt.Codec
	if one.Address == "" {
		id, err := parseTx(one.TxID)
		if err != nil {
			return err
		}
		tx, _, err := facts.Spender(ctx, chains.OutPoint{Tx: id, Index: one.Vout})
		if errors.Is(err, chains.ErrNotFound) {
			return nil
		}
		if err != nil || tx.Block.Height <= from {
			return err
		}
		return a.take(one, tx)
	}
	address, err := codec.ParseAddress(chains.Chain(one.Chain), one.Address)
	if err != nil {
		return err
	}
	after := chains.Place{Height: from, Index: math.MaxInt}
	for {
		txs, err := facts.AddressTxs(ctx, address, after, page)
		if err != nil {
			return err
		}
		for _, tx := range txs {
			if err := a.take(one, tx); err != nil {
				return err
			}
			after = chains.Place{Height: tx.Block.Height, Index: tx.Index}
		}
		if len(txs) < page {
			return nil
		}
	}
}

func (a *advance) take(one *journal.Watch, tx *chains.Tx) error {
	all, err := look(one, tx, a.w.opt.Codec)
	a.found = append(a.found, all...)
	return err
}

// write tells what was found, and says how far the chain was looked through.
func (a *advance) write(ctx context.Context, chain chains.Chain) error {
	endpoints := map[string]string{}
	if len(a.left) > 0 {
		for _, one := range a.watches {
			endpoints[one.ID] = one.Endpoint
		}
	}
	a.touched = map[string]bool{}
	in := func(f func(*teller) error) error {
		return a.w.opt.Journal.Do(ctx, func(tx *journal.Tx) error {
			t, err := open(tx, a.w.opt.Now())
			if err == nil {
				err = f(t)
			}
			if err == nil {
				a.told += t.told
				for id := range t.touched {
					a.touched[id] = true
				}
			}
			return err
		})
	}
	for some := range slices.Chunk(a.left, chunk) {
		if err := in(func(t *teller) error { return t.takeBackAll(some, endpoints) }); err != nil {
			return err
		}
	}
	for some := range slices.Chunk(a.found, chunk) {
		if err := in(func(t *teller) error { return t.tellAll(some, stateConfirmed) }); err != nil {
			return err
		}
	}
	return a.settle(ctx, chain)
}

// settle writes the cursor and where watches stand that were not with it.
func (a *advance) settle(ctx context.Context, chain chains.Chain) error {
	if a.fork >= a.cursor.height() && a.cursor.height() == a.last.Height && len(a.caught) == 0 {
		return nil // nothing is new
	}
	a.cursor.back(a.fork)
	if err := a.w.fill(ctx, chain, a.cursor, a.last.Height); err != nil {
		return err
	}
	a.cursor.reach(a.last)
	err := a.w.opt.Journal.Do(ctx, func(tx *journal.Tx) error {
		for _, one := range a.caught {
			if err := tx.AdvanceWatch(one.ID, WithChain, ""); err != nil {
				return err
			}
		}
		return putCursor(tx, chain, a.cursor)
	})
	if err != nil {
		return err
	}
	for _, one := range a.caught {
		one.Seen = WithChain
	}
	return nil
}

// takeBackAll tells of sightings whose block left; those that were told meanwhile are left out.
func (t *teller) takeBackAll(left []journal.Sighting, endpoints map[string]string) error {
	for _, s := range left {
		now, _, err := t.tx.Sighting(s.Watch, s.TxID, s.Kind)
		if err != nil {
			return err
		}
		only, watched := endpoints[s.Watch]
		if now.State != stateConfirmed || now.Block != s.Block || !watched {
			continue
		}
		if err := t.takeBack(&now, only); err != nil {
			return err
		}
	}
	return nil
}

func (t *teller) tellAll(all []*found, state string) error {
	for _, f := range all {
		if err := t.tell(f.movement(state), f.watch.Endpoint); err != nil {
			return err
		}
	}
	return nil
}

package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"clew/chains"
)

// accounts answers what a trace asks of a chain of accounts beside its transactions. It
// implements tracer.State, tracer.EventFinder and tracer.Historian for the Source that embeds it.
type accounts struct {
	node   Node
	rec    *Recorder // nil keeps nothing
	asOf   chains.BlockRef
	handed Place           // the transaction that was handed out last
	any    bool            // one was
	firsts map[int64]int64 // first blocks at or after a time, asked before
}

// state returns the node as a StateReader, whose answers are recorded.
func (s *accounts) state() (StateReader, error) {
	r, ok := s.node.(StateReader)
	switch {
	case !ok:
		return nil, fmt.Errorf("what accounts hold and are: %w by this node", chains.ErrUnsupported)
	case s.rec != nil:
		return recordedState{r, s.rec}, nil
	}
	return r, nil
}

// BalanceAt returns what a held of an asset at the end of the block at height.
func (s *accounts) BalanceAt(ctx context.Context, a chains.Address, asset chains.Asset, height int64) (held chains.Amount, err error) {
	r, err := s.state()
	if err != nil {
		return held, err
	}
	if height > s.asOf.Height {
		return held, fmt.Errorf("balance at block %d, behind the last one, %d: %w", height, s.asOf.Height, chains.ErrIncomplete)
	}
	return r.BalanceAt(ctx, a, asset, height)
}

// AccountKind says what stood behind a at the end of the block that was handed out last: code that
// is gone or made later changes nothing about that. Where the node does not know it, it is at the
// last block.
func (s *accounts) AccountKind(ctx context.Context, a chains.Address) (chains.AccountKind, error) {
	r, err := s.state()
	if err != nil {
		return chains.AccountUnknown, err
	}
	if s.any && s.handed.Height < s.asOf.Height {
		kind, err := r.AccountKind(ctx, a, s.handed.Height)
		if !errors.Is(err, chains.ErrUnsupported) && !errors.Is(err, chains.ErrIncomplete) {
			return kind, err
		}
	}
	return r.AccountKind(ctx, a, s.asOf.Height)
}

// Token returns what a token's contract claims of itself at the last block.
func (s *accounts) Token(ctx context.Context, asset chains.Asset) (chains.Token, error) {
	r, err := s.state()
	if err != nil {
		return chains.Token{}, err
	}
	return r.Token(ctx, asset, s.asOf.Height)
}

// before returns what a held at the end of the block before the one that was handed out last,
// changed by the transactions of that block which stand before the one handed out last. earlier
// gives those; others among them do no harm.
func (s *accounts) before(ctx context.Context, a chains.Address, asset chains.Asset, earlier func() ([]chains.Tx, error)) (held chains.Amount, err error) {
	if !s.any {
		return held, errors.New("a balance before a transaction: none was handed out yet")
	}
	if held, err = s.BalanceAt(ctx, a, asset, s.handed.Height-1); err != nil {
		return held, err
	}
	txs, err := earlier()
	if err != nil {
		return held, err
	}
	for i := range txs {
		if txs[i].Exec == nil || txs[i].Index >= s.handed.Index {
			continue
		}
		if held, err = txs[i].Exec.After(held, a, asset); err != nil {
			return held, fmt.Errorf("balance before transaction %d of block %d: %w", s.handed.Index, s.handed.Height, err)
		}
	}
	return held, nil
}

// pinBlock has the header of a block recorded.
func (s *accounts) pinBlock(ctx context.Context, ref chains.BlockRef) error {
	if s.rec == nil || s.rec.holds(ref) {
		return nil
	}
	b, err := s.node.Block(ctx, ref.Height, ref.Hash)
	if err != nil {
		return fmt.Errorf("block %d, at an end of what is recorded: %w", ref.Height, err)
	}
	return s.rec.execHeader(b)
}

// FindEvents returns the transactions up to the last block with an event that answers q.
func (s *accounts) FindEvents(ctx context.Context, q chains.EventQuery) ([]*chains.Tx, error) {
	finder, can := s.node.(EventSearcher)
	picker, too := s.node.(TxPicker)
	if !can || !too {
		return nil, fmt.Errorf("events of %s: %w by this node", q.Protocol, chains.ErrUnsupported)
	}
	// Perhaps nothing else is asked of this chain: what does not arrive there is not read on.
	if err := s.pinBlock(ctx, s.asOf); err != nil {
		return nil, err
	}
	span, err := s.since(ctx, q.Since)
	if err != nil {
		return nil, err
	}
	var places []Place
	var found []*chains.Tx
	if span.From <= span.To {
		places, err = finder.FindEvents(ctx, q, span)
	}
	if err == nil {
		found, err = s.answers(ctx, picker, places, q.Most, func(tx *chains.Tx) bool {
			return tx.Block.Time >= q.Since && slices.ContainsFunc(tx.Exec.Events, q.Answers)
		})
	}
	if s.rec != nil {
		s.rec.noteTxs(eventsOf(q, span.To), found, err)
	}
	return found, err
}

// since returns the blocks from a time on, in Unix seconds; of a recording all, since it knows only
// some.
func (s *accounts) since(ctx context.Context, unix int64) (Span, error) {
	span := Span{From: 0, To: s.asOf.Height}
	if _, sparse := s.node.(*Recording); sparse || unix <= 0 {
		return span, nil
	}
	from, met := s.firsts[unix]
	if !met {
		var err error
		if from, err = firstAt(ctx, s.node, unix, s.asOf); err != nil {
			return span, err
		}
		if s.firsts == nil {
			s.firsts = map[int64]int64{}
		}
		s.firsts[unix] = from
	}
	span.From = from
	return span, nil
}

// answers returns those of the transactions at places, which are in order, that are wanted: the
// first most of them; 0 is all.
func (s *accounts) answers(ctx context.Context, picker TxPicker, places []Place, most int, wanted func(*chains.Tx) bool) (found []*chains.Tx, err error) {
	for len(places) > 0 && (most == 0 || len(found) < most) {
		n := sameBlock(places)
		if most > 0 { // of one block no more than are missing are read at once
			n = min(n, most-len(found))
		}
		if found, err = s.answersIn(ctx, picker, places[:n], found, wanted); err != nil {
			return nil, err
		}
		places = places[n:]
	}
	return found, nil
}

// answersIn appends to found those of the transactions at places, all of one block, that are wanted.
func (s *accounts) answersIn(ctx context.Context, picker TxPicker, places []Place, found []*chains.Tx, wanted func(*chains.Tx) bool) ([]*chains.Tx, error) {
	b, err := pick(ctx, picker, places)
	if err != nil {
		return nil, err
	}
	for i := range b.Txs {
		tx := &b.Txs[i]
		if tx.Exec == nil || !wanted(tx) {
			continue
		}
		if s.rec != nil {
			if err := s.rec.exec(b, i); err != nil {
				return nil, err
			}
		}
		own := tx.Clone()
		found = append(found, &own)
	}
	return found, nil
}

// sameBlock returns how many of places, which are in order, lie in the block of the first.
func sameBlock(places []Place) int {
	n := slices.IndexFunc(places, func(p Place) bool { return p.Height != places[0].Height })
	if n < 0 {
		return len(places)
	}
	return n
}

// pick reads the transactions at places, all of one block.
func pick(ctx context.Context, node TxPicker, places []Place) (*chains.Block, error) {
	indices := make([]int, len(places))
	for i, p := range places {
		indices[i] = p.Index
	}
	b, err := node.BlockTxs(ctx, places[0].Height, indices)
	if err != nil {
		return nil, fmt.Errorf("transactions of block %d: %w", places[0].Height, err)
	}
	if len(b.Txs) != len(indices) || b.Ref.Height != places[0].Height {
		return nil, fmt.Errorf("transactions of block %d: %d of %d came, of block %d: %w", places[0].Height, len(b.Txs), len(indices), b.Ref.Height, chains.ErrBadAnswer)
	}
	for i := range b.Txs {
		if b.Txs[i].Index != indices[i] {
			return nil, fmt.Errorf("transactions of block %d: at %d came that at %d: %w", places[0].Height, indices[i], b.Txs[i].Index, chains.ErrBadAnswer)
		}
	}
	return b, nil
}

// firstAt returns the height of the first block up to asOf whose time is at or after unix, one above
// asOf where none is. Times of a chain of accounts never fall. A node that does not keep the first
// blocks is searched from where it begins: ErrIncomplete if the block may lie below.
func firstAt(ctx context.Context, node Node, unix int64, asOf chains.BlockRef) (int64, error) {
	low, high := int64(0), asOf.Height // high: known to be at or after unix, or not asked
	if asOf.Time < unix {
		return asOf.Height + 1, nil
	}
	absent := int64(-1) // the highest block known to be absent
	for low < high {
		middle := low + (high-low)/2
		ref, err := node.Ref(ctx, middle)
		switch {
		case errors.Is(err, chains.ErrNotFound):
			absent, low = middle, middle+1
		case err != nil:
			return 0, fmt.Errorf("search for the block at %s: %w", when(unix), err)
		case ref.Time < unix:
			low = middle + 1
		default:
			high = middle
		}
	}
	if absent >= 0 && high == absent+1 {
		return 0, fmt.Errorf("search for the block at %s: the node has none below %d: %w", when(unix), high, chains.ErrIncomplete)
	}
	return high, nil
}

// when writes a time for people.
func when(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }

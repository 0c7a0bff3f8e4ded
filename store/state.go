package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"clew/chains"
)

// StateReader says what accounts held and were at the end of a block of the chain: a node does.
// A store has movements alone, without what accounts held before the first of them.
type StateReader interface {
	BalanceAt(ctx context.Context, a chains.Address, asset chains.Asset, height int64) (chains.Amount, error)
	AccountKind(ctx context.Context, a chains.Address, height int64) (chains.AccountKind, error)
	Token(ctx context.Context, asset chains.Asset, height int64) (chains.Token, error)
}

// AccountSource is a Source of a chain of accounts. It implements tracer.State,
// tracer.EventFinder and tracer.Historian too.
type AccountSource struct {
	*Source
	state StateReader // nil: there is none
}

// AccountSource returns a Source that asks state, which may be nil, for what accounts held and
// were: without it these questions are chains.ErrUnsupported.
func (s *Store) AccountSource(ctx context.Context, chain chains.Chain, asOf int64, state StateReader) (*AccountSource, error) {
	q, err := s.Source(ctx, chain, asOf)
	if err != nil {
		return nil, err
	}
	return &AccountSource{Source: q, state: state}, nil
}

// reader returns whom to ask about a block that the store has read.
func (q *AccountSource) reader(height int64) (StateReader, error) {
	if q.state == nil {
		return nil, fmt.Errorf("a store does not know what accounts held and are: %w (a node does: --rpc %s=URL)", chains.ErrUnsupported, q.chain)
	}
	if height > q.asOf.Height {
		return nil, fmt.Errorf("block %d is behind the last one, %d: %w", height, q.asOf.Height, chains.ErrIncomplete)
	}
	return q.state, nil
}

// BalanceAt is of tracer.State.
func (q *AccountSource) BalanceAt(ctx context.Context, a chains.Address, asset chains.Asset, height int64) (chains.Amount, error) {
	r, err := q.reader(height)
	if err != nil {
		return chains.Amount{}, err
	}
	return r.BalanceAt(ctx, a, asset, height)
}

// BalanceBefore is of tracer.State.
func (q *AccountSource) BalanceBefore(ctx context.Context, a chains.Address, asset chains.Asset) (chains.Amount, error) {
	if q.last < blockPlace(q.r.no, q.span.From) {
		return chains.Amount{}, errors.New("a balance before a transaction: none was read yet")
	}
	height := heightOf(q.last)
	held, err := q.BalanceAt(ctx, a, asset, height-1)
	if err != nil {
		return held, err
	}
	if err := q.obey(ctx); err != nil {
		return held, err
	}
	err = q.ahead.with(func(r *reader) error {
		cur := newCursor(r, a, blockPlace(r.no, height)-1, q.last)
		for {
			pos, ok, err := cur.next()
			if err != nil || !ok {
				return err
			}
			t, err := r.rawTx(pos)
			if err != nil {
				return err
			}
			if t.Exec == nil {
				return damaged("transaction %s is none of a chain of accounts", t.ID)
			}
			if held, err = t.Exec.After(held, a, asset); err != nil {
				return err
			}
		}
	})
	if err != nil {
		return held, fmt.Errorf("%s balance of an address: %w", q.chain, mapErr(ctx, err))
	}
	return held, nil
}

// AccountKind is of tracer.State: as of the block of the transaction that Next returned last or, where
// the node does not know it, of the last block.
func (q *AccountSource) AccountKind(ctx context.Context, a chains.Address) (chains.AccountKind, error) {
	r, err := q.reader(q.asOf.Height)
	if err != nil {
		return chains.AccountUnknown, err
	}
	if q.last >= blockPlace(q.r.no, q.span.From) && heightOf(q.last) < q.asOf.Height {
		kind, err := r.AccountKind(ctx, a, heightOf(q.last))
		if !errors.Is(err, chains.ErrUnsupported) && !errors.Is(err, chains.ErrIncomplete) {
			return kind, err
		}
	}
	return r.AccountKind(ctx, a, q.asOf.Height)
}

// Token is of tracer.State.
func (q *AccountSource) Token(ctx context.Context, asset chains.Asset) (chains.Token, error) {
	r, err := q.reader(q.asOf.Height)
	if err != nil {
		return chains.Token{}, err
	}
	return r.Token(ctx, asset, q.asOf.Height)
}

// FindEvents is of tracer.EventFinder: it looks through the range read for the protocol's key, or for
// what a contract told. chains.ErrUnsupported for a query with neither.
func (q *AccountSource) FindEvents(ctx context.Context, e chains.EventQuery) (found []*chains.Tx, err error) {
	if e.Emitter != "" {
		if found, err = q.told(ctx, e); err != nil {
			return nil, fmt.Errorf("%s events of %s: %w", q.chain, e.Protocol, err)
		}
		return found, nil
	}
	if e.Key == "" {
		return nil, fmt.Errorf("events of %s without a key: %w: the index of the store is by key", e.Protocol, chains.ErrUnsupported)
	}
	if err := q.obey(ctx); err != nil {
		return nil, err
	}
	err = q.ahead.with(func(r *reader) error {
		ps, err := r.postingsOf(byAddress, r.hash.event(e.Protocol, e.Key))
		if err != nil {
			return err
		}
		for _, p := range slices.Clone(ps) {
			if p.tag&tagSays == 0 || p.pos < blockPlace(r.no, q.span.From) || p.pos >= q.end {
				continue
			}
			t, err := r.tx(p.pos)
			if err != nil {
				return err
			}
			if t.Exec != nil && t.Block.Time >= e.Since && slices.ContainsFunc(t.Exec.Events, e.Answers) {
				found = append(found, t)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s events of %s: %w", q.chain, e.Protocol, mapErr(ctx, err))
	}
	return found, nil
}

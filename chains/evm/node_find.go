package evm

import (
	"context"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"

	"clew/chains"
)

// FindEvents returns the places of the transactions of a span with an event that may answer the
// query, in order, each once: by its topics (QueryFilters), so that some may answer another. Of
// a protocol that has no contract on this chain there are none.
func (n *Node) FindEvents(ctx context.Context, q chains.EventQuery, span chains.Span) ([]chains.Place, error) {
	var found places
	for _, f := range QueryFilters(n.chain, q) {
		if err := n.findEvents(ctx, f, span, &found); err != nil {
			return nil, fmt.Errorf("events of %s in blocks %d to %d: %w", q.Protocol, span.From, span.To, err)
		}
	}
	return found.sorted(), nil
}

func (n *Node) findEvents(ctx context.Context, f Filter, span chains.Span, found *places) error {
	if f.Tx != nil {
		at, err := n.PlaceOf(ctx, *f.Tx)
		if errors.Is(err, chains.ErrNotFound) || err == nil && (at.Height < span.From || at.Height > span.To) {
			return nil
		}
		found.add(at)
		return err
	}
	if f.Addresses == nil && len(f.Topics) < 2 {
		return nil // nothing narrows it down, and no contract is known whose word would count
	}
	var emitters []common.Address
	for _, a := range f.Addresses {
		emitters = append(emitters, a)
	}
	topics := make([][]common.Hash, len(f.Topics))
	for i, list := range f.Topics {
		for _, topic := range list {
			topics[i] = append(topics[i], topic)
		}
	}
	return n.window.each(ctx, span, func(ctx context.Context, span chains.Span) (int, error) {
		at, err := n.logs(ctx, span, emitters, topics)
		found.add(at...)
		return len(at), err
	})
}

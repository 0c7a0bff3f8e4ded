package store

import (
	"context"
	"fmt"
	"slices"

	"clew/chains"
)

// History is of tracer.Historian: the transactions of the range from a time on, in Unix seconds, in
// which an account acts (Execution.Acts), in chain order, the first most of them; 0 is all.
// chains.ErrUnsupported where the range begins later.
func (q *AccountSource) History(ctx context.Context, a chains.Address, since int64, most int) ([]*chains.Tx, error) {
	if q.span.From > 0 && q.from.Time > since {
		return nil, fmt.Errorf("%s: what an account did before block %d: %w: it was not read (clew sync --from)", q.chain, q.span.From, chains.ErrUnsupported)
	}
	found, err := q.touching(ctx, a, most, func(t *chains.Tx) bool { return t.Block.Time >= since && t.Exec.Acts(a) })
	if err != nil {
		return nil, fmt.Errorf("%s: what an account did: %w", q.chain, err)
	}
	return found, nil
}

// told returns the transactions in which a contract told of the events that are asked for: value
// moves there, so that the index of addresses leads to them.
func (q *AccountSource) told(ctx context.Context, e chains.EventQuery) ([]*chains.Tx, error) {
	return q.touching(ctx, e.Emitter, e.Most, func(t *chains.Tx) bool {
		return t.Block.Time >= e.Since && slices.ContainsFunc(t.Exec.Events, e.Answers)
	})
}

// touching returns the transactions of the range that touch an account and are wanted, in chain
// order, the first most of them; 0 is all.
func (q *AccountSource) touching(ctx context.Context, a chains.Address, most int, wanted func(*chains.Tx) bool) (found []*chains.Tx, err error) {
	if err := q.obey(ctx); err != nil {
		return nil, err
	}
	err = q.ahead.with(func(r *reader) error {
		cur := newCursor(r, a, blockPlace(r.no, q.span.From)-1, q.end)
		for most == 0 || len(found) < most {
			pos, ok, err := cur.next()
			if err != nil || !ok {
				return err
			}
			t, err := r.tx(pos)
			if err != nil {
				return err
			}
			if t.Exec != nil && wanted(t) {
				found = append(found, t)
			}
		}
		return nil
	})
	return found, mapErr(ctx, err)
}

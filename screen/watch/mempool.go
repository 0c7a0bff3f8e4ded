package watch

import (
	"context"
	"errors"
	"fmt"

	"clew/chains"
	"clew/screen"
	"clew/store/journal"
)

// OnMempool tells which transactions that wait for a block move watched value, and which of those that
// were told wait no longer. seen are those that are new to the caller; waiting says of any whether it
// waits now.
//
// The store must have what the node had when it was asked what waits: whoever calls asks first, then
// syncs, then calls OnBlocks, then this. Else a transaction would be told as dropped that a block has.
func (w *Watcher) OnMempool(ctx context.Context, chain chains.Chain, seen []chains.Tx, waiting func(chains.TxID) bool) error {
	n, err := w.onMempool(ctx, chain, seen, waiting)
	if err != nil {
		return fmt.Errorf("what waits for a block of %s: %w", chain, err)
	}
	w.told(n)
	return nil
}

func (w *Watcher) onMempool(ctx context.Context, chain chains.Chain, seen []chains.Tx, waiting func(chains.TxID) bool) (told int, err error) {
	l := w.lock(chain)
	defer l.mu.Unlock()
	if err := w.load(ctx, l); err != nil {
		return 0, err
	}
	var all []*found
	for i := range seen {
		for _, one := range l.places.touched(&seen[i]) {
			some, err := look(one, &seen[i], w.opt.Codec)
			if err != nil {
				return 0, err
			}
			all = append(all, some...)
		}
	}
	gone, err := w.gone(ctx, l, waiting)
	if err != nil || len(all)+len(gone) == 0 {
		return 0, err
	}
	err = w.opt.Journal.Do(ctx, func(tx *journal.Tx) error {
		t, err := open(tx, w.opt.Now())
		if err != nil {
			return err
		}
		for i := range gone {
			if err := t.tell(gone[i].Movement, gone[i].only); err != nil {
				return err
			}
		}
		err = t.tellAll(all, statePending)
		told = t.told
		return err
	})
	return told, err
}

// dropped is a movement that was pending and is no more.
type dropped struct {
	Movement
	only string
}

// gone returns what was told as pending, waits no longer, and is in no block that was read.
func (w *Watcher) gone(ctx context.Context, l *line, waiting func(chains.TxID) bool) (out []dropped, err error) {
	sightings, err := w.opt.Journal.Sightings(ctx, string(l.chain), statePending, -1)
	if err != nil || len(sightings) == 0 {
		return nil, err
	}
	watches := map[string]*journal.Watch{}
	for _, one := range l.watches {
		watches[one.ID] = one
	}
	facts, err := w.facts(ctx, l.chain, screen.Latest)
	if err != nil {
		return nil, err
	}
	if facts != nil {
		defer func() { err = errors.Join(err, facts.Close()) }()
	}
	for i := range sightings {
		s := &sightings[i]
		id, err := parseTx(s.TxID)
		if err != nil {
			return nil, err
		}
		one := watches[s.Watch]
		if one == nil || waiting(id) {
			continue
		}
		why, err := leftFor(ctx, facts, id, s)
		if err != nil {
			return nil, err
		}
		if why == "" {
			continue
		}
		m, err := readMovement(s)
		if err != nil {
			return nil, err
		}
		m.State, m.Why = stateDropped, why
		out = append(out, dropped{m, one.Endpoint})
	}
	return out, nil
}

// leftFor says why a transaction waits no longer; "" where a block has it.
func leftFor(ctx context.Context, facts screen.Facts, id chains.TxID, s *journal.Sighting) (string, error) {
	const gone = "it no longer waits at the node, and no block that was read has it"
	if facts == nil {
		return gone, nil
	}
	_, err := facts.Tx(ctx, id)
	if err == nil || !errors.Is(err, chains.ErrNotFound) {
		return "", err
	}
	m, err := readMovement(s)
	if err != nil || m.Kind != Moved || chains.Chain(s.Chain).Info().Family != chains.FamilyBitcoin {
		return gone, err
	}
	for _, p := range m.From {
		point, err := parseOutpoint(p.Outpoint)
		if err != nil {
			return "", err
		}
		other, _, err := facts.Spender(ctx, point)
		if errors.Is(err, chains.ErrNotFound) {
			continue
		}
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("transaction %s in block %d spends %s instead", other.ID, other.Block.Height, p.Outpoint), nil
	}
	return gone, nil
}

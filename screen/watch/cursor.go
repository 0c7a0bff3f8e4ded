package watch

import (
	"context"
	"encoding/json"
	"fmt"

	"clew/chains"
	"clew/store/journal"
)

// cursor says how far a chain was looked through.
type cursor struct {
	// Trail are blocks that were reached, in order; the last one is where the cursor stands.
	Trail []mark `json:"trail"`
}

type mark struct {
	Height int64            `json:"height"`
	Hash   chains.BlockHash `json:"hash"`
}

const (
	// mostTrail is how many blocks the trail has.
	mostTrail = 128
	// beyondTrail is how far a reorganisation is taken to go back that left no block of the trail.
	beyondTrail = 1000
)

// height returns where the cursor stands; −1: nowhere yet.
func (c *cursor) height() int64 {
	if len(c.Trail) == 0 {
		return -1
	}
	return c.Trail[len(c.Trail)-1].Height
}

// back takes the cursor to a height.
func (c *cursor) back(height int64) {
	for len(c.Trail) > 0 && c.height() > height {
		c.Trail = c.Trail[:len(c.Trail)-1]
	}
}

// reach puts the cursor at a block.
func (c *cursor) reach(b chains.BlockRef) {
	c.back(b.Height - 1)
	c.Trail = append(c.Trail, mark{b.Height, b.Hash})
	if n := len(c.Trail); n > mostTrail {
		c.Trail = c.Trail[n-mostTrail:]
	}
}

func (w *Watcher) readCursor(ctx context.Context, chain chains.Chain) (*cursor, error) {
	c := &cursor{}
	kept, err := w.opt.Journal.Sightings(ctx, string(chain), stateCursor, -2)
	if err == nil && len(kept) > 0 {
		err = json.Unmarshal(kept[0].Body, c)
	}
	if err != nil {
		return nil, fmt.Errorf("how far %s was watched: %w", chain, err)
	}
	return c, nil
}

// stateCursor is the state of a chain's cursor, which stands among its sightings.
const stateCursor = "cursor"

func putCursor(tx *journal.Tx, chain chains.Chain, c *cursor) error {
	body, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("how far %s was watched: %w", chain, err)
	}
	return tx.PutSighting(journal.Sighting{Kind: stateCursor + ":" + string(chain), Chain: string(chain), State: stateCursor, Height: c.height(), Body: body})
}

// shared returns the highest block of the trail that is on the main chain up to last, and whether the
// one where the cursor stands is.
func (w *Watcher) shared(ctx context.Context, chain chains.Chain, c *cursor, last chains.BlockRef) (height int64, whole bool, err error) {
	for i := len(c.Trail) - 1; i >= 0; i-- {
		m := c.Trail[i]
		on := m.Height == last.Height && m.Hash == last.Hash
		if m.Height < last.Height {
			if on, err = w.isOn(ctx, chain, m); err != nil {
				return 0, false, err
			}
		}
		if on {
			return m.Height, i == len(c.Trail)-1, nil
		}
	}
	if len(c.Trail) == 0 {
		return -1, true, nil
	}
	return max(c.Trail[0].Height-beyondTrail, -1), false, nil
}

func (w *Watcher) isOn(ctx context.Context, chain chains.Chain, m mark) (bool, error) {
	facts, err := w.facts(ctx, chain, m.Height)
	if err != nil || facts == nil {
		return false, err
	}
	_, at := facts.Covered()
	return at.Hash == m.Hash, facts.Close()
}

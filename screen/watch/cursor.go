package watch

import (
	"context"
	"encoding/json"
	"fmt"
	"math/bits"

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
	// dense is how far back the trail has every block: a reorganisation that goes no further back is
	// followed from the very block. Beyond, it has one for each doubling of the way.
	dense = 64
	// farthest is how far back it goes.
	farthest = 1 << 14
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

// reach puts the cursor at a block, and thins out the trail.
func (c *cursor) reach(b chains.BlockRef) {
	c.back(b.Height - 1)
	c.Trail = append(c.Trail, mark{b.Height, b.Hash})
	kept := c.Trail[:0]
	for _, m := range c.Trail {
		far := b.Height - m.Height
		// Of those as far back as 2ⁿ to 2ⁿ⁺¹ blocks the first stays, so that it gets to be one of the next.
		if n := len(kept); far >= dense && n > 0 && bits.Len64(uint64(b.Height-kept[n-1].Height)) == bits.Len64(uint64(far)) {
			continue
		}
		if far <= farthest {
			kept = append(kept, m)
		}
	}
	c.Trail = kept
}

// wants returns the heights below that of a block that the trail should have and does not, in order.
func (c *cursor) wants(last int64) []int64 {
	var want []int64
	for far := int64(farthest); far > 0; far-- {
		if far > dense && far&(far-1) != 0 {
			continue
		}
		if h := last - far; h > c.height() && h >= 0 {
			want = append(want, h)
		}
	}
	return want
}

// fill puts the blocks below last that the trail wants into it, as far as they were read.
func (w *Watcher) fill(ctx context.Context, chain chains.Chain, c *cursor, last int64) error {
	for _, h := range c.wants(last) {
		at, err := w.blockAt(ctx, chain, h)
		if err != nil {
			return err
		}
		if at != nil {
			c.Trail = append(c.Trail, mark{at.Height, at.Hash})
		}
	}
	return nil
}

func (w *Watcher) readCursor(ctx context.Context, chain chains.Chain) (*cursor, error) {
	c := &cursor{}
	trail, err := w.opt.Journal.Trail(ctx, string(chain))
	if err == nil && trail != nil {
		err = json.Unmarshal(trail, c)
	}
	if err != nil {
		return nil, fmt.Errorf("how far %s was watched: %w", chain, err)
	}
	return c, nil
}

func putCursor(tx *journal.Tx, chain chains.Chain, c *cursor) error {
	body, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("how far %s was watched: %w", chain, err)
	}
	return tx.PutTrail(string(chain), body)
}

// shared returns the highest block of the trail that is on the main chain up to last, and whether the
// one where the cursor stands is.
func (w *Watcher) shared(ctx context.Context, chain chains.Chain, c *cursor, last chains.BlockRef) (height int64, whole bool, err error) {
	for i := len(c.Trail) - 1; i >= 0; i-- {
		m := c.Trail[i]
		at := &last
		if m.Height != last.Height {
			if at, err = w.blockAt(ctx, chain, m.Height); err != nil {
				return 0, false, err
			}
		}
		if at != nil && at.Hash == m.Hash && m.Height <= last.Height {
			return m.Height, i == len(c.Trail)-1, nil
		}
	}
	if len(c.Trail) == 0 {
		return -1, true, nil
	}
	return max(c.Trail[0].Height-farthest, -1), false, nil
}

// blockAt returns the main chain's block at a height; nil where it was not read.
func (w *Watcher) blockAt(ctx context.Context, chain chains.Chain, height int64) (*chains.BlockRef, error) {
	facts, err := w.facts(ctx, chain, height)
	if err != nil || facts == nil {
		return nil, err
	}
	_, at := facts.Covered()
	return &at, facts.Close()
}

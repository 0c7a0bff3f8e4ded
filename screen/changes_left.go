package screen

import (
	"context"
	"fmt"
)

// Changes lists what after, which s answered, says otherwise than before, as the function Changes does. It
// looks up what two verdicts do not tell: whether the last block that before pins is still on the main chain,
// and whether an incident that after does not name is still loaded.
func (s *Screener) Changes(ctx context.Context, before, after *Verdict) []Change {
	c := &comparison{before: before, after: after, left: map[string]string{}}
	for i := range before.Pins.Blocks {
		p := &before.Pins.Blocks[i]
		if head := s.heads[p.Chain]; head != nil && head.Block.Height > p.Height {
			c.left[string(p.Chain)] = s.leftChain(ctx, p)
		}
	}
	if after.Pins.IncidentSet == s.pins.IncidentSet {
		c.loaded = s.loaded
	}
	return c.compare()
}

// leftChain says what became of a pinned block that is not on the main chain any more; "" where it is.
func (s *Screener) leftChain(ctx context.Context, p *Pin) string {
	f, err := s.cfg.Chains.Facts(ctx, p.Chain, p.Height)
	if err != nil {
		return fmt.Sprintf("whether block %d of %s is still on the main chain could not be read: %v", p.Height, p.Chain, err)
	}
	_, block := f.Covered()
	if err := f.Close(); err != nil {
		return fmt.Sprintf("whether block %d of %s is still on the main chain could not be read: %v", p.Height, p.Chain, err)
	}
	if formatTxID(p.Chain, block.Hash) == p.Hash {
		return ""
	}
	return fmt.Sprintf("block %d of %s (%s) left the main chain in a reorganisation", p.Height, p.Chain, p.Hash)
}

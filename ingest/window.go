package ingest

import (
	"context"
	"slices"

	"clew/chains"
)

// window is an address that is watched up to a block.
type window struct {
	address chains.Address
	height  int64 // the last one; −1 where unix counts
	unix    int64 // the latest time of a block
}

// medianBlocks is the number of blocks whose median time every later block must exceed, by
// the consensus of the Bitcoin family.
const medianBlocks = 11

// WatchWindow is WatchAddress for the blocks up to the given height or, where that is −1, for
// those whose time is not later than unix. Behind them the pass need not go on.
func (p *Pass) WatchWindow(ctx context.Context, a chains.Address, height, unix int64) error {
	if _, sparse := p.node.(*Recording); p.search != nil && height < 0 && !sparse {
		above, err := firstAt(ctx, p.node, unix+1, p.asOf)
		if err != nil {
			return err
		}
		height = above - 1
	}
	p.add(a)
	p.windows = append(p.windows, window{a, height, unix})
	return nil
}

// closeWindows forgets the windows that no later block can lie in.
func (p *Pass) closeWindows() {
	accounts := p.node.Chain().Info().Family == chains.FamilyEVM
	p.windows = slices.DeleteFunc(p.windows, func(w window) bool {
		over := w.height >= 0 && p.last.Height >= w.height || w.height < 0 && !accounts && p.median() >= w.unix
		if over {
			p.forget(w)
		}
		return over
	})
}

// closeBefore forgets the windows that ref lies behind, and with it every later block, on a chain
// whose times never fall.
func (p *Pass) closeBefore(ref chains.BlockRef) {
	if p.node.Chain().Info().Family != chains.FamilyEVM {
		return
	}
	p.windows = slices.DeleteFunc(p.windows, func(w window) bool {
		over := w.height >= 0 && ref.Height > w.height || w.height < 0 && ref.Time > w.unix
		if over {
			p.forget(w)
		}
		return over
	})
}

func (p *Pass) forget(w window) {
	if p.addresses[w.address]--; p.addresses[w.address] == 0 {
		delete(p.addresses, w.address)
	}
}

// median returns the median time of the last blocks; −1 while fewer were read than it takes.
// Every later block's time is greater.
func (p *Pass) median() int64 {
	if len(p.times) < medianBlocks {
		return -1
	}
	times := slices.Sorted(slices.Values(p.times))
	return times[medianBlocks/2]
}

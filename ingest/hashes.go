package ingest

import (
	"context"
	"errors"
	"fmt"

	"clew/chains"
)

// HashLister is a Node that names the blocks of many heights at once, so that reading a block
// costs its own requests alone.
type HashLister interface {
	// HashesAt returns the hashes of the main chain's blocks at n heights from the first on,
	// fewer where the chain ends before. ErrNotFound: it has none of them. ErrReorged: it
	// changed meanwhile. ErrUnsupported: the node cannot.
	HashesAt(ctx context.Context, from int64, n int) ([]chains.BlockHash, error)
}

var _ HashLister = (*Failover)(nil)

// hashesAtOnce is how many hashes are asked for at once: so many that the request does not
// count beside those for the blocks, so few that services take it, and that a reorganisation
// of the last blocks is not noticed late.
const hashesAtOnce = 64

// hashes names the blocks up to last, one after another.
type hashes struct {
	node  Node
	last  int64
	known []chains.BlockHash // of the heights that come next
	alone bool               // the node names one block at a time
}

// next returns the hash of the block at height, one above that of the call before; false
// where it has to be asked for by itself.
func (h *hashes) next(ctx context.Context, height int64) (hash chains.BlockHash, ok bool, err error) {
	lister, can := h.node.(HashLister)
	if len(h.known) == 0 && can && !h.alone && height < h.last {
		h.known, err = lister.HashesAt(ctx, height, int(min(hashesAtOnce, h.last-height+1)))
		if h.alone = errors.Is(err, chains.ErrUnsupported); err != nil && !h.alone {
			return hash, false, fmt.Errorf("block %d: %w", height, err)
		}
	}
	if len(h.known) == 0 {
		return hash, false, nil
	}
	hash, h.known = h.known[0], h.known[1:]
	return hash, true, nil
}

// HashesAt is of HashLister. What the node in use cannot list, no other is asked for: it may
// follow another branch than the one that gives the blocks.
func (f *Failover) HashesAt(ctx context.Context, from int64, n int) (found []chains.BlockHash, err error) {
	err = f.do(ctx, func(b Backend) (err error) {
		lister, ok := b.(HashLister)
		if found = nil; ok {
			found, err = lister.HashesAt(ctx, from, n)
		}
		if errors.Is(err, chains.ErrUnsupported) {
			return nil
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, fmt.Errorf("hashes of %d blocks from %d on: %w", n, from, chains.ErrUnsupported)
	}
	f.named(from+int64(len(found))-1, found[len(found)-1])
	return found, nil
}

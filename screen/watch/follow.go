package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"clew/chains"
)

// Synced is what reading the new blocks of a chain into the store did.
type Synced struct {
	Head chains.BlockRef // the node's last block, as it was then
	// Reorged: blocks left the main chain; Fork is the last height that both chains share.
	Reorged bool
	Fork    int64
}

// Pending tells what waits at a node for a block. It is used by one goroutine.
type Pending interface {
	// Next returns transactions that wait and were not told yet. chains.ErrUnsupported: the node does
	// not offer it. chains.ErrIncomplete: there are others that could not be read.
	Next(ctx context.Context) ([]chains.Tx, error)
	// Waiting reports whether a transaction waited at the last Next.
	Waiting(id chains.TxID) bool
}

// Feed is where the new blocks of a chain come from.
type Feed struct {
	Chain chains.Chain
	Node  string // how messages name it: without credentials
	// Head returns the node's last block.
	Head func(ctx context.Context) (chains.BlockRef, error)
	// Sync reads what the store lacks up to the node's last block, and makes what screens see it.
	Sync func(ctx context.Context) (Synced, error)
	// Pending is nil where nobody asks what waits.
	Pending Pending
	// Poll is how often the node is asked; 0: 2 s.
	Poll time.Duration
}

// Words of FeedStatus.Mempool.
const (
	MempoolRead       = "read"
	MempoolNotOffered = "not offered"
	MempoolNotAsked   = "not asked for"
)

// FeedStatus says how a chain is followed.
type FeedStatus struct {
	Chain   chains.Chain    `json:"chain"`
	Node    string          `json:"node"`
	Head    chains.BlockRef `json:"-"`       // the node's last block when it was last asked
	Synced  int64           `json:"synced"`  // height of the block that was looked through last; −1: none
	Asked   time.Time       `json:"asked"`   // when it last answered; zero: never
	Mempool string          `json:"mempool"` // MempoolRead …; "" before the first answer
	Error   string          `json:"error,omitempty"`
}

// Status returns how each chain is followed, in order of their names.
func (w *Watcher) Status() []FeedStatus {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]FeedStatus, 0, len(w.feeds))
	for _, s := range w.feeds {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b FeedStatus) int {
		if a.Chain < b.Chain {
			return -1
		}
		return 1
	})
	return out
}

// follower is one chain that is followed.
type follower struct {
	w    *Watcher
	f    Feed
	last chains.BlockRef // up to which blocks were looked through
	seen []chains.Tx     // that wait and are not told yet
	lost bool            // a round failed: what it left is done by the next
	rest int             // rounds in which it is not asked what waits, which the node did not offer
}

// Follow asks a node for new blocks and for what waits, and tells what moves, until ctx ends, whose
// reason it returns. What fails is logged, stands in Status and is tried again. One Follow a chain.
func (w *Watcher) Follow(ctx context.Context, f Feed) error {
	if f.Poll <= 0 {
		f.Poll = 2 * time.Second
	}
	fo := &follower{w: w, f: f, last: chains.BlockRef{Height: -1}}
	w.status(f.Chain, func(s *FeedStatus) {
		*s = FeedStatus{Chain: f.Chain, Node: f.Node, Synced: -1}
		if f.Pending == nil {
			s.Mempool = MempoolNotAsked
		}
	})
	ticker := time.NewTicker(f.Poll)
	defer ticker.Stop()
	for {
		fo.round(ctx)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
	}
}

func (w *Watcher) status(chain chains.Chain, change func(*FeedStatus)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.feeds[chain]
	if s == nil {
		s = &FeedStatus{}
		w.feeds[chain] = s
	}
	change(s)
}

// round asks once. An error that goes on is logged when it begins, or becomes another.
func (fo *follower) round(ctx context.Context) {
	err := fo.once(ctx)
	if ctx.Err() != nil {
		return
	}
	says := ""
	if err != nil {
		says = err.Error()
	}
	fo.w.status(fo.f.Chain, func(s *FeedStatus) {
		if says != "" && says != s.Error {
			fo.w.opt.Log.Error("a chain cannot be followed at the moment", "chain", fo.f.Chain, "node", fo.f.Node, "why", err)
		}
		s.Error = says
	})
}

// once asks what waits before it syncs: what waits no longer then, and is in no block behind that, was
// dropped.
func (fo *follower) once(ctx context.Context) error {
	read, odd := fo.pending(ctx)
	head, err := fo.f.Head(ctx)
	if err != nil {
		return fmt.Errorf("last block of %s: %w", fo.f.Chain, err)
	}
	fo.w.status(fo.f.Chain, func(s *FeedStatus) { s.Head, s.Asked = head, fo.w.opt.Now() })
	if fo.lost || head.Hash != fo.last.Hash || head.Height != fo.last.Height {
		if err := fo.blocks(ctx); err != nil {
			fo.lost = true
			return err
		}
		fo.lost = false
	} else if err := fo.w.OnBlocks(ctx, fo.f.Chain); err != nil { // watches may be new, or somebody else may have synced
		return err
	}
	if !read {
		return odd
	}
	if err := fo.w.OnMempool(ctx, fo.f.Chain, fo.seen, fo.f.Pending.Waiting); err != nil {
		return err
	}
	fo.seen = nil
	return odd
}

// askAgain is how long a node is not asked for what it did not offer.
const askAgain = time.Minute

// pending reads what waits; false where nothing is known of it. An error is no reason not to look
// through blocks.
func (fo *follower) pending(ctx context.Context) (bool, error) {
	if fo.f.Pending == nil {
		return false, nil
	}
	if fo.rest > 0 {
		fo.rest--
		return false, nil
	}
	fresh, err := fo.f.Pending.Next(ctx)
	if errors.Is(err, chains.ErrUnsupported) {
		fo.rest = int(askAgain / fo.f.Poll)
		fo.w.status(fo.f.Chain, func(s *FeedStatus) { s.Mempool = MempoolNotOffered })
		return false, nil
	}
	if err != nil {
		err = fmt.Errorf("what waits for a block of %s: %w", fo.f.Chain, err)
		if !errors.Is(err, chains.ErrIncomplete) {
			return false, err
		}
	}
	fo.w.status(fo.f.Chain, func(s *FeedStatus) { s.Mempool = MempoolRead })
	fo.seen = append(fo.seen, fresh...)
	return true, err
}

// blocks syncs, and looks through what is new.
func (fo *follower) blocks(ctx context.Context) error {
	done, err := fo.f.Sync(ctx)
	if err != nil {
		return fmt.Errorf("read new blocks of %s: %w", fo.f.Chain, err)
	}
	if done.Reorged {
		err = fo.w.OnReorg(ctx, fo.f.Chain, done.Fork)
	} else {
		err = fo.w.OnBlocks(ctx, fo.f.Chain)
	}
	if err != nil {
		return err
	}
	fo.last = done.Head
	fo.w.status(fo.f.Chain, func(s *FeedStatus) { s.Synced = done.Head.Height })
	return nil
}

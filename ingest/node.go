// Package ingest moves blocks from a node to where they are needed: Sync fills a store with
// a range of blocks, Pass makes one forward pass for a trace and keeps only what it touches,
// Recording stands in for a node with answers that were kept.
//
// It does not know any chain's bytes: a Decoder, implemented by an adapter, reads them. It
// does not decide what to follow: the trace does, through Pass.
//
// Start reading at Node, then Sync (sync.go), Pass (pass.go), Recorder (recorder.go).
package ingest

import (
	"context"
	"fmt"
	"iter"
	"sort"
	"time"

	"clew/chains"
)

// Node gives the main chain of one blockchain, block by block. Safe for concurrent use.
type Node interface {
	// Chain names the blockchain.
	Chain() chains.Chain
	// Head returns the last block of the main chain.
	Head(ctx context.Context) (chains.BlockRef, error)
	// Ref returns the block of the main chain at a height, ErrNotFound above the head.
	Ref(ctx context.Context, height int64) (chains.BlockRef, error)
	// HashAt returns its hash alone, ErrNotFound above the head.
	HashAt(ctx context.Context, height int64) (chains.BlockHash, error)
	// Block returns the block with that hash, checked against it.
	Block(ctx context.Context, height int64, hash chains.BlockHash) (*chains.Block, error)
}

// Locator is a Node that finds the block of a transaction. ErrUnsupported: it has no index.
type Locator interface {
	Locate(ctx context.Context, id chains.TxID) (chains.BlockRef, error)
}

// TxReader is a Node that gives a transaction by its id too.
type TxReader interface {
	Locator
	Tx(ctx context.Context, id chains.TxID) (raw []byte, block chains.BlockHash, err error)
}

// Holder is a Node that has the blocks of a span only, as a recording does.
type Holder interface {
	Held() Span
}

// Decoder reads the consensus bytes of the chains of one family.
type Decoder interface {
	DecodeBlock(chain chains.Chain, raw []byte, height int64) (*chains.Block, error)
	DecodeTx(chain chains.Chain, raw []byte) (chains.Tx, error)
	DecodeHeader(chain chains.Chain, raw []byte) (chains.Header, error)
	// AttachSpent fills the inputs of a block from the serialized outputs that they spend.
	AttachSpent(chain chains.Chain, block *chains.Block, spent [][]byte) error
	Prover
}

// Prover checks what ties a transaction to its chain.
type Prover interface {
	// CheckChainWork checks the work in headers of chain, each with its height, in ascending
	// order.
	CheckChainWork(chain chains.Chain, headers iter.Seq2[int64, []byte]) error
	// CheckCoinbase is an error where the bytes of a block's first transaction must state its height,
	// and do not.
	CheckCoinbase(chain chains.Chain, raw []byte, height int64) error
	// AnyOrder reports whether a transaction may stand before one that it spends in a block.
	AnyOrder(chain chains.Chain) bool
	Merkle
}

// Merkle proves that a transaction belongs to a block.
type Merkle interface {
	MerkleBranch(ids []chains.TxID, i int) []chains.Hash
	VerifyBranch(id chains.TxID, i int, branch []chains.Hash, root chains.Hash) bool
}

// Progress is told how far a job is: blocks done of total (0: not known), transactions
// read so far, and the block that was read last. It is called from one goroutine.
type Progress func(done, total, txs int64, at chains.BlockRef)

// DefaultInFlight is the number of blocks asked for at once. Four keep two cores and a
// local node busy; more only fill memory.
const DefaultInFlight = 4

// answer is a block that was asked for, or why there is none.
type answer struct {
	block *chains.Block
	err   error
}

// stream reads the blocks from first to last, n at a time, and hands them on in order. It
// ends with ctx; whoever stops reading early cancels that.
func stream(ctx context.Context, node Node, first, last int64, n int) <-chan chan answer {
	if n <= 0 {
		n = DefaultInFlight
	}
	queue := make(chan chan answer, n-1)
	go func() {
		defer close(queue)
		names := hashes{node: node, last: last}
		for h := first; h <= last; h++ {
			slot := make(chan answer, 1)
			select {
			case queue <- slot:
			case <-ctx.Done():
				return
			}
			hash, known, err := names.next(ctx, h)
			if err != nil {
				slot <- answer{err: err}
				return
			}
			go func() {
				b, err := blockAt(ctx, node, h, hash, known)
				slot <- answer{b, err}
			}()
		}
	}()
	return queue
}

// blockAt returns the main chain's block at height, whose hash is asked for unless it is known.
func blockAt(ctx context.Context, node Node, height int64, hash chains.BlockHash, known bool) (b *chains.Block, err error) {
	if !known {
		hash, err = node.HashAt(ctx, height)
	}
	if err == nil {
		b, err = node.Block(ctx, height, hash)
	}
	if err != nil {
		return nil, fmt.Errorf("block %d: %w", height, err)
	}
	return b, nil
}

// futureLimit is how far a block's time may be ahead of the network's clock by the rules
// of the Bitcoin family.
const futureLimit = 2 * time.Hour

// clockSlack is how far a block's time may be out of order before HeightAt misses it.
const clockSlack = 24 * time.Hour

// HeightAt returns a height at or below the first block whose time is at or after t. Block
// times are not in order, so it searches for the day before and leaves the rest to the
// reader: every block below the result is earlier than t, unless its time was wrong by more
// than a day. Times of a chain of accounts never fall: there it is that block, or the head where
// none is so late. Of a Holder it is a block that it holds.
func HeightAt(ctx context.Context, node Node, t time.Time) (int64, error) {
	head, err := node.Head(ctx)
	if err != nil {
		return 0, fmt.Errorf("head of the chain: %w", err)
	}
	if node.Chain().Info().Family == chains.FamilyEVM {
		if r, ok := node.(*Recording); ok {
			return r.heightAt(t.Unix()), nil
		}
		first, err := firstAt(ctx, node, t.Unix(), head)
		return min(first, head.Height), err
	}
	held := Span{From: 0, To: head.Height}
	if h, ok := node.(Holder); ok {
		held = h.Held()
	}
	early := t.Add(-clockSlack - futureLimit).Unix()
	var fault error
	n := sort.Search(int(held.To-held.From)+1, func(i int) bool {
		if fault != nil {
			return true
		}
		ref, err := node.Ref(ctx, held.From+int64(i))
		fault = err
		return err == nil && ref.Time >= early
	})
	if fault != nil {
		return 0, fmt.Errorf("search for the block at %s: %w", t.UTC().Format(time.RFC3339), fault)
	}
	return max(held.From, held.From+int64(n)-1), nil
}

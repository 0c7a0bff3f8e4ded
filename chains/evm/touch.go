package evm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"clew/chains"
)

const (
	// mostTopics is how many addresses one search of logs names: geth takes 1,000 values.
	mostTopics = 500
	// tracePage is how many calls are asked for at once. Nodes may give fewer without saying
	// so (Erigon's --trace.maxtraces), so a page is the last one only where nothing follows.
	tracePage = 5_000
)

// Touching returns the places of the transactions in which one of addrs is named by a log that
// moves a token, takes part in a call, or signed: in order, each once, from the beginning of span
// to the block that it returns, which is as far as the node goes in one question. Others may be
// among them. Not found are movements that no index knows: by tokens older than the standard,
// whose logs name nobody in their topics, and what the protocol gives outside of transactions.
//
// Of no addrs it is nil where the node can be asked at all. chains.ErrUnsupported: it has no
// index of calls (trace_filter), without which native coin can move unseen.
func (n *Node) Touching(ctx context.Context, addrs []chains.Address, span chains.Span) (at []chains.Place, to int64, err error) {
	if !n.offers.traceFilter {
		return nil, 0, fmt.Errorf("%s: trace_filter, the index of who takes part in calls: %w", n.client, chains.ErrUnsupported)
	}
	accounts := make([]common.Address, 0, len(addrs))
	for _, a := range addrs {
		account, ok := Account(a)
		if !ok {
			return nil, 0, fmt.Errorf("%s: no address of this chain: %w", FormatAddress(n.chain, a), chains.ErrNotFound)
		}
		accounts = append(accounts, account)
	}
	if len(accounts) == 0 || span.To < span.From {
		return nil, span.To, nil
	}
	found := places{}
	search := func(part []common.Address) func(context.Context, chains.Span) (int, error) {
		return func(ctx context.Context, span chains.Span) (int, error) { return n.touching(ctx, part, span, &found) }
	}
	most := min(mostTopics, len(accounts))
	if to, err = n.window.first(ctx, span, search(accounts[:most])); err == nil {
		for part := range slices.Chunk(accounts[most:], mostTopics) {
			if err = n.window.each(ctx, chains.Span{From: span.From, To: to}, search(part)); err != nil {
				break
			}
		}
	}
	if err != nil {
		return nil, 0, fmt.Errorf("transactions of %d accounts in blocks %d to %d: %w", len(addrs), span.From, span.To, err)
	}
	return found.sorted(), to, nil
}

// places gathers where transactions stand. Safe for concurrent use.
type places struct {
	mu   sync.Mutex
	list []chains.Place
}

func (p *places) add(at ...chains.Place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list, at...)
}

// sorted returns them in order, each once.
func (p *places) sorted() []chains.Place {
	slices.SortFunc(p.list, func(a, b chains.Place) int {
		switch {
		case a.Before(b):
			return -1
		case b.Before(a):
			return 1
		}
		return 0
	})
	return slices.Compact(p.list)
}

// touching searches one part of a span for some accounts, and returns how many entries the
// largest answer had.
func (n *Node) touching(ctx context.Context, accounts []common.Address, span chains.Span, found *places) (int, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	counts := make([]int, 5)
	search := func(i int, do func(context.Context) ([]chains.Place, error)) {
		group.Go(func() {
			at, err := do(ctx)
			if err != nil {
				cancel(err)
			}
			counts[i] = len(at)
			found.add(at...)
		})
	}
	for i, topics := range movesOf(accounts) {
		search(i, func(ctx context.Context) ([]chains.Place, error) { return n.logs(ctx, span, nil, topics) })
	}
	for i, side := range []string{"fromAddress", "toAddress"} {
		search(3+i, func(ctx context.Context) ([]chains.Place, error) { return n.traces(ctx, span, side, accounts) })
	}
	group.Wait()
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	return slices.Max(counts), nil
}

// movesOf returns the searches of logs that find what moves tokens of accounts: by the first,
// second and third argument that is indexed.
func movesOf(accounts []common.Address) [][][]common.Hash {
	who := make([]common.Hash, len(accounts))
	for i, a := range accounts {
		who[i] = common.BytesToHash(a[:])
	}
	return [][][]common.Hash{
		{{topicTransfer, topicWrap, topicUnwrap}, who},
		{{topicTransfer, topicSingle, topicBatch}, {}, who},
		{{topicSingle, topicBatch}, {}, {}, who},
	}
}

// logs returns where the logs of a span stand that have these topics, by position; an empty list
// is any. Emitters of nil are all.
func (n *Node) logs(ctx context.Context, span chains.Span, emitters []common.Address, topics [][]common.Hash) ([]chains.Place, error) {
	positions := make([]any, len(topics))
	for i, list := range topics {
		if len(list) > 0 {
			positions[i] = list
		}
	}
	filter := map[string]any{"fromBlock": hexutil.Uint64(span.From), "toBlock": hexutil.Uint64(span.To), "topics": positions}
	if emitters != nil {
		filter["address"] = emitters
	}
	var found []struct {
		Block *hexutil.Uint64 `json:"blockNumber"`
		Index *hexutil.Uint64 `json:"transactionIndex"`
		Gone  bool            `json:"removed"`
	}
	if err := n.client.Call(ctx, largeAnswer, &found, "eth_getLogs", filter); err != nil {
		return nil, err
	}
	at := make([]chains.Place, 0, len(found))
	for _, l := range found {
		switch {
		case l.Block == nil || l.Index == nil:
			return nil, fmt.Errorf("%s: a log without a place: %w", n.client, chains.ErrBadAnswer)
		case int64(*l.Block) < span.From || int64(*l.Block) > span.To:
			return nil, fmt.Errorf("%s: asked for logs of blocks %d to %d, got one of block %d: %w",
				n.client, span.From, span.To, *l.Block, chains.ErrBadAnswer)
		case !l.Gone:
			at = append(at, chains.Place{Height: int64(*l.Block), Index: int(*l.Index)})
		}
	}
	return at, nil
}

// tracedCall is what is read of an entry of trace_filter.
type tracedCall struct {
	Block int64       `json:"blockNumber"`
	Index *int        `json:"transactionPosition"` // nil of a reward
	Hash  common.Hash `json:"transactionHash"`
	Path  []int       `json:"traceAddress"`
}

// traces returns where the calls of a span stand that accounts take part in on one side.
func (n *Node) traces(ctx context.Context, span chains.Span, side string, accounts []common.Address) ([]chains.Place, error) {
	var at []chains.Place
	var before *tracedCall
	for after := 0; ; {
		var page []tracedCall
		err := n.client.Call(ctx, largeAnswer, &page, "trace_filter", map[string]any{
			"fromBlock": hexutil.Uint64(span.From), "toBlock": hexutil.Uint64(span.To), side: accounts,
			"after": after, "count": tracePage,
		})
		switch {
		case errors.Is(err, chains.ErrNotFound) && after == 0, err == nil && len(page) == 0:
			return at, nil
		case err != nil:
			return nil, err
		}
		if before != nil && page[0].Hash == before.Hash && slices.Equal(page[0].Path, before.Path) {
			return at, nil // it counts no pages: that was the first one again, and all there is
		}
		if before == nil {
			before = &page[0]
		}
		for _, c := range page {
			if c.Block < span.From || c.Block > span.To {
				return nil, fmt.Errorf("%s: asked for calls of blocks %d to %d, got one of block %d: %w",
					n.client, span.From, span.To, c.Block, chains.ErrBadAnswer)
			}
			if c.Index != nil {
				at = append(at, chains.Place{Height: c.Block, Index: *c.Index})
			}
		}
		after += len(page)
	}
}

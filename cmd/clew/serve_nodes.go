package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/ingest"
	"clew/screen/watch"
)

// servedNode is a node that clew serve follows. One that could not be reached at the start is reached when
// it is there: answers do not wait for it.
type servedNode struct {
	chain chains.Chain
	where string // for people
	open  func(context.Context) (*openedNode, error)

	mu      sync.Mutex
	node    *openedNode // nil: not reached yet
	pending watch.Pending
}

// get returns the node, reaching it where that was not done.
func (n *servedNode) get(ctx context.Context) (*openedNode, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.node != nil {
		return n.node, nil
	}
	node, err := n.open(ctx)
	if err != nil {
		return nil, err
	}
	n.node, n.pending = node, pendingOf(node)
	return node, nil
}

// Next implements watch.Pending.
func (n *servedNode) Next(ctx context.Context) ([]chains.Tx, error) {
	if _, err := n.get(ctx); err != nil {
		return nil, err
	}
	if n.pending == nil {
		return nil, fmt.Errorf("%s: %w", n.where, chains.ErrUnsupported)
	}
	return n.pending.Next(ctx)
}

// Waiting implements watch.Pending.
func (n *servedNode) Waiting(id chains.TxID) bool { return n.pending != nil && n.pending.Waiting(id) }

// serveNodes opens the nodes of --rpc, one of each chain; several values of a chain are a list.
func serveNodes(ctx context.Context, w *world, c *cli.Context) (nodes []*servedNode, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, closeNodes(nodes))
		}
	}()
	var order []chains.Chain
	named := map[chains.Chain][]endpoint{}
	for _, text := range c.StringSlice("rpc") {
		e, err := parseEndpoint(text)
		if err != nil {
			return nodes, err
		}
		if e.recording != "" {
			return nodes, &usageError{"a recording does not grow: clew serve follows a node", "--rpc CHAIN=URL"}
		}
		if len(named[e.chain]) == 0 {
			order = append(order, e.chain)
		}
		named[e.chain] = append(named[e.chain], e)
	}
	for _, chain := range order {
		e, err := combined(named[chain])
		if err != nil {
			return nodes, err
		}
		if chain == "" && len(e.others) > 0 {
			return nodes, &usageError{"several --rpc name no chain", "say of each which chain it is of: --rpc bitcoin=URL"}
		}
		node := &servedNode{chain: chain, where: hostOf(e.url), open: func(ctx context.Context) (*openedNode, error) { return openNode(ctx, w, c, e, chain) }}
		opened, err := node.get(ctx)
		switch {
		case err == nil:
			node.chain, node.where = opened.chain, opened.where
		case chain == "" || !errors.Is(err, chains.ErrUnreachable):
			return nodes, err
		default:
			w.log.Error("a node cannot be reached; answers go on without it until it can", "chain", chain, "error", err)
		}
		nodes = append(nodes, node)
		for _, other := range nodes[:len(nodes)-1] {
			if other.chain == node.chain {
				return nodes, &usageError{fmt.Sprintf("two nodes of %s, one of them without the chain's name", node.chain), fmt.Sprintf("name it at both, and the second takes over when the first fails: --rpc %s=URL", node.chain)}
			}
		}
	}
	return nodes, nil
}

func closeNodes(nodes []*servedNode) error {
	var err error
	for _, n := range nodes {
		if n.node != nil {
			err = errors.Join(err, n.node.Close())
		}
	}
	return err
}

// feed is how a node's chain is followed: its blocks into the store, and what waits for one.
func (d *desk) feed(n *servedNode) watch.Feed {
	return watch.Feed{
		Chain: n.chain, Node: n.where, Pending: n,
		Head: func(ctx context.Context) (chains.BlockRef, error) {
			node, err := n.get(ctx)
			if err != nil {
				return chains.BlockRef{}, err
			}
			head, err := node.Head(ctx)
			if err == nil {
				d.nodes.tell(n.chain, head.Height)
			}
			return head, err
		},
		Sync: func(ctx context.Context) (watch.Synced, error) {
			node, err := n.get(ctx)
			if err != nil {
				return watch.Synced{}, err
			}
			return d.sync(ctx, node)
		},
	}
}

// pendingOf returns what tells of transactions that wait for a block; nil where the node, or a list of
// them, does not.
func pendingOf(node *openedNode) watch.Pending {
	switch n := node.Node.(type) {
	case bitcoinNode:
		return n.Mempool()
	case evmNode:
		return n.Pending()
	}
	return nil
}

// sync reads the blocks that the store lacks, and makes the state anew before it returns.
func (d *desk) sync(ctx context.Context, node *openedNode) (watch.Synced, error) {
	var done watch.Synced
	loader, err := d.st.Load(ctx, node.chain)
	if err != nil {
		return done, err
	}
	opt := ingest.SyncOptions{From: -1, To: -1, Batch: d.c.Int64("batch"), Log: d.w.log}
	if spans, err := loader.Spans(ctx); err != nil {
		return done, errors.Join(err, loader.Close())
	} else if len(spans) == 0 {
		opt.From = heightFlag(d.c, "from")
	}
	res, err := ingest.Sync(ctx, node.Node, decoderOf(node.chain), loader, opt)
	if err := errors.Join(err, loader.Close()); err != nil {
		return done, fmt.Errorf("sync %s into %s: %w", node.chain, d.db, err)
	}
	d.nodes.tell(node.chain, res.Head.Height)
	if res.Untraced > 0 || res.Unresolved > 0 {
		d.w.log.Warn("blocks were read with gaps", "chain", node.chain, "unknown_inputs", res.Unresolved, "without_calls", res.Untraced)
	}
	done.Head = res.Head
	for _, r := range res.Reorgs {
		if !done.Reorged || r.Fork < done.Fork {
			done.Reorged, done.Fork = true, r.Fork
		}
	}
	_, err = d.refresh(ctx)
	return done, err
}

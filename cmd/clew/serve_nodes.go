package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/ingest"
	"clew/screen/watch"
)

// serveNodes opens the nodes of --rpc, one of each chain; several values of a chain are a list.
func serveNodes(ctx context.Context, w *world, c *cli.Context) (nodes []*openedNode, err error) {
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
		node, err := openNode(ctx, w, c, e, chain)
		if err != nil {
			return nodes, err
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

func closeNodes(nodes []*openedNode) error {
	var err error
	for _, n := range nodes {
		err = errors.Join(err, n.Close())
	}
	return err
}

// feed is how a node's chain is followed: its blocks into the store, and what waits for one.
func (d *desk) feed(node *openedNode) watch.Feed {
	return watch.Feed{
		Chain: node.chain, Node: node.where,
		Head: func(ctx context.Context) (chains.BlockRef, error) {
			head, err := node.Head(ctx)
			if err == nil {
				d.nodes.tell(node.chain, head.Height)
			}
			return head, err
		},
		Sync:    func(ctx context.Context) (watch.Synced, error) { return d.sync(ctx, node) },
		Pending: pendingOf(node),
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

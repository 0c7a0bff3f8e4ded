package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/chains/bitcoin"
)

// blocksEndpoint returns what --blocks names, the zero value where it was not given.
func blocksEndpoint(c *cli.Context) (endpoint, error) {
	dir := c.String("blocks")
	if dir == "" {
		return endpoint{}, nil
	}
	if len(c.StringSlice("rpc")) > 0 {
		return endpoint{}, &usageError{"--blocks and --rpc (or CLEW_RPC) are both given, and one source is read", "leave one of them out"}
	}
	return endpoint{blocks: dir, chain: chains.Chain(c.String("chain"))}, nil
}

// openBlocks opens the block files in dir. chain "" takes whatever they are of.
func openBlocks(ctx context.Context, w *world, dir string, chain chains.Chain) (*openedNode, error) {
	m := newMeter(w, "index of the block files")
	m.files = true
	files, err := bitcoin.OpenFiles(ctx, chain, dir, func(done, total int) {
		m.Update(int64(done), int64(total), 0, chains.BlockRef{})
	})
	m.Done()
	if err != nil {
		return nil, fmt.Errorf("--blocks %s: %w", dir, blocksHint(err))
	}
	w.log.Info("block files opened", "folder", files.String(), "chain", files.Chain(), "from", files.Held().From, "to", files.Held().To)
	if n := files.Waiting(); n > 0 {
		w.log.Warn("blocks stand on one that is not in the files: the node is still loading, or a file is missing", "blocks", n, "chain ends with", files.Held().To)
	}
	where, err := filepath.Abs(files.String())
	if err != nil {
		return nil, fmt.Errorf("--blocks %s: %w", dir, err)
	}
	return &openedNode{Node: files, chain: files.Chain(), where: where, doctor: bitcoinFiles{files}, fromFiles: true}, nil
}

// blocksHint adds the way out to an error about block files.
func blocksHint(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return withHint(err, "the files belong to the node's user: run as a member of its group, or copy them")
	case errors.Is(err, chains.ErrWrongChain):
		return withHint(err, "give the chain of these files with --chain, or the folder of the other network")
	}
	return err
}

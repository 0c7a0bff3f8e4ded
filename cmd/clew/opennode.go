package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/evm"
	"clew/ingest"
	"clew/tracer"
)

// openNode reaches what e names. chain "" takes whatever is there.
func openNode(ctx context.Context, w *world, c *cli.Context, e endpoint, chain chains.Chain) (*openedNode, error) {
	if chain == "" {
		chain = e.chain
	}
	if e.blocks != "" {
		return openBlocks(ctx, w, e.blocks, chain)
	}
	if e.recording != "" {
		return openRecording(ctx, os.DirFS(e.recording), e.recording, chain)
	}
	o, err := dialOptions(w, c)
	if err != nil {
		return nil, err
	}
	o.wrapped = e.wrapped
	if len(e.others) > 0 {
		return openList(ctx, w, e, chain, o)
	}
	node, err := dial(ctx, chain, e.url, o)
	if err != nil {
		return nil, fmt.Errorf("reach the node: %w", err)
	}
	w.log.Info("node reached", "node", node.String(), "chain", node.Chain())
	return &openedNode{Node: node, chain: node.Chain(), where: node.String(), doctor: node}, nil
}

// dialled is a node of either family.
type dialled interface {
	ingest.Backend
	doctor
	String() string
}

// dial reaches a node of chain; "" is one of which nobody said what it is.
func dial(ctx context.Context, chain chains.Chain, url string, o dialing) (dialled, error) {
	if chain != "" {
		return dialFamily(ctx, chain.Info().Family, chain, url, o)
	}
	families := []chains.Family{chains.FamilyBitcoin, chains.FamilyEVM}
	if strings.HasPrefix(url, "ws") || o.jwtFile != "" { // bitcoind knows neither
		families = families[1:]
	}
	var first error
	for _, family := range families {
		node, err := dialFamily(ctx, family, "", url, o)
		if err == nil {
			return node, nil
		}
		if first == nil {
			first = err
		}
		// Who cannot be reached, or refuses us, says nothing of what it is.
		if ctx.Err() != nil || errors.Is(err, chains.ErrUnreachable) || errors.Is(err, chains.ErrUnauthorized) {
			break
		}
	}
	return nil, first
}

// dialFamily asks a node of a family what it is; chain "" takes any of it.
func dialFamily(ctx context.Context, family chains.Family, chain chains.Chain, url string, o dialing) (dialled, error) {
	if family == chains.FamilyEVM {
		node, err := evm.Dial(ctx, chain, url, o.evm())
		if err != nil {
			return nil, err
		}
		return evmNode{node}, nil
	}
	node, err := bitcoin.Dial(ctx, chain, url, o.bitcoin())
	if err != nil {
		return nil, err
	}
	return bitcoinNode{node}, nil
}

// openRecording opens a recording, of the given chain where it holds several.
func openRecording(ctx context.Context, fsys fs.FS, where string, chain chains.Chain) (*openedNode, error) {
	fsys, where, err := recordingOf(fsys, where, chain)
	var r *ingest.Recording
	if err == nil {
		r, err = ingest.OpenRecording(ctx, fsys, chain, bitcoin.Codec{}, evm.Codec{})
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = withHint(err, "a recording is a folder with recording.json and objects.zip, or with one of them for each chain; clew trace --rpc URL --out DIR writes one to DIR/recording")
	}
	if errors.Is(err, chains.ErrBadAnswer) {
		err = &damagedError{err}
	}
	if err != nil {
		return nil, fmt.Errorf("%s%s: %w", recordingPrefix, where, err)
	}
	return &openedNode{Node: r, chain: r.Manifest.Chain, where: recordingPrefix + where, recording: r, files: fsys}, nil
}

// recordingOf returns the folder of a chain's recording inside of fsys: itself, or one that is
// named after the chain; of no chain, the only one there is.
func recordingOf(fsys fs.FS, where string, chain chains.Chain) (fs.FS, string, error) {
	if _, err := fs.Stat(fsys, recordingFiles()[1]); err == nil {
		return fsys, where, nil
	}
	names, err := fs.Glob(fsys, "*/"+recordingFiles()[1])
	if err != nil || len(names) == 0 {
		return fsys, where, err
	}
	var folders []string
	for _, name := range names {
		folder, _, _ := strings.Cut(name, "/")
		folders = append(folders, folder)
	}
	name := folderOf(chain)
	switch {
	case chain == "" && len(folders) == 1:
		name = folders[0]
	case chain == "":
		return nil, where, &usageError{fmt.Sprintf("%s%s holds several chains: %s", recordingPrefix, where, strings.Join(folders, ", ")), "say which: --chain, or " + recordingPrefix + where + "/" + folders[0]}
	case !slices.Contains(folders, name):
		return nil, where, fmt.Errorf("it holds %s, and not %s: %w", strings.Join(folders, ", "), chain, chains.ErrUnsupported)
	}
	sub, err := fs.Sub(fsys, name)
	return sub, where + "/" + name, err
}

// folderOf names a folder after a chain.
func folderOf(chain chains.Chain) string { return strings.ReplaceAll(string(chain), ":", "-") }

// openedNodes are the nodes of a trace, each reached when it is needed.
type openedNodes struct {
	w     *world
	c     *cli.Context
	inc   *declared // whose contracts that wrap a coin are read so
	flag  string    // that names them: "rpc", "state-rpc"
	seeds []chains.Chain
	of    map[chains.Chain]*openedNode
	none  []chains.Chain // that were asked for, and no node was given for them
}

// newNodes checks that --rpc or --blocks serves every chain of the seeds; false where neither was
// given.
func newNodes(w *world, c *cli.Context, inc *declared) (*openedNodes, bool, error) {
	seeds := inc.chains()
	n := &openedNodes{w: w, c: c, inc: inc, flag: "rpc", seeds: seeds, of: map[chains.Chain]*openedNode{}}
	for _, chain := range seeds {
		e, ok, err := endpointFor(c, "rpc", chain)
		if !ok || err != nil {
			return n, false, err
		}
		if len(seeds) > 1 && e.url != "" && e.chain == "" {
			return n, false, &usageError{fmt.Sprintf("the seeds are on %d chains, and --rpc %s names no chain", len(seeds), hostOf(e.url)),
				fmt.Sprintf("say of each node which chain it is of: --rpc %s=URL --rpc %s=URL", seeds[0], seeds[1])}
		}
	}
	return n, true, nil
}

// open returns the node of a chain. ErrUnsupported: none was given for it.
func (n *openedNodes) open(ctx context.Context, chain chains.Chain) (*openedNode, error) {
	if node := n.of[chain]; node != nil {
		return node, nil
	}
	missing := func() error {
		if !slices.Contains(n.none, chain) {
			n.none = append(n.none, chain)
		}
		return fmt.Errorf("no node was given for %s: %w (--%s %s=URL)", chain, chains.ErrUnsupported, n.flag, chain)
	}
	e, ok, err := endpointFor(n.c, n.flag, chain)
	if foreign := !slices.Contains(n.seeds, chain); foreign && (!ok || err != nil || e.chain == "" && e.recording == "") {
		return nil, missing()
	}
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, missing()
	}
	e.wrapped = n.inc.wrapped(chain)
	node, err := openNode(ctx, n.w, n.c, e, chain)
	if err != nil {
		return nil, err
	}
	n.of[chain] = node
	return node, nil
}

// recorded reports whether a recording is among them.
func (n *openedNodes) recorded() bool {
	for _, node := range n.of {
		if node.recording != nil {
			return true
		}
	}
	return false
}

// Close releases all of them.
func (n *openedNodes) Close() error {
	var err error
	for _, node := range n.of {
		err = errors.Join(err, node.Close())
	}
	return err
}

// closeSource releases what a source holds.
func closeSource(src tracer.Source) error {
	if c, ok := src.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

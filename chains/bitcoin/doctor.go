package bitcoin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"clew/chains"
	"clew/chains/rpc"
)

// Report is what a node can give and what it cannot, found out by asking.
type Report struct {
	Node    string            `json:"node"`    // what it calls itself
	Version string            `json:"version"` // 29.0.0
	Chain   chains.Chain      `json:"chain"`
	CAIP2   string            `json:"caip2"`
	Head    chains.ReportHead `json:"head"`
	Offers  Offers            `json:"offers"`
	Lacks   []chains.Lack     `json:"lacks"`
	Proxy   string            `json:"proxy,omitempty"` // on the way to the node; "" for none
	// Folder is what block files hold; nil of a node.
	Folder *Folder `json:"folder,omitempty"`
}

// Ways in which a node gives something.
const (
	ByREST     = "rest"
	ByGetBlock = "getblock"
	ByFiles    = "files"
	ByNothing  = "none"
	NotSeen    = "unknown" // no block near the head spends anything
)

// Offers says what the node gives, and how.
type Offers struct {
	Blocks       string `json:"blocks"`        // rest, getblock or files
	SpentOutputs string `json:"spent_outputs"` // rest, getblock, files, none or unknown
	TxIndex      bool   `json:"txindex"`       // complete
	FirstBlock   int64  `json:"first_block"`   // the lowest height whose block is kept
	Batches      bool   `json:"batches"`       // several calls in one request
}

// Doctor asks the node what it is and what it gives. It returns an error only where the node
// fails to answer; what it lacks is part of the report.
func (n *Node) Doctor(ctx context.Context) (Report, error) {
	info, err := n.info(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("ask the node what it is: %w", err)
	}
	head, err := n.Head(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("ask the node what it is: %w", err)
	}
	index, err := n.probeTxIndex(ctx, head.Hash)
	if err != nil {
		return Report{}, err
	}
	r := Report{
		Chain:  n.net.chain,
		Proxy:  n.client.Proxy(),
		CAIP2:  n.net.chain.CAIP2(),
		Head:   chains.ReportHead{Height: head.Height, Hash: head.Hash, Time: time.Unix(head.Time, 0).UTC()},
		Offers: Offers{Blocks: ByGetBlock, SpentOutputs: ByREST, TxIndex: index.there && index.synced},
		Lacks:  []chains.Lack{},
	}
	if info.Pruned {
		r.Offers.FirstBlock = info.PruneHeight
	}
	if n.restBlocks {
		r.Offers.Blocks = ByREST
	}
	if !n.spentTxOuts {
		if r.Offers.SpentOutputs, err = n.seesPrevouts(ctx, head); err != nil {
			return Report{}, err
		}
	}
	if r.Node, r.Version, err = n.software(ctx); err != nil {
		return Report{}, err
	}
	if r.Offers.Batches, err = n.client.TakesBatches(ctx, "getblockhash", 0); err != nil {
		return Report{}, err
	}
	r.Lacks = lacks(r.Offers, info, index)
	return r, nil
}

// software asks for the node's name and version. A node that keeps them to itself has "".
func (n *Node) software(ctx context.Context) (name, version string, err error) {
	var v struct {
		Name    string `json:"subversion"`
		Version int    `json:"version"`
	}
	err = n.client.Call(ctx, rpc.SmallAnswer, &v, "getnetworkinfo")
	if rpc.IsCode(err, codeMisc) {
		return n.btcd(ctx)
	}
	if errors.Is(err, chains.ErrUnsupported) || errors.Is(err, chains.ErrUnauthorized) {
		return "", "", nil
	}
	if err != nil {
		return "", "", fmt.Errorf("ask the node for its version: %w", err)
	}
	version = fmt.Sprintf("%d.%d.%d", v.Version/10000, v.Version/100%100, v.Version%100)
	if v.Version < 220000 { // until 22.0 the first number was a 0 that is not in this one
		version = "0." + version
	}
	return v.Name, version, nil
}

// btcd returns name and version of a btcd: it has no getnetworkinfo, and says so with the
// code for anything. It tells its name through the version of its own interface.
func (n *Node) btcd(ctx context.Context) (name, version string, err error) {
	var parts map[string]struct {
		Text string `json:"versionstring"`
	}
	var info struct {
		Version int `json:"version"`
	}
	err = n.client.Call(ctx, rpc.SmallAnswer, &parts, "version")
	if _, is := parts["btcdjsonrpcapi"]; err == nil && is {
		err = n.client.Call(ctx, rpc.SmallAnswer, &info, "getinfo")
	}
	if errors.Is(err, chains.ErrUnsupported) || errors.Is(err, chains.ErrUnauthorized) || err == nil && info.Version == 0 {
		return "", "", nil
	}
	if err != nil {
		return "", "", fmt.Errorf("ask the node for its version: %w", err)
	}
	version = fmt.Sprintf("%d.%d.%d", info.Version/1_000_000, info.Version/10_000%100, info.Version/100%100)
	return "/btcd:" + version + "/", version, nil
}

// spendSearch is how many blocks down from the head are looked at for one that spends.
const spendSearch = 64

// seesPrevouts reads the highest block that spends anything, as getblock 3.
func (n *Node) seesPrevouts(ctx context.Context, head chains.BlockRef) (string, error) {
	hash := head.Hash
	for height := head.Height; height > 0 && height > head.Height-spendSearch; height-- {
		var h struct {
			Txs  int    `json:"nTx"`
			Prev string `json:"previousblockhash"`
		}
		if err := n.client.Call(ctx, rpc.SmallAnswer, &h, "getblockheader", hash.String(), true); err != nil {
			return "", fmt.Errorf("look for a block that spends: %w", err)
		}
		if h.Txs != 1 { // btcd does not tell their number
			block, err := n.blockVerbose(ctx, height, hash)
			switch {
			case err != nil:
				return "", fmt.Errorf("block %d (%s): %w", height, hash, err)
			case block.Spent == nil:
				return ByNothing, nil
			case len(block.Txs) > 1:
				return ByGetBlock, nil
			}
		}
		var err error
		if hash, err = n.parseHash("getblockheader", h.Prev); err != nil {
			return "", err
		}
	}
	return NotSeen, nil
}

// lacks puts into words what is missing.
func lacks(o Offers, info chainInfo, index txIndex) []chains.Lack {
	list := []chains.Lack{}
	add := func(what, effect string, args ...any) {
		list = append(list, chains.Lack{What: what, Effect: fmt.Sprintf(effect, args...)})
	}
	if state := info.loading(); state.Is() {
		add("a complete chain", "the node is still loading: %s; what happened later is not seen", state)
	}
	if o.FirstBlock > 0 {
		add("blocks before "+fmt.Sprint(o.FirstBlock), "the node is pruned: sync, and trace --rpc, stop with an error at an earlier block; begin at one that is kept (--from %d), or use a node that keeps all (-prune=0)", o.FirstBlock)
	}
	if o.Blocks != ByREST {
		add("REST", "blocks come as JSON, more than ten times slower (bitcoind has REST with -rest=1)")
	}
	switch o.SpentOutputs {
	case ByGetBlock:
		way := "a newer bitcoind gives them"
		if o.Blocks != ByREST {
			way = "bitcoind gives them with -rest=1"
		}
		add("spent outputs over REST", "they come as JSON (getblock 3), more than ten times slower (%s)", way)
	case ByNothing:
		add("spent outputs", "the values of inputs come from the blocks read before; those made earlier are asked for in batches, or are gaps without an index of transactions")
	case NotSeen:
		add("spent outputs, perhaps", "none of the last %d blocks spends anything, so it could not be seen whether getblock 3 gives them", spendSearch)
	}
	switch {
	case !index.there:
		add("an index of transactions", "a transaction is found only in blocks read, and outputs from before the range stay unknown where spent outputs are not offered (-txindex=1)")
	case !index.synced:
		add("a complete index of transactions", "it has been built up to block %d: later transactions are found only in blocks read", index.height)
	}
	if !o.Batches {
		add("batches of calls", "outputs from before the range cannot be asked for")
	}
	return list
}

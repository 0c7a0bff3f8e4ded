package bitcoin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"clew/chains"
	"clew/chains/rpc"
)

// Options of Dial. The zero value serves a bitcoind on this machine.
type Options struct {
	// User and Password are those of -rpcauth or -rpcuser. They win over the cookie.
	rpc.Options
	// CookieFile is the .cookie that bitcoind writes at each start, or its data directory.
	// Empty: for a node on this machine, the one in ~/.bitcoin.
	CookieFile string
}

// Node is a bitcoind. All methods are safe for concurrent use, and as many requests are in
// flight as there are callers. Errors name the node by scheme and host alone.
type Node struct {
	client *rpc.Client
	net    network
	// Found out by asking, when dialled:
	spentTxOuts bool // REST gives blocks and the outputs they spend
	restBlocks  bool // REST gives blocks
	txIndex     txIndex
	// noPrevouts is set once getblock 3 has answered without the outputs spent.
	noPrevouts atomic.Bool
}

// Dial asks the node at address (http://HOST:PORT, https too, or HOST:PORT) what it is and
// what it offers. It must be of chain; "" takes any known network of the family, and
// Node.Chain tells which.
//
// Errors: chains.ErrWrongChain with what the node is, ErrUnauthorized, ErrUnreachable,
// ErrRateLimited, ErrUnknownChain.
func Dial(ctx context.Context, chain chains.Chain, address string, o Options) (*Node, error) {
	var asked network
	if chain != "" {
		found, err := networkOf(chain)
		if err != nil {
			return nil, err
		}
		asked = *found
	}
	u, err := rpc.ParseURL(address, "http", "https")
	if err != nil {
		return nil, err
	}
	login, err := newLogin(u, asked, o)
	if err != nil {
		return nil, err
	}
	c, err := rpc.New(u, login, dialect, o.Options)
	if err != nil {
		return nil, err
	}
	n := &Node{client: c}
	if n.net, err = n.recognise(ctx, chain); err != nil {
		return nil, err
	}
	if err := n.probe(ctx); err != nil {
		return nil, err
	}
	return n, nil
}

// recognise tells the network by the hash of its block 0.
func (n *Node) recognise(ctx context.Context, chain chains.Chain) (network, error) {
	genesis, err := n.hashAt(ctx, 0)
	if err != nil {
		return network{}, fmt.Errorf("ask which network the node is of: %w", err)
	}
	found, err := n.tell(ctx, networksOfGenesis(genesis), chain)
	switch {
	case err != nil:
		return network{}, fmt.Errorf("%s: %w", n.client, err)
	case found != nil && (chain == "" || chain == found.chain):
		return *found, nil
	case found != nil:
		return network{}, fmt.Errorf("%s: the node is of %s, not of %s: %w", n.client, found.chain, chain, chains.ErrWrongChain)
	}
	says := "unknown"
	if info, err := n.info(ctx); err == nil {
		says = fmt.Sprintf("%q", info.Chain)
	}
	if chain == "" {
		return network{}, fmt.Errorf("%s: the node calls its network %s, and its block 0 is %s: %w", n.client, says, genesis, chains.ErrUnknownChain)
	}
	return network{}, fmt.Errorf("%s: the node calls its network %s, and its block 0 is %s, not that of %s: %w",
		n.client, says, genesis, chain, chains.ErrWrongChain)
}

// sameNetwork is chains.ErrWrongChain where another network answers since a connection failed:
// a node that was started again may be another one.
func (n *Node) sameNetwork(ctx context.Context) error { return n.client.Sure(ctx, n.checkGenesis) }

// checkGenesis is chains.ErrWrongChain where block 0 is not that of the node's network.
func (n *Node) checkGenesis(ctx context.Context) error {
	genesis, err := n.hashAt(ctx, 0)
	if err != nil {
		return fmt.Errorf("ask again which network the node is of: %w", err)
	}
	if genesis.String() != n.net.chain.Info().Genesis {
		return fmt.Errorf("%s: the node was of %s when it was reached, and has another block 0 now, %s: %w",
			n.client, n.net.chain, genesis, chains.ErrWrongChain)
	}
	return nil
}

// tell returns which of the networks with the node's block 0 it is of; nil if there are none.
func (n *Node) tell(ctx context.Context, shared []*network, asked chains.Chain) (*network, error) {
	if len(shared) < 2 {
		return tellApart(shared, nil, "", asked)
	}
	if height := splitHeight(shared); height > 0 {
		hash, err := n.hashAt(ctx, height)
		if err != nil && !errors.Is(err, chains.ErrNotFound) {
			return nil, fmt.Errorf("ask on which side of a split the node is: %w", err)
		}
		if err == nil {
			return tellApart(shared, &hash, "", asked)
		}
	}
	var says struct {
		Software string `json:"subversion"`
	}
	err := n.client.Call(ctx, rpc.SmallAnswer, &says, "getnetworkinfo")
	if err != nil && !errors.Is(err, chains.ErrUnsupported) {
		return nil, fmt.Errorf("ask what the node calls itself: %w", err)
	}
	return tellApart(shared, nil, says.Software, asked)
}

// txIndex is what the node says about its index of transactions.
type txIndex struct {
	there  bool
	synced bool
	height int64 // of the last block indexed, while it is not synced
}

// probe finds out, by asking for them, which of the faster ways the node offers.
func (n *Node) probe(ctx context.Context) error {
	info, err := n.info(ctx)
	if err != nil {
		return err
	}
	tip, err := n.parseHash("getblockchaininfo", info.Best)
	if err != nil {
		return err
	}
	// The last block is there on pruned nodes too; a header costs little.
	if n.restBlocks, err = n.restHas(ctx, "rest/headers/1/"+tip.String()+".bin", n.isHeaderOf(tip)); err != nil {
		return err
	}
	if n.restBlocks {
		if n.spentTxOuts, err = n.restHas(ctx, "rest/spenttxouts/"+tip.String()+".bin", isSpentTxOuts); err != nil {
			return err
		}
	}
	// JSON has no room for the headers of merged mining.
	n.noPrevouts.Store(n.net.work == workMerged)
	n.txIndex, err = n.probeTxIndex(ctx, tip)
	return err
}

// isHeaderOf returns what reports whether an answer is the header of a block.
func (n *Node) isHeaderOf(block chains.BlockHash) func([]byte) bool {
	return func(answer []byte) bool {
		h, err := DecodeHeader(n.net.chain, answer)
		return err == nil && h.Hash == block
	}
}

// isSpentTxOuts reports whether an answer has the form of the outputs that a block spends.
func isSpentTxOuts(answer []byte) bool {
	_, err := DecodeSpentTxOuts(answer)
	return err == nil
}

// restHas reports whether REST answers path with what was asked for. A node without REST, or
// without that part of it, answers 404; bchd says 200 and gives an error of JSON-RPC; btcd
// breaks the connection, which is believed at the second time.
func (n *Node) restHas(ctx context.Context, path string, is func([]byte) bool) (bool, error) {
	there := false
	err := n.client.Retry(ctx, func(ctx context.Context) error {
		a, err := n.client.Get(ctx, path, n.spentLimit())
		if rpc.Broken(err) {
			if a, err = n.client.Get(ctx, path, n.spentLimit()); rpc.Broken(err) {
				return nil
			}
		}
		there = err == nil && a.Status == http.StatusOK && is(a.Body)
		if errors.Is(err, chains.ErrUnauthorized) { // a proxy may let JSON-RPC pass alone
			return nil
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("ask whether REST is there: %w", err)
	}
	return there, nil
}

// probeTxIndex asks for the state of the index, and an older node, which does not know that
// question, for a transaction of the last block.
func (n *Node) probeTxIndex(ctx context.Context, tip chains.BlockHash) (txIndex, error) {
	var indexes map[string]struct {
		Synced bool  `json:"synced"`
		Height int64 `json:"best_block_height"`
	}
	err := n.client.Call(ctx, rpc.SmallAnswer, &indexes, "getindexinfo")
	if err == nil {
		found, there := indexes["txindex"]
		return txIndex{there, found.Synced, found.Height}, nil
	}
	if !errors.Is(err, chains.ErrUnsupported) {
		return txIndex{}, fmt.Errorf("ask for the index of transactions: %w", err)
	}
	var block struct {
		Tx []string `json:"tx"`
	}
	if err := n.client.Call(ctx, n.jsonLimit(), &block, "getblock", tip.String(), 1); err != nil {
		return txIndex{}, fmt.Errorf("ask for the index of transactions: %w", err)
	}
	if len(block.Tx) == 0 {
		return txIndex{}, fmt.Errorf("%s: getblock: a block without transactions: %w", n.client, chains.ErrBadAnswer)
	}
	var raw string
	err = n.client.Call(ctx, n.jsonLimit(), &raw, "getrawtransaction", block.Tx[0], 0)
	if err != nil && !rpc.IsCode(err, codeNotFound) {
		return txIndex{}, fmt.Errorf("ask for the index of transactions: %w", err)
	}
	return txIndex{there: err == nil, synced: err == nil}, nil
}

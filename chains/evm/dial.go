package evm

import (
	"context"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"clew/chains"
	"clew/chains/rpc"
)

// Options of Dial. The zero value serves a node on this machine.
type Options struct {
	rpc.Options
	// JWTFile holds the secret that the node shares with its callers, 64 hex digits: each
	// request then carries a token signed with it.
	JWTFile string
	// Wrapped are contracts beside the known ones whose token is the native coin one to one, told
	// by Deposit and Withdrawal as WETH9 does.
	Wrapped []common.Address
}

// Node is a node of a chain of accounts. All methods are safe for concurrent use, and as many
// requests are in flight as there are callers. Errors name the node by scheme and host alone.
// A Node dialled over a WebSocket holds connections until Close.
type Node struct {
	client  *rpc.Client
	chain   chains.Chain
	id      uint64
	genesis chains.BlockHash
	decoder *Decoder
	offers  offered
	wrapped []common.Address
	window  window // how many blocks a search of logs takes, learned from what is refused
}

// Dial asks the node at address (http://HOST:PORT/PATH, https, ws and wss too, or HOST:PORT)
// what it is and what it offers. It must be of chain; "" takes any, and Node.Chain tells which.
//
// Errors: chains.ErrWrongChain with what the node is, ErrUnauthorized, ErrUnreachable,
// ErrRateLimited, ErrUnknownChain where chain is none of accounts.
func Dial(ctx context.Context, chain chains.Chain, address string, o Options) (*Node, error) {
	if chain != "" && chain.Info().Family != chains.FamilyEVM {
		return nil, fmt.Errorf("%s is no chain of accounts: %w", chain, chains.ErrUnknownChain)
	}
	u, err := rpc.ParseURL(address, "http", "https", "ws", "wss")
	if err != nil {
		return nil, err
	}
	login, err := newLogin(u, o)
	if err != nil {
		return nil, err
	}
	c, err := rpc.New(u, login, dialect, o.Options)
	if err != nil {
		return nil, err
	}
	n := &Node{client: c, wrapped: o.Wrapped}
	if err := n.recognise(ctx, chain); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	n.decoder = NewDecoder(n.chain, o.Wrapped...)
	if n.offers, err = n.probe(ctx); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// Wrapped returns the contracts of Options.Wrapped.
func (n *Node) Wrapped() []chains.Address {
	list := make([]chains.Address, len(n.wrapped))
	for i, a := range n.wrapped {
		list[i] = Address(a)
	}
	return list
}

// Close ends the connections that are kept. It returns nil.
func (n *Node) Close() error {
	n.client.Close()
	return nil
}

// recognise tells the chain by the node's own id for it, and keeps block 0.
func (n *Node) recognise(ctx context.Context, asked chains.Chain) error {
	id, err := n.askChainID(ctx)
	if err != nil {
		return fmt.Errorf("ask which chain the node is of: %w", err)
	}
	n.id, n.chain = id, chains.EVM(id)
	if asked != "" && asked != n.chain {
		return fmt.Errorf("%s: the node is of %s, not of %s: %w", n.client, n.chain, asked, chains.ErrWrongChain)
	}
	n.genesis, err = n.hashAt(ctx, 0)
	if errors.Is(err, chains.ErrNotFound) || errors.Is(err, chains.ErrUnsupported) { // it has forgotten its first blocks
		return nil
	}
	if err != nil {
		return fmt.Errorf("ask which chain the node is of: %w", err)
	}
	return nil
}

func (n *Node) askChainID(ctx context.Context) (uint64, error) {
	var id hexutil.Uint64
	if err := n.client.Call(ctx, rpc.SmallAnswer, &id, "eth_chainId"); err != nil {
		return 0, err
	}
	if id == 0 {
		return 0, fmt.Errorf("%s: a chain without an id: %w", n.client, chains.ErrBadAnswer)
	}
	return uint64(id), nil
}

// sameNetwork is chains.ErrWrongChain where another network answers since a connection failed:
// a node that was started again may be another one.
func (n *Node) sameNetwork(ctx context.Context) error { return n.client.Sure(ctx, n.checkNetwork) }

// checkNetwork is chains.ErrWrongChain where the chain's id or block 0 is another one by now.
func (n *Node) checkNetwork(ctx context.Context) error {
	id, err := n.askChainID(ctx)
	if err != nil {
		return fmt.Errorf("ask again which chain the node is of: %w", err)
	}
	if id != n.id {
		return fmt.Errorf("%s: the node was of %s when it was reached, and is of %s now: %w",
			n.client, n.chain, chains.EVM(id), chains.ErrWrongChain)
	}
	if n.genesis == (chains.BlockHash{}) {
		return nil
	}
	genesis, err := n.hashAt(ctx, 0)
	if err != nil {
		return fmt.Errorf("ask again which chain the node is of: %w", err)
	}
	if genesis != n.genesis {
		return fmt.Errorf("%s: the node was of %s when it was reached, and has another block 0 now, %s: %w",
			n.client, n.chain, common.Hash(genesis), chains.ErrWrongChain)
	}
	return nil
}

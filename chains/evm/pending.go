package evm

import (
	"context"
	"errors"
	"fmt"

	"github.com/goccy/go-json"

	"clew/chains"
	"clew/chains/rpc"
)

// Pending reads the transactions that a node would put into the next block. It is the word of that
// node: it need not have all that others wait with, and nothing says that a block will have them, or
// what they will do then. It is used by one goroutine.
type Pending struct {
	node    *Node
	waiting map[chains.TxID]struct{}
}

// Pending returns a reader to which all that waits is new.
func (n *Node) Pending() *Pending {
	return &Pending{node: n, waiting: map[chains.TxID]struct{}{}}
}

// NoHeight is the height of a transaction that is in no block.
const NoHeight = -1

// Next returns the transactions that came to wait since the last call, in the node's order. Of each,
// Moves are what it asks for itself: its value and, where it calls a token by transfer or
// transferFrom, that. Whether a contract will do more, or less, only a block shows; it is Untraced.
// Block is of height NoHeight.
//
// chains.ErrUnsupported: the node tells no block to come, or the last one in its place. After an
// error, the next call gives what this one would have.
func (p *Pending) Next(ctx context.Context) ([]chains.Tx, error) {
	txs, err := p.node.pendingTxs(ctx)
	if err != nil {
		return nil, fmt.Errorf("what waits for a block: %w", err)
	}
	now := make(map[chains.TxID]struct{}, len(txs))
	var seen []chains.Tx
	for i := range txs {
		id := chains.TxID(txs[i].Tx.Hash)
		now[id] = struct{}{}
		if _, known := p.waiting[id]; known {
			continue
		}
		if err := txs[i].CheckSender(p.node.chain); err != nil {
			return nil, fmt.Errorf("%s: what waits for a block: %w", p.node.client, bad(err))
		}
		seen = append(seen, txs[i].asked())
	}
	p.waiting = now
	return seen, nil
}

// Waiting reports whether a transaction waited at the last Next.
func (p *Pending) Waiting(id chains.TxID) bool {
	_, there := p.waiting[id]
	return there
}

// pendingTries is how often the block to come is asked for where the last block overtakes it.
const pendingTries = 3

// pendingTxs asks for the block to come. A node that gives the last block instead shows it by its number.
func (n *Node) pendingTxs(ctx context.Context) ([]Parts, error) {
	for range pendingTries {
		number, txs, err := n.pendingBlock(ctx)
		if err != nil {
			return nil, err
		}
		var latest *link
		if err := n.client.Call(ctx, largeAnswer, &latest, "eth_getBlockByNumber", "latest", false); err != nil {
			return nil, err
		}
		if latest != nil && number > uint64(latest.Number) {
			return txs, nil
		}
	}
	return nil, fmt.Errorf("%s gives its last block for the one to come: %w", n.client, chains.ErrUnsupported)
}

func (n *Node) pendingBlock(ctx context.Context) (number uint64, txs []Parts, err error) {
	var refused *rpc.Error
	err = n.client.Raw(ctx, largeAnswer, func(result []byte) error {
		if string(result) == "null" {
			return fmt.Errorf("%s tells no block to come: %w", n.client, chains.ErrUnsupported)
		}
		if number, txs, err = parsePending(n.chain, result); err != nil {
			return fmt.Errorf("%s: %w", n.client, bad(err))
		}
		return nil
	}, "eth_getBlockByNumber", "pending", true)
	if errors.As(err, &refused) && !errors.Is(err, chains.ErrRateLimited) && !errors.Is(err, chains.ErrUnreachable) {
		err = fmt.Errorf("%w: %w", err, chains.ErrUnsupported)
	}
	return number, txs, err
}

// parsePending reads a block that has no hash yet.
func parsePending(chain chains.Chain, data []byte) (number uint64, txs []Parts, err error) {
	var b struct {
		Number       string  `json:"number"`
		Transactions []rpcTx `json:"transactions"`
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return 0, nil, fmt.Errorf("pending block of %s: %w: %w", chain, ErrBadEncoding, err)
	}
	var hx hexReader
	number = hx.uint64("number", b.Number)
	txs = make([]Parts, len(b.Transactions))
	for i := range b.Transactions {
		if err := txs[i].fromRPC(chain, &b.Transactions[i], &hx); err != nil {
			return 0, nil, fmt.Errorf("transaction %d of the pending block of %s: %w", i, chain, err)
		}
	}
	return number, txs, hx.err
}

// asked returns what a transaction asks for itself.
func (p *Parts) asked() chains.Tx {
	e := &chains.Execution{
		Sender: Address(p.Sender), Nonce: p.Tx.Nonce, Type: p.Tx.Type, Untraced: true,
		TipCap: chains.AmountOf(&p.Tx.TipCap), FeeCap: chains.AmountOf(&p.Tx.FeeCap),
	}
	kind := chains.MoveCall
	if p.Tx.To != nil {
		e.To = Address(*p.Tx.To)
	} else {
		e.Created, kind = p.creates(e), chains.MoveCreate
	}
	if !p.Tx.Value.IsZero() {
		to := e.To
		if to == "" {
			to = e.Created
		}
		e.Moves = append(e.Moves, chains.Move{
			Kind: kind, Asset: chains.Native, From: e.Sender, To: to,
			Amount: chains.AmountOf(&p.Tx.Value), Evidence: chains.EvidenceAttested,
		})
	}
	if m, ok := p.askedToken(); ok {
		e.Moves = append(e.Moves, m)
	}
	return chains.Tx{
		ID: chains.TxID(p.Tx.Hash), Block: chains.BlockRef{Height: NoHeight}, Index: p.Index,
		Exec: e, Evidence: chains.EvidenceAttested, Raw: p.Tx.Raw,
	}
}

// Selectors of ERC-20 by which a transaction moves tokens itself.
var (
	callTransfer     = [4]byte{0xa9, 0x05, 0x9c, 0xbb} // transfer(address,uint256)
	callTransferFrom = [4]byte{0x23, 0xb8, 0x72, 0xdd} // transferFrom(address,address,uint256)
)

// askedToken reads a call of transfer or transferFrom. Whether what is called is a token, the bytes
// do not say; of a token with ids, what stands in the amount's place is an id.
func (p *Parts) askedToken() (chains.Move, bool) {
	const word = 32
	in := p.Tx.Input
	if p.Tx.To == nil || len(in) < 4 {
		return chains.Move{}, false
	}
	from, args := Address(p.Sender), in[4:]
	switch selector := [4]byte(in); {
	case selector == callTransfer && len(args) >= 2*word:
	case selector == callTransferFrom && len(args) >= 3*word:
		payer, ok := party([word]byte(args))
		if !ok {
			return chains.Move{}, false
		}
		from, args = payer, args[word:]
	default:
		return chains.Move{}, false
	}
	to, ok := party([word]byte(args))
	amount, err := chains.BytesAmount(args[word : 2*word])
	if !ok || err != nil || amount.IsZero() {
		return chains.Move{}, false
	}
	return chains.Move{
		Kind: chains.MoveToken, Asset: AssetOf(*p.Tx.To), From: from, To: to,
		Amount: amount, Evidence: chains.EvidenceAttested,
	}, true
}

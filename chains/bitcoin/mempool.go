package bitcoin

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/goccy/go-json"

	"clew/chains"
	"clew/chains/rpc"
)

// Mempool reads the transactions that wait at a node for a block. It is the word of that node: it
// need not have all that others wait with, and nothing says that a block will have them. It is used
// by one goroutine.
type Mempool struct {
	node    *Node
	waiting map[chains.TxID]bool // all that waited at the last Next; true: it was told
}

// Mempool returns a reader to which all that waits is new.
func (n *Node) Mempool() *Mempool {
	return &Mempool{node: n, waiting: map[chains.TxID]bool{}}
}

// mostNew is how many transactions one Next reads: a mempool may hold several hundred thousand.
const mostNew = 5000

// NoHeight is the height of a transaction that is in no block.
const NoHeight = -1

// Next returns transactions that wait and were not told yet, up to a few thousand at once, in the order
// of their ids. Their bytes are checked against the id. The outputs that they spend are as the node tells them:
// from the transactions that wait with them, else from its set of unspent outputs; what both have
// forgotten meanwhile, since a block came, is not Known. Block is of height NoHeight.
//
// chains.ErrUnsupported: the node keeps no mempool. chains.ErrIncomplete, beside the others: some have
// bytes of an unknown form, and are not told again. After any other error, the next call gives what
// this one would have.
func (m *Mempool) Next(ctx context.Context) ([]chains.Tx, error) {
	var texts []string
	if err := m.node.client.Call(ctx, m.node.jsonLimit(), &texts, "getrawmempool"); err != nil {
		return nil, fmt.Errorf("what waits for a block: %w", err)
	}
	now := make(map[chains.TxID]bool, len(texts))
	var fresh []chains.TxID
	for _, text := range texts {
		id, err := m.node.parseHash("getrawmempool", text)
		if err != nil {
			return nil, err
		}
		if now[id] = m.waiting[id]; !now[id] {
			fresh = append(fresh, id)
		}
	}
	slices.SortFunc(fresh, func(a, b chains.TxID) int { return slices.Compare(a[:], b[:]) })
	fresh = fresh[:min(len(fresh), mostNew)]
	var seen []chains.Tx
	var odd error
	for some := range slices.Chunk(fresh, batchCalls) {
		txs, unknown, err := m.read(ctx, some, now)
		if err != nil {
			return nil, fmt.Errorf("%d transactions that wait for a block: %w", len(fresh), err)
		}
		seen = append(seen, txs...)
		if odd == nil && unknown != nil {
			odd = fmt.Errorf("of %d transactions that wait for a block, some are of an unknown form, the first: %w: %w", len(fresh), unknown, chains.ErrIncomplete)
		}
	}
	for _, id := range fresh {
		now[id] = true
	}
	m.waiting = now
	return seen, odd
}

// Waiting reports whether a transaction waited at the last Next. A node may keep one that a block has
// (btcd without peers does): look at the chain first.
func (m *Mempool) Waiting(id chains.TxID) bool {
	_, there := m.waiting[id]
	return there
}

// read asks for transactions and for what they spend. Those that left meanwhile are left out, and those
// of an unknown form, of which it returns the first error.
func (m *Mempool) read(ctx context.Context, ids []chains.TxID, now map[chains.TxID]bool) (txs []chains.Tx, unknown, err error) {
	txs, unknown, err = m.node.waitingTxs(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	parents := map[chains.TxID]*chains.Tx{}
	var asked []chains.TxID
	for i := range txs {
		for _, in := range txs[i].Inputs {
			if _, waits := now[in.Prev.Tx]; waits && parents[in.Prev.Tx] == nil {
				parents[in.Prev.Tx] = &chains.Tx{}
				asked = append(asked, in.Prev.Tx)
			}
		}
	}
	made, _, err := m.node.waitingTxs(ctx, asked) // one of an unknown form is told by itself
	if err != nil {
		return nil, nil, err
	}
	for i := range made {
		parents[made[i].ID] = &made[i]
	}
	var unspent []*chains.Input
	for i := range txs {
		for j := range txs[i].Inputs {
			in := &txs[i].Inputs[j]
			if p := parents[in.Prev.Tx]; p != nil && int64(in.Prev.Index) < int64(len(p.Outputs)) {
				in.Spent, in.Known, in.Proven = p.Outputs[in.Prev.Index], true, true
			} else if p == nil {
				unspent = append(unspent, in)
			}
		}
	}
	return txs, unknown, m.node.attachUnspent(ctx, unspent)
}

// waitingTxs asks for transactions of the mempool, and leaves out those that the node does not find and
// those of an unknown form, of which it returns the first error.
func (n *Node) waitingTxs(ctx context.Context, ids []chains.TxID) (txs []chains.Tx, unknown, err error) {
	texts := make([]string, len(ids))
	calls := make([]rpc.Call, len(ids))
	for i, id := range ids {
		calls[i] = rpc.Call{Method: "getrawtransaction", Params: []any{id.String(), 0}, Result: &texts[i]}
	}
	if err := n.client.Batches(ctx, maxBatchAnswer, calls); err != nil {
		return nil, nil, err
	}
	for i, id := range ids {
		if rpc.IsCode(calls[i].Err, codeNotFound) {
			continue
		}
		if calls[i].Err != nil {
			return nil, nil, calls[i].Err
		}
		tx, err := n.checkedTx(texts[i], id)
		switch {
		case errors.Is(err, ErrBadEncoding): // as of Litecoin's extension blocks
			unknown = cmp.Or(unknown, err)
			continue
		case err != nil:
			return nil, nil, err
		}
		tx.Block.Height, tx.Evidence = NoHeight, chains.EvidenceAttested
		txs = append(txs, tx)
	}
	return txs, unknown, nil
}

// unspentOutput is what gettxout says of an output; nothing where it is not unspent.
type unspentOutput struct {
	Value  json.Number `json:"value"`
	Script struct {
		Hex string `json:"hex"`
	} `json:"scriptPubKey"`
}

// attachUnspent fills inputs from the node's set of unspent outputs, without what the mempool spends.
func (n *Node) attachUnspent(ctx context.Context, inputs []*chains.Input) error {
	found := make([]*unspentOutput, len(inputs))
	calls := make([]rpc.Call, len(inputs))
	for i, in := range inputs {
		calls[i] = rpc.Call{Method: "gettxout", Params: []any{in.Prev.Tx.String(), in.Prev.Index, false}, Result: &found[i], Null: true}
	}
	if err := n.client.Batches(ctx, maxBatchAnswer, calls); err != nil {
		return fmt.Errorf("the outputs that they spend: %w", err)
	}
	for i, out := range found {
		switch {
		case calls[i].Err != nil:
			return fmt.Errorf("the outputs that they spend: %w", calls[i].Err)
		case out == nil:
			continue
		}
		value, err := parseCoins(out.Value.String())
		if err != nil {
			return fmt.Errorf("%s: gettxout: %w: %w", n.client, err, chains.ErrBadAnswer)
		}
		script, err := hex.DecodeString(out.Script.Hex)
		if err != nil {
			return fmt.Errorf("%s: gettxout: script: %w: %w", n.client, err, chains.ErrBadAnswer)
		}
		inputs[i].Spent, inputs[i].Known = SpentOutput{Value: value, Script: script}.Output(n.net.chain), true
	}
	return nil
}

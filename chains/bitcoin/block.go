package bitcoin

import (
	"container/heap"
	"fmt"

	"clew/chains"
)

// DecodeBlock reads a whole block of chain in consensus bytes: header and transactions, nothing
// behind them but Litecoin's extension block, which stays in Raw as it is. It computes the txids and checks that the first transaction, and no other, is
// a coinbase and that the Merkle root of the header is theirs and of no shorter list
// (CVE-2012-2459). So each transaction is proven by the header, whose hash the caller
// compares with the one asked for; CheckWork checks the work in it. The height is not in the
// header: the caller states it, and Node.Block compares BIP34's in the coinbase.
//
// Inputs come back with Known false: AttachSpent fills them. Header and every Raw are parts
// of raw, and the addresses of all outputs are parts of one string: whoever keeps a few
// transactions of many blocks keeps copies (chains.Tx.Clone).
//
// An error wraps ErrBadEncoding, ErrMutated, or chains.ErrBadAnswer for a Merkle root that
// is not the header's. Safe for concurrent use.
func DecodeBlock(chain chains.Chain, raw []byte, height int64) (*chains.Block, error) {
	net, err := networkOf(chain)
	if err != nil {
		return nil, err
	}
	d := decoder{net: net, reader: reader{data: raw}, slab: blockSlab}
	header := d.header(net)
	n := d.count("transactions", leastTx)
	if d.err != nil {
		return nil, fmt.Errorf("block: %w", d.err)
	}
	h := decodeHeader(header)
	block := &chains.Block{
		Ref:    chains.BlockRef{Height: height, Hash: h.Hash, Time: h.Time},
		Prev:   h.Prev,
		Header: header,
		Raw:    raw,
		Txs:    make([]chains.Tx, n),
	}
	d.keys, d.ends = make([]byte, 0, 60*n), make([]int, 0, 3*n)
	for i := range block.Txs {
		tx := &block.Txs[i]
		*tx = d.tx()
		tx.Block, tx.Index = block.Ref, i
		switch {
		case d.err == nil && tx.Coinbase != (i == 0):
			d.fail("the first transaction and no other is a coinbase")
		case d.hogEx && (i == 0 || i < n-1):
			d.fail("a transaction of the extension block that is not the last")
		}
		if d.err != nil {
			return nil, fmt.Errorf("block %s, transaction %d: %w", h.Hash, i, d.err)
		}
	}
	if d.hogEx {
		d.skipExtension()
	}
	if err := d.end(); err != nil {
		return nil, fmt.Errorf("block %s: %w", h.Hash, err)
	}
	d.finish(block.Txs)
	if err := checkRoot(h, block.Txs); err != nil {
		return nil, err
	}
	if net.anyOrder {
		sortByEffect(block)
	}
	return block, nil
}

// sortByEffect brings the transactions of a block into the order in which they take effect:
// each one behind those whose outputs it spends, and otherwise that of the block: of what
// could come next, the one that stands first in it. Bitcoin Cash sorts the transactions of a
// block by txid since November 2018.
func sortByEffect(block *chains.Block) {
	at := make(map[chains.TxID]int, len(block.Txs))
	for i := range block.Txs {
		at[block.Txs[i].ID] = i
	}
	if !childFirst(block.Txs, at) {
		return
	}
	txs, places := make([]chains.Tx, len(block.Txs)), inOrder(block.Txs, at)
	for i, from := range places {
		txs[i] = block.Txs[from]
		txs[i].Index = i
	}
	block.Txs, block.Places = txs, places
}

// inOrder returns the places of txs with each behind those whose outputs it spends; of those
// that could come next, always the lowest.
func inOrder(txs []chains.Tx, at map[chains.TxID]int) []int {
	waits, children := make([]int, len(txs)), make([][]int, len(txs))
	ready := lowest{}
	for i := range txs {
		for j := range txs[i].Inputs {
			if parent, here := at[txs[i].Inputs[j].Prev.Tx]; here {
				waits[i]++
				children[parent] = append(children[parent], i)
			}
		}
		if waits[i] == 0 {
			ready = append(ready, i) // ascending, which is a heap
		}
	}
	places := make([]int, 0, len(txs))
	for len(ready) > 0 {
		i, _ := heap.Pop(&ready).(int)
		places = append(places, i)
		for _, child := range children[i] {
			if waits[child]--; waits[child] == 0 {
				heap.Push(&ready, child)
			}
		}
	}
	return places
}

// lowest is a heap that gives the lowest place first.
type lowest []int

func (l lowest) Len() int           { return len(l) }
func (l lowest) Less(i, j int) bool { return l[i] < l[j] }
func (l lowest) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }

// Push is for package heap alone.
func (l *lowest) Push(x any) { i, _ := x.(int); *l = append(*l, i) }

// Pop is for package heap alone.
func (l *lowest) Pop() any {
	last := len(*l) - 1
	x := (*l)[last]
	*l = (*l)[:last]
	return x
}

// childFirst reports whether a transaction stands before one whose output it spends.
func childFirst(txs []chains.Tx, at map[chains.TxID]int) bool {
	for i := range txs {
		for j := range txs[i].Inputs {
			if parent, here := at[txs[i].Inputs[j].Prev.Tx]; here && parent > i {
				return true
			}
		}
	}
	return false
}

func checkRoot(h Header, txs []chains.Tx) error {
	ids := make([]chains.TxID, len(txs))
	for i := range txs {
		ids[i] = txs[i].ID
	}
	root, err := MerkleRoot(ids)
	if err != nil {
		return fmt.Errorf("block %s: %w", h.Hash, err)
	}
	if root != h.MerkleRoot {
		return fmt.Errorf("block %s: the transactions have Merkle root %s, the header says %s: %w",
			h.Hash, root, h.MerkleRoot, chains.ErrBadAnswer)
	}
	return nil
}

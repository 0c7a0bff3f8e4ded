package store

import (
	"fmt"

	"clew/chains"
	"clew/heuristics"
)

// A segment is a run of blocks that follow each other, packed for writing.
type segment struct {
	from   int64 // height of the first block
	blocks []blockRow
	txs    []txRow
	refs   []posting
	addrs  []posting
	joins  []txRow       // packed, of transactions that join addresses: see join.go
	unread map[int64]int // by height: transactions with an input whose spent output is not known
	bodies arena
	// waiting are transactions with inputs whose spent output neither the node told nor this
	// segment has: they are packed when the store can be asked. By index in txs.
	waiting map[int]*chains.Tx
	byTxID  map[chains.TxID]int // index in txs, the last where a txid comes twice
	made    madeOutputs
	// unresolved is set when an input was written without its spent output.
	unresolved bool

	found  []heuristics.Join // scratch
	packed []byte            // scratch
}

type blockRow struct {
	ref    chains.BlockRef
	prev   chains.BlockHash
	header []byte
	txs    int
}

type txRow struct {
	pos  place
	body []byte
}

func newSegment(from int64) *segment {
	return &segment{from: from, unread: map[int64]int{}, waiting: map[int]*chains.Tx{}, byTxID: map[chains.TxID]int{}, made: madeOutputs{}}
}

// to returns the height of the last block; from−1 without blocks.
func (g *segment) to() int64 { return g.from + int64(len(g.blocks)) - 1 }

// add packs b, whose height is g.to()+1.
func (g *segment) add(h hasher, chainNo int64, b *chains.Block, scratch []byte) ([]byte, error) {
	pos := blockPlace(chainNo, b.Ref.Height)
	var ordinal int64
	for i := range b.Txs {
		if ordinal += ordinals(len(b.Txs[i].Outputs)); ordinal > maxOrdinal {
			return scratch, fmt.Errorf("more than %d outputs: %w", maxOrdinal, chains.ErrUnsupported)
		}
	}
	for i := range b.Txs {
		scratch = g.addTx(h, pos, &b.Txs[i], scratch)
		pos += ordinals(len(b.Txs[i].Outputs))
	}
	g.blocks = append(g.blocks, blockRow{
		ref: b.Ref, prev: b.Prev, header: append([]byte(nil), b.Header...), txs: len(b.Txs),
	})
	return scratch, nil
}

func (g *segment) addTx(h hasher, pos place, t *chains.Tx, scratch []byte) []byte {
	row := txRow{pos: pos}
	complete := true
	for i := range t.Inputs {
		complete = complete && t.Inputs[i].Known
	}
	if !complete {
		t, complete = g.fill(t)
	}
	if complete {
		scratch = appendBody(scratch[:0], t)
		row.body = g.bodies.keep(scratch)
		g.post(h, pos, t)
	} else {
		g.waiting[len(g.txs)] = t
	}
	g.byTxID[t.ID] = len(g.txs)
	g.txs = append(g.txs, row)
	return scratch
}

// fill returns a copy of t in which the inputs that spend outputs of this segment are
// known, and whether every input is.
func (g *segment) fill(t *chains.Tx) (*chains.Tx, bool) {
	filled := *t
	filled.Inputs = append([]chains.Input(nil), t.Inputs...)
	complete := true
	for i := range filled.Inputs {
		in := &filled.Inputs[i]
		if in.Known {
			continue
		}
		if out, ok := g.output(in.Prev); ok {
			in.Spent, in.Known = out, true
			continue
		}
		complete = false
	}
	return &filled, complete
}

// output returns an output of a transaction of the segment.
func (g *segment) output(o chains.OutPoint) (chains.Output, bool) {
	i, ok := g.byTxID[o.Tx]
	if !ok {
		return chains.Output{}, false
	}
	if t := g.waiting[i]; t != nil {
		if int64(o.Index) < int64(len(t.Outputs)) {
			return t.Outputs[o.Index], true
		}
		return chains.Output{}, false
	}
	if _, ok := g.made[o.Tx]; !ok {
		if g.made.keep(o.Tx, g.txs[i].body) != nil {
			return chains.Output{}, false // Check would name it; the body was packed here
		}
	}
	out, err := g.made.output(o)
	return out, err == nil
}

// post adds the postings of t, which stands at pos, and what it joins.
func (g *segment) post(h hasher, pos place, t *chains.Tx) {
	g.join(h, pos, t)
	g.refs, g.addrs = appendPostings(h, pos, t, g.refs, g.addrs)
}

// appendPostings appends the postings of txids and of addresses that t at pos must have. An
// address that t both pays and spends from may come twice, for mergeRoles to join.
func appendPostings(h hasher, pos place, t *chains.Tx, refs, addrs []posting) (r, a []posting) {
	refs = append(refs, posting{h.txid(&t.ID), pos, tagSelf})
	if t.Exec != nil {
		return refs, appendExecPostings(h, pos, t.Exec, addrs)
	}
	for i := range t.Inputs {
		in := &t.Inputs[i]
		refs = append(refs, posting{h.txid(&in.Prev.Tx), pos, tagSpend(in.Prev.Index)})
		if in.Known && in.Spent.Address != "" {
			addrs = append(addrs, posting{h.address(in.Spent.Address), pos, tagSpends})
		}
	}
	for i := range t.Outputs {
		if addr := t.Outputs[i].Address; addr != "" {
			addrs = append(addrs, posting{h.address(addr), pos, tagPays})
		}
	}
	return refs, addrs
}

// appendExecPostings appends those of the accounts that e touches and of the keys that its events
// name, each once.
func appendExecPostings(h hasher, pos place, e *chains.Execution, addrs []posting) []posting {
	first := len(addrs)
	add := func(key int64, tag uint32) {
		for i := max(first, len(addrs)-namesScanned); i < len(addrs); i++ {
			if addrs[i].key == key {
				addrs[i].tag |= tag
				return
			}
		}
		addrs = append(addrs, posting{key, pos, tag})
	}
	account := func(a chains.Address, tag uint32) {
		if a != "" {
			add(h.address(a), tag)
		}
	}
	account(e.Sender, tagSpends)
	for i := range e.Moves {
		account(e.Moves[i].From, tagSpends)
		account(e.Moves[i].To, tagPays)
	}
	for i := range e.Events {
		if v := &e.Events[i]; v.Key != "" {
			add(h.event(v.Protocol, v.Key), tagSays)
		}
	}
	return addrs
}

// arena keeps many small byte strings in few large ones.
type arena struct{ chunk []byte }

const arenaChunk = 1 << 20

// keep returns a copy of b.
func (a *arena) keep(b []byte) []byte {
	if len(b) > cap(a.chunk)-len(a.chunk) {
		a.chunk = make([]byte, 0, max(arenaChunk, len(b)))
	}
	n := len(a.chunk)
	a.chunk = append(a.chunk, b...)
	return a.chunk[n:len(a.chunk):len(a.chunk)]
}

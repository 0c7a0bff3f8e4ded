package ingest

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"

	"clew/chains"
)

// toldTxs is the number of transactions of a generation of told: two of them cover some
// twenty to forty full blocks of Bitcoin, in which about half of all outputs are spent again,
// and take about 15 MiB.
const toldTxs = 1 << 16

// told compares what a node tells of the outputs that are spent with the transactions that
// made them, as far as it has seen these lately. The values of spent outputs are not part of
// a block: nothing else in it would show that a node shifts them.
//
// It remembers the transactions of the blocks added last, in two generations: when the newer
// is full the older is forgotten. What a txid made never changes, so that a reorganisation
// is no reason to forget. It is used by one goroutine.
type told struct {
	seed maphash.Seed
	gens [2]*toldGeneration // the newer first
}

type toldGeneration struct {
	at   map[uint64]int // index in txs, by the first bytes of the txid; of two alike, the later
	txs  []toldTx
	outs []toldOutput
}

type toldTx struct {
	id          chains.TxID
	first, last int // its outputs are outs[first:last]
}

type toldOutput struct {
	value   uint64
	address uint64 // a keyed hash of address and type
}

func newTold() *told {
	t := &told{seed: maphash.MakeSeed()}
	for i := range t.gens {
		t.gens[i] = &toldGeneration{at: map[uint64]int{}}
	}
	return t
}

// check remembers the transactions of b and compares every input whose output is told with
// those that it remembers. The error is chains.ErrBadAnswer.
func (t *told) check(b *chains.Block) error {
	if len(t.gens[0].txs) >= toldTxs {
		t.gens[0], t.gens[1] = t.gens[1], t.gens[0]
		t.gens[0].forget()
	}
	for i := range b.Txs {
		t.remember(&b.Txs[i])
	}
	for i := range b.Txs {
		for n := range b.Txs[i].Inputs {
			in := &b.Txs[i].Inputs[n]
			if !in.Known || in.Proven {
				continue
			}
			if err := t.compare(in); err != nil {
				return fmt.Errorf("block %d (%s): input %d of transaction %s: %w", b.Ref.Height, b.Ref.Hash, n, b.Txs[i].ID, err)
			}
		}
	}
	return nil
}

func (t *told) compare(in *chains.Input) error {
	key := binary.LittleEndian.Uint64(in.Prev.Tx[:])
	for _, g := range t.gens {
		i, ok := g.at[key]
		if !ok || g.txs[i].id != in.Prev.Tx {
			continue
		}
		outs := g.outs[g.txs[i].first:g.txs[i].last]
		if int64(in.Prev.Index) >= int64(len(outs)) {
			return fmt.Errorf("the node tells of output %s, but that transaction makes %d: %w", in.Prev, len(outs), chains.ErrBadAnswer)
		}
		made := outs[in.Prev.Index]
		if made.value != in.Spent.Value {
			return fmt.Errorf("the node tells that it spends %d units of %s, which were made as %d: %w", in.Spent.Value, in.Prev, made.value, chains.ErrBadAnswer)
		}
		if made.address != t.hash(&in.Spent) {
			return fmt.Errorf("the node tells another script of the %d units of %s than the one that holds them: %w", made.value, in.Prev, chains.ErrBadAnswer)
		}
		return nil
	}
	return nil
}

func (t *told) remember(tx *chains.Tx) {
	g := t.gens[0]
	g.at[binary.LittleEndian.Uint64(tx.ID[:])] = len(g.txs)
	first := len(g.outs)
	for i := range tx.Outputs {
		g.outs = append(g.outs, toldOutput{tx.Outputs[i].Value, t.hash(&tx.Outputs[i])})
	}
	g.txs = append(g.txs, toldTx{tx.ID, first, len(g.outs)})
}

func (t *told) hash(o *chains.Output) uint64 {
	return maphash.String(t.seed, string(o.Address)) + uint64(o.Type)
}

func (g *toldGeneration) forget() {
	clear(g.at)
	g.txs, g.outs = g.txs[:0], g.outs[:0]
}

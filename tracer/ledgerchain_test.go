package tracer_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

const chain = chains.Chain("bitcoin-regtest")

// plain writes an address key as itself, so that tests can name addresses A, B, C.
type plain struct{}

func (plain) ParseAddress(_ chains.Chain, text string) (chains.Address, error) {
	if text == "" || strings.ContainsAny(text, ":@") {
		return "", fmt.Errorf("address %q: want letters", text)
	}
	return chains.Address(strings.ReplaceAll(text, "coordinator", coordinator)), nil
}
func (plain) FormatAddress(_ chains.Chain, a chains.Address) string {
	return strings.ReplaceAll(string(a), coordinator, "coordinator") // whose key is no text
}

func (plain) BridgeProtocols() []string { return []string{"nomad"} }

// book is a chain in memory: a whole Source, one block for each transaction unless
// sameBlock is set. It knows everything from its first block.
type book struct {
	txs       []*chains.Tx
	sameBlock bool
	outputs   map[chains.OutPoint]chains.Output
	spender   map[chains.OutPoint]int
	byAddress map[chains.Address][]int
	byID      map[chains.TxID]int

	mixes     map[int]bool   // transactions of the form of a mix
	opt       tracer.Options // of the runs
	wanted    map[int]bool
	addresses map[chains.Address]bool
	at        int
}

func newBook() *book {
	return &book{
		outputs: map[chains.OutPoint]chains.Output{}, spender: map[chains.OutPoint]int{},
		byAddress: map[chains.Address][]int{}, byID: map[chains.TxID]int{}, mixes: map[int]bool{},
	}
}

type pay struct {
	to    string
	units uint64
}

// mine adds a coinbase that pays units to an address and returns its output.
func (b *book) mine(to string, units uint64) chains.OutPoint {
	tx := b.add(nil, pay{to, units})
	b.txs[len(b.txs)-1].Coinbase = true
	return chains.OutPoint{Tx: tx, Index: 0}
}

// spend adds a transaction; what its outputs leave is its fee.
func (b *book) spend(from []chains.OutPoint, to ...pay) []chains.OutPoint {
	id := b.add(from, to...)
	outs := make([]chains.OutPoint, len(to))
	for i := range to {
		outs[i] = chains.OutPoint{Tx: id, Index: uint32(i)}
	}
	return outs
}

func (b *book) add(from []chains.OutPoint, to ...pay) chains.TxID {
	n := len(b.txs)
	var key [8]byte
	binary.BigEndian.PutUint64(key[:], uint64(n))
	tx := &chains.Tx{ID: sha256.Sum256(key[:]), Evidence: chains.EvidenceProven}
	tx.Block = chains.BlockRef{Height: int64(n), Time: 1_600_000_000 + int64(n)*600}
	if b.sameBlock {
		tx.Block.Height, tx.Index = 0, n
	}
	for _, o := range from {
		spent, known := b.outputs[o]
		tx.Inputs = append(tx.Inputs, chains.Input{Prev: o, Spent: spent, Known: known})
		b.spender[o] = n
		b.touch(spent.Address, n)
	}
	for i, p := range to {
		o := chains.Output{Value: p.units, Address: chains.Address(p.to), Type: chains.ScriptP2WPKH}
		if p.to == "data" {
			o.Type = chains.ScriptNullData
		}
		tx.Outputs = append(tx.Outputs, o)
		b.outputs[chains.OutPoint{Tx: tx.ID, Index: uint32(i)}] = o
		b.touch(o.Address, n)
	}
	b.txs = append(b.txs, tx)
	b.byID[tx.ID] = n
	return tx.ID
}

func (b *book) touch(a chains.Address, n int) {
	if l := b.byAddress[a]; len(l) == 0 || l[len(l)-1] != n {
		b.byAddress[a] = append(l, n)
	}
}

func (b *book) rewind() *book {
	b.wanted, b.addresses, b.at = map[int]bool{}, map[chains.Address]bool{}, -1
	return b
}

func (b *book) WatchTx(_ context.Context, id chains.TxID) error {
	n, ok := b.byID[id]
	if !ok {
		return chains.ErrNotFound
	}
	b.wanted[n] = true
	return nil
}

func (b *book) WatchOut(_ context.Context, o chains.OutPoint) error {
	if n, ok := b.spender[o]; ok {
		b.wanted[n] = true
	}
	return nil
}

func (b *book) WatchAddress(_ context.Context, a chains.Address) error {
	for _, n := range b.byAddress[a] {
		b.wanted[n] = true
	}
	return nil
}

func (b *book) Next(context.Context) (*chains.Tx, error) {
	for b.at++; b.at < len(b.txs); b.at++ {
		if b.wanted[b.at] {
			return b.txs[b.at], nil
		}
	}
	return nil, io.EOF
}

func (b *book) From() chains.BlockRef { return b.txs[0].Block }

func (b *book) AsOf() chains.BlockRef { return b.txs[len(b.txs)-1].Block }

func (b *book) BalanceBefore(_ context.Context, a chains.Address) (chains.Amount, error) {
	var sum uint64
	for _, tx := range b.txs[:b.at] {
		for _, in := range tx.Inputs {
			if in.Spent.Address == a {
				sum -= in.Spent.Value
			}
		}
		for _, o := range tx.Outputs {
			if o.Address == a {
				sum += o.Value
			}
		}
	}
	return chains.Units(sum), nil
}

// run traces the incident given as YAML without its first lines.
func (b *book) run(t *testing.T, yaml string) *tracer.Trace {
	t.Helper()
	trace, err := b.try(yaml)
	require.NoError(t, err)
	balances(t, trace)
	return trace
}

func (b *book) try(yaml string) (*tracer.Trace, error) {
	inc, err := tracer.ParseIncident("incident.yaml", []byte("clew: incident/1\nid: test\nrule: fifo\n"+yaml), plain{})
	if err != nil {
		return nil, err
	}
	return tracer.Run(context.Background(), inc, chain, b.rewind(), plain{}, b.opt)
}

// reporter is what a plain test and a random one have in common.
type reporter interface {
	require.TestingT
	Helper()
}

// balances checks the sums of a trace from outside, over the whole of it.
func balances(t reporter, trace *tracer.Trace) {
	t.Helper()
	for _, r := range tracer.Rules() {
		rows, ok := trace.Conservation.Get(r)
		if !ok || !r.Conserves() {
			continue
		}
		for _, row := range rows {
			require.Equal(t, "0", row.Difference, "conservation under %s", r)
		}
		var ended, seeded chains.Amount
		for _, e := range trace.Endpoints {
			v, _ := e.Traced.Get(r)
			ended = ended.Plus(v)
		}
		for _, s := range trace.Seeds {
			seeded = seeded.Plus(s.Units)
		}
		require.Equal(t, seeded, ended, "seeds and endpoints under %s", r)
	}
}

// traced returns what a rule traces into each output index or "fee" of a transaction.
func traced(trace *tracer.Trace, tx chains.TxID, r tracer.Rule) map[string]string {
	out := map[string]string{}
	for _, h := range trace.Hops {
		if h.Legs[0].TxID == tx {
			v, ok := h.Traced.Get(r)
			out[h.Legs[0].Positions[0].Value] = v.String()
			if !ok {
				out[h.Legs[0].Positions[0].Value] = "null"
			}
		}
	}
	return out
}

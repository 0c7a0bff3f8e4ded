package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"clew/chains"
	"clew/store"
)

// Of the point reads.
const (
	pointBlocks = 300 // blocks that are sampled, over the whole chain
	pointTxs    = 50  // transactions of each
	fewEntries  = 4   // transactions of an address that count as few
	firstPage   = 25  // transactions of a page
)

// questions are what is asked of the store: all have an answer.
type questions struct {
	txs       []chains.TxID
	spent     []chains.OutPoint
	addresses []chains.Address // with few entries
}

// points reads single facts from the synced store, one after another, each asked for once.
// The store is warm: its file was written a moment ago, and a round with other questions
// went before.
func (o *options) points(ctx context.Context) (res result, err error) {
	st, err := store.Open(ctx, o.syncedStore(), store.Options{})
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	for round := range uint64(2) {
		q, err := o.ask(ctx, st, rand.New(rand.NewPCG(chainSeed, round)))
		if err != nil {
			return res, err
		}
		start := time.Now()
		if res.Points, err = answers(ctx, st, q); err != nil {
			return res, err
		}
		res.Took, res.Txs = time.Since(start), int64(len(q.txs)+len(q.spent)+len(q.addresses))
	}
	return res, nil
}

// ask draws questions from the chain.
func (o *options) ask(ctx context.Context, st *store.Store, rng *rand.Rand) (q questions, err error) {
	records, f, err := o.open()
	if err != nil {
		return q, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for range pointBlocks {
		h := firstBlock + rng.IntN(len(records)-firstBlock)
		b, err := records[h].Decode(int64(h))
		if err != nil {
			return q, err
		}
		for range pointTxs {
			t := &b.Txs[1+rng.IntN(len(b.Txs)-1)]
			q.txs = append(q.txs, t.ID)
			q.spent = append(q.spent, t.Inputs[rng.IntN(len(t.Inputs))].Prev)
			a := t.Outputs[rng.IntN(len(t.Outputs))].Address
			found, err := st.AddressTxs(ctx, chain, a, store.Start, fewEntries+1)
			if err != nil {
				return q, err
			}
			if len(found) <= fewEntries {
				q.addresses = append(q.addresses, a)
			}
		}
	}
	for _, shuffle := range []func(){
		func() { rng.Shuffle(len(q.txs), func(i, j int) { q.txs[i], q.txs[j] = q.txs[j], q.txs[i] }) },
		func() { rng.Shuffle(len(q.spent), func(i, j int) { q.spent[i], q.spent[j] = q.spent[j], q.spent[i] }) },
		func() {
			rng.Shuffle(len(q.addresses), func(i, j int) { q.addresses[i], q.addresses[j] = q.addresses[j], q.addresses[i] })
		},
	} {
		shuffle()
	}
	return q, nil
}

// answers measures each read.
func answers(ctx context.Context, st *store.Store, q questions) (map[string]point, error) {
	points := map[string]point{}
	for _, c := range []struct {
		name string
		n    int
		read func(i int) error
	}{
		{"tx", len(q.txs), func(i int) error {
			_, err := st.Tx(ctx, chain, q.txs[i])
			return err
		}},
		{"spender", len(q.spent), func(i int) error {
			_, _, err := st.Spender(ctx, chain, q.spent[i])
			return err
		}},
		{"address", len(q.addresses), func(i int) error {
			_, err := st.AddressTxs(ctx, chain, q.addresses[i], store.Start, firstPage)
			return err
		}},
	} {
		took := make([]time.Duration, c.n)
		for i := range took {
			start := time.Now()
			if err := c.read(i); err != nil {
				return nil, err
			}
			took[i] = time.Since(start)
		}
		slices.Sort(took)
		points[c.name] = point{Reads: int64(c.n), P50: took[c.n/2], P99: took[c.n*99/100], Max: took[c.n-1]}
	}
	return points, nil
}

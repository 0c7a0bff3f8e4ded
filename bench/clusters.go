package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"clew/heuristics"
	"clew/store"
)

// unionNumbers is among how many numbers, and how often, union joins.
const unionNumbers = 10_000_000

// union joins ten million pairs that lie anywhere among ten million numbers: every read misses the
// caches of the processor, which those of a chain do less.
func (o *options) union(context.Context) (res result, err error) {
	rng := rand.New(rand.NewPCG(chainSeed, 1))
	pairs := make([][2]uint32, unionNumbers)
	for i := range pairs {
		pairs[i] = [2]uint32{rng.Uint32N(unionNumbers), rng.Uint32N(unionNumbers)}
	}
	start := time.Now()
	var p heuristics.Partition
	p.Grow(unionNumbers)
	for _, x := range pairs {
		p.Join(x[0], x[1])
	}
	res.Took, res.Txs = time.Since(start), unionNumbers
	return res, nil
}

// clusters makes the clusters of the synced store. Txs is the number of joins, Live that of addresses.
func (o *options) clusters(ctx context.Context) (res result, err error) {
	st, err := store.Open(ctx, o.syncedStore(), store.Options{ReadOnly: true})
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	start := time.Now()
	u, err := st.Clusters(ctx, chain, store.Latest)
	if err != nil {
		return res, err
	}
	res.Took = time.Since(start)
	res.Txs, res.Live = int64(u.Joins), int64(u.Addresses())
	return res, u.Close()
}

// saveClusters saves them, so that those who ask later begin with what was saved.
func (o *options) saveClusters(ctx context.Context) (res result, err error) {
	st, err := store.Open(ctx, o.syncedStore(), store.Options{})
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	start := time.Now()
	err = st.SaveClusters(ctx, chain)
	res.Took = time.Since(start)
	return res, err
}

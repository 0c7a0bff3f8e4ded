package main

import (
	"context"
	"errors"
	"sync"

	"clew/chains"
	"clew/labels"
	"clew/screen"
	"clew/store"
)

// deskClusters answers which labelled addresses are of one owner with an address, on the chains of
// outputs of a store, as of one block of each. Those of a chain are made when somebody asks for them
// first. It is safe for concurrent use.
type deskClusters struct {
	st  *store.Store
	set *labels.Set
	of  map[chains.Chain]*chainClusters // not changed once it is made
}

// chainClusters are the clusters of one chain.
type chainClusters struct {
	head chains.BlockRef

	mu   sync.Mutex // guards what follows
	made *screen.ClusterIndex
	err  error
}

// newDeskClusters returns what answers as of heads; chains whose head stayed are taken over from before.
func newDeskClusters(st *store.Store, set *labels.Set, heads []screen.Head, before *deskClusters) *deskClusters {
	k := &deskClusters{st: st, set: set, of: map[chains.Chain]*chainClusters{}}
	for i := range heads {
		h := &heads[i]
		if h.Chain.Info().Family != chains.FamilyBitcoin {
			continue
		}
		k.of[h.Chain] = &chainClusters{head: h.Block}
		if before != nil && before.set == set && before.of[h.Chain] != nil && before.of[h.Chain].head.Hash == h.Block.Hash {
			k.of[h.Chain] = before.of[h.Chain]
		}
	}
	return k
}

// ClusterOf implements screen.Clusters.
func (k *deskClusters) ClusterOf(ctx context.Context, chain chains.Chain, a chains.Address) (screen.Cluster, bool, error) {
	c := k.of[chain]
	if c == nil {
		return screen.Cluster{}, false, nil
	}
	index, err := c.index(ctx, k, chain)
	if err != nil {
		return screen.Cluster{}, false, err
	}
	return index.ClusterOf(ctx, chain, a)
}

// AsOf returns the block as of which the clusters of a chain are; verdicts pin it.
func (k *deskClusters) AsOf(chain chains.Chain) (chains.BlockRef, bool) {
	c := k.of[chain]
	if c == nil {
		return chains.BlockRef{}, false
	}
	return c.head, true
}

// index makes the clusters, once.
func (c *chainClusters) index(ctx context.Context, k *deskClusters, chain chains.Chain) (*screen.ClusterIndex, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made != nil || c.err != nil {
		return c.made, c.err
	}
	made, err := withClusters(ctx, screen.NewClusterIndex(), k.st, k.set, chain, c.head.Height)
	if ctx.Err() != nil { // this question ended, not the clusters
		return nil, err
	}
	if errors.Is(err, store.ErrNoJoins) {
		err = withHint(err, "clew db migrate --db %s makes them", k.st.Path())
	}
	if c.err = err; err == nil {
		c.made = made
	}
	return c.made, c.err
}

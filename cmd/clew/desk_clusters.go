package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"clew/chains"
	"clew/labels"
	"clew/screen"
	"clew/store"
)

// deskClusters answers which labelled addresses are of one owner with an address, on the chains of
// outputs of a store, as of one block of each. The clusters of a chain are made when somebody asks for
// them first. It is safe for concurrent use.
type deskClusters struct {
	st  *store.Store
	set *labels.Set
	of  map[chains.Chain]*chainClusters // not changed once it is made
}

// chainClusters are the clusters of one chain.
type chainClusters struct {
	head chains.BlockRef

	mu       sync.Mutex // guards what follows
	made     *store.Clusters
	labelled map[uint32][]chains.Address // by the number of the cluster, ascending
	err      error
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
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made == nil && c.err == nil {
		c.err = c.make(ctx, k, chain)
		if ctx.Err() != nil { // this question ended, not the clusters
			err := c.err
			c.err = nil
			return screen.Cluster{}, false, err
		}
	}
	if c.err != nil {
		return screen.Cluster{}, false, c.err
	}
	number, ok := c.made.Number(a)
	if !ok {
		return screen.Cluster{}, false, nil
	}
	all := c.labelled[number]
	shown := all[:min(len(all), screen.MostLabelled)]
	return screen.Cluster{Size: c.made.Size(a), Labelled: shown, More: len(all) - len(shown)}, true, nil
}

// make reads the clusters, and finds those with labelled addresses. The snapshot of the store is let go
// again: what is asked of them afterwards is in memory.
func (c *chainClusters) make(ctx context.Context, k *deskClusters, chain chains.Chain) error {
	made, err := k.st.Clusters(ctx, chain, c.head.Height)
	if errors.Is(err, store.ErrNoJoins) {
		return withHint(err, "clew db migrate --db %s makes them", k.st.Path())
	}
	if err != nil {
		return err
	}
	labelled := map[uint32][]chains.Address{}
	for _, edition := range k.set.Editions() {
		_, err := k.set.Labels(edition.Pack, func(l *labels.Label) error {
			if l.Chain != chain {
				return nil
			}
			if number, ok := made.Number(l.Address); ok {
				labelled[number] = append(labelled[number], l.Address)
			}
			return nil
		})
		if err != nil {
			return errors.Join(fmt.Errorf("labelled addresses of clusters: %w", err), made.Close())
		}
	}
	for number := range labelled {
		slices.Sort(labelled[number])
		labelled[number] = slices.Compact(labelled[number])
	}
	c.made, c.labelled = made, labelled
	return made.Close()
}

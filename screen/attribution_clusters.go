package screen

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"clew/chains"
	"clew/labels"
)

// Partition parts the addresses of a chain by who is taken to own them. One goroutine at a time asks
// it. store.Clusters is one, also after it was closed.
type Partition interface {
	// Number returns what the addresses of a's cluster share and no other has; false where nothing
	// joins a.
	Number(a chains.Address) (uint32, bool)
	// Size returns how many they are.
	Size(a chains.Address) int
}

// ClusterIndex answers Clusters out of partitions, one for each chain. It is immutable and safe for
// concurrent use; With returns another one. Beside the partitions it takes some 100 bytes for each
// labelled address that is joined with others.
type ClusterIndex struct {
	chains map[chains.Chain]*clusteredChain
}

type clusteredChain struct {
	asOf     chains.BlockRef
	labelled map[uint32]Cluster // those with labels, by number
	mu       sync.Mutex         // of sets
	sets     Partition
}

// NewClusterIndex returns an index that knows no cluster.
func NewClusterIndex() *ClusterIndex {
	return &ClusterIndex{chains: map[chains.Chain]*clusteredChain{}}
}

// With returns an index that knows the clusters of one chain more, or others of it, as of a block. All
// are the labels of any chain; those whose source means the address alone are left out. Of a cluster
// the addresses are named whose labels are the gravest there, as an attribution ranks them.
func (x *ClusterIndex) With(chain chains.Chain, asOf chains.BlockRef, sets Partition, all iter.Seq[*labels.Label]) *ClusterIndex {
	c := &clusteredChain{asOf: asOf, sets: sets, labelled: map[uint32]Cluster{}}
	rank := map[chains.Address]int{}
	for l := range all {
		if l.Chain != chain || l.ClusterDefiner == "false" {
			continue
		}
		r := inCluster(CategoryOf(l))
		if before, ok := rank[l.Address]; !ok || r < before {
			rank[l.Address] = r
		}
	}
	for a := range rank {
		if n, ok := sets.Number(a); ok {
			of := c.labelled[n]
			of.Labelled = append(of.Labelled, a)
			c.labelled[n] = of
		}
	}
	for n, of := range c.labelled {
		slices.SortFunc(of.Labelled, func(a, b chains.Address) int {
			return cmp.Or(cmp.Compare(rank[a], rank[b]), strings.Compare(string(a), string(b)))
		})
		of.Size = sets.Size(of.Labelled[0])
		if of.More = max(0, len(of.Labelled)-MostLabelled); of.More > 0 {
			of.Labelled = slices.Clone(of.Labelled[:MostLabelled])
		}
		c.labelled[n] = of
	}
	y := &ClusterIndex{chains: maps.Clone(x.chains)}
	y.chains[chain] = c
	return y
}

// ClusterOf implements Clusters. The error is nil.
func (x *ClusterIndex) ClusterOf(_ context.Context, chain chains.Chain, a chains.Address) (Cluster, bool, error) {
	c := x.chains[chain]
	if c == nil {
		return Cluster{}, false, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	n, ok := c.sets.Number(a)
	if !ok {
		return Cluster{}, false, nil
	}
	if of, ok := c.labelled[n]; ok {
		return of, true, nil
	}
	return Cluster{Size: c.sets.Size(a)}, true, nil
}

// AsOf returns the block as of which the clusters of a chain were made; false where there are none.
func (x *ClusterIndex) AsOf(chain chains.Chain) (chains.BlockRef, bool) {
	if c := x.chains[chain]; c != nil {
		return c.asOf, true
	}
	return chains.BlockRef{}, false
}

package main

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"clew/chains"
	"clew/labels"
	"clew/screen"
	"clew/store"
)

// withClusters returns an index that knows the clusters of a chain as of a height, or store.Latest,
// with those of their addresses that set labels. Making them takes what store.Store.Clusters does,
// and about 35 bytes for each address that is joined with another stay in memory.
//
// On a chain without clusters, and where the store has no joins yet (store.ErrNoJoins), x comes back as
// it is; the latter with the error, which says what makes them.
func withClusters(ctx context.Context, x *screen.ClusterIndex, st *store.Store, set *labels.Set, chain chains.Chain, asOf int64) (*screen.ClusterIndex, error) {
	u, err := st.Clusters(ctx, chain, asOf)
	if errors.Is(err, chains.ErrUnsupported) {
		return x, nil
	}
	if err != nil {
		return x, fmt.Errorf("clusters for screening: %w", err)
	}
	return x.With(chain, u.AsOf(), u, allLabels(set)), u.Close()
}

// allLabels goes over every label of every edition of a set.
func allLabels(set *labels.Set) iter.Seq[*labels.Label] {
	errDone := errors.New("no more is wanted")
	return func(yield func(*labels.Label) bool) {
		for _, e := range set.Editions() {
			_, err := set.Labels(e.Pack, func(l *labels.Label) error {
				if !yield(l) {
					return errDone
				}
				return nil
			})
			if err != nil {
				return
			}
		}
	}
}

package store

import (
	"context"
	"fmt"
	"slices"

	"clew/chains"
)

// ClusterOf is of tracer.Clusters: the cluster is numbered by its address that was joined first in
// the range of the Source up to AsOf. Errors: chains.ErrIncomplete where the joins of some blocks
// were not made (Store.MakeJoins); chains.ErrUnsupported for a chain of accounts.
func (q *Source) ClusterOf(ctx context.Context, a chains.Address) (cluster uint64, size int, err error) {
	size = 1
	err = q.clustered(ctx, func(u *Clusters) error {
		if id, ok := u.id(a); ok {
			cluster, size = uint64(u.sets.Root(id))+1, u.size(id)
		}
		return nil
	})
	return cluster, size, err
}

// Cluster is of tracer.Clusters: the addresses ascend. Each takes a read of its transaction.
func (q *Source) Cluster(ctx context.Context, a chains.Address) (as []chains.Address, err error) {
	err = q.clustered(ctx, func(u *Clusters) (err error) {
		id, ok := u.id(a)
		if !ok {
			as = []chains.Address{a}
			return nil
		}
		as, err = u.addresses(ctx, u.of(id))
		return err
	})
	slices.Sort(as)
	return as, err
}

// clustered runs f with the clusters of the range, which are made when they are first asked for.
func (q *Source) clustered(ctx context.Context, f func(*Clusters) error) error {
	if err := q.obey(ctx); err != nil {
		return err
	}
	err := q.ahead.with(func(r *reader) (err error) {
		if q.clusters == nil {
			if q.clusters, err = buildClusters(ctx, r, blockPlace(r.no, q.span.From), q.end); err != nil {
				return err
			}
		}
		return f(q.clusters)
	})
	if err != nil {
		return fmt.Errorf("%s cluster of an address: %w", q.chain, mapErr(ctx, err))
	}
	return nil
}

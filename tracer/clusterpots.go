package tracer

import (
	"context"
	"fmt"
	"slices"

	"clew/chains"
)

// clusterPots says which addresses are one pot where the incident's accounts are clusters. Its pots
// are frozen: they are the clusters as of the last block, also for what happened before an address
// was joined to the others.
type clusterPots struct {
	src   Clusters
	first map[uint64]chains.Address           // of each cluster, the address that was met first: its pot's
	sizes map[chains.Address]int              // of clusters, by pot
	ends  map[chains.Address]*attribution     // pots that are not followed, once that was asked; nil: it is
	lists map[chains.Address][]chains.Address // the addresses of those that are followed
}

// needsClusters makes ready for clusters as pots: an error where the source does not know them.
func (s *sweep) needsClusters() error {
	if s.inc.Accounts != AccountsCluster {
		return nil
	}
	src, ok := s.src.(Clusters)
	if !ok {
		return fmt.Errorf("accounts: cluster: %w: which addresses belong together is known from a synced store alone: run clew sync --chain %s first and trace without --rpc, or use accounts: address",
			chains.ErrUnsupported, s.chain)
	}
	s.out.pots = map[chains.Address]chains.Address{}
	s.clusters = &clusterPots{
		src: src, first: map[uint64]chains.Address{}, sizes: map[chains.Address]int{},
		ends: map[chains.Address]*attribution{}, lists: map[chains.Address][]chains.Address{},
	}
	return nil
}

// potOf returns the address by which the pot of an address is known: itself, unless pots are
// clusters.
func (l *ledger) potOf(a chains.Address) chains.Address {
	if pot, ok := l.pots[a]; ok {
		return pot
	}
	return a
}

// resolve finds the pots of all addresses of a transaction.
func (s *sweep) resolve(ctx context.Context, tx *chains.Tx) error {
	if s.clusters == nil {
		return nil
	}
	for i := range tx.Inputs {
		if tx.Inputs[i].Known {
			if err := s.resolveOne(ctx, tx.Inputs[i].Spent.Address); err != nil {
				return err
			}
		}
	}
	for i := range tx.Outputs {
		if err := s.resolveOne(ctx, tx.Outputs[i].Address); err != nil {
			return err
		}
	}
	return nil
}

func (s *sweep) resolveOne(ctx context.Context, a chains.Address) error {
	if _, met := s.out.pots[a]; met {
		return nil
	}
	cluster, size, err := s.clusters.src.ClusterOf(ctx, a)
	if err != nil {
		return fmt.Errorf("accounts: cluster: the cluster of %s: %w", s.out.codec.FormatAddress(s.chain, a), err)
	}
	pot := a
	if cluster != 0 {
		if first, met := s.clusters.first[cluster]; met {
			pot = first
		}
		s.clusters.first[cluster] = pot
		s.clusters.sizes[pot] = size
	}
	s.out.joins(a, pot)
	return nil
}

// follows says whether a cluster is followed as a pot, and why not: it is too large to be one
// thief's, or one of its addresses is where a trace ends, and a seed lies at none.
func (s *sweep) follows(ctx context.Context, pot chains.Address) (*attribution, error) {
	at, asked := s.clusters.ends[pot]
	if !asked {
		var err error
		if at, err = s.judge(ctx, pot); err != nil {
			return nil, fmt.Errorf("accounts: cluster: the addresses of the cluster of %s: %w", s.out.codec.FormatAddress(s.chain, pot), err)
		}
		s.clusters.ends[pot] = at
	}
	if at != nil && at.reason != ReasonLimit && s.out.seedAddress[pot] {
		return nil, nil
	}
	return at, nil
}

// judge asks which addresses are of a cluster and what is said of them.
func (s *sweep) judge(ctx context.Context, pot chains.Address) (*attribution, error) {
	size := s.clusters.sizes[pot]
	if size > MostMembers {
		return &attribution{reason: ReasonLimit, note: fmt.Sprintf("accounts: cluster: a cluster of more than %d addresses is not followed", MostMembers)}, nil
	}
	members := []chains.Address{pot}
	if size > 1 {
		var err error
		if members, err = s.clusters.src.Cluster(ctx, pot); err != nil {
			return nil, err
		}
	}
	s.clusters.lists[pot] = members
	var ends *attribution
	for _, a := range members {
		s.out.joins(a, pot)
		if at := s.out.attribute(a); ends == nil && at != nil && at.reason != "" {
			own := *at
			if size > 1 {
				own.note += "; it is of the cluster of " + s.out.codec.FormatAddress(s.chain, a)
			}
			ends = &own
		}
	}
	return ends, nil
}

// joins says that an address is of a pot.
func (l *ledger) joins(a, pot chains.Address) {
	l.pots[a] = pot
	if l.seedAddress[a] {
		l.seedAddress[pot] = true
	}
}

// is names the node of a cluster by what one of its addresses is.
func (l *ledger) is(node string, at *attribution) {
	i := slices.IndexFunc(l.t.Nodes, func(n Node) bool { return n.ID == node })
	if n := &l.t.Nodes[i]; n.Kind == NodeAddress && at.kind != "" {
		n.Kind, n.Label, n.Entity = at.kind, at.label, at.entity
	}
}

// members returns the addresses of a pot that is followed.
func (s *sweep) members(pot chains.Address) []chains.Address {
	if s.clusters == nil {
		return []chains.Address{pot}
	}
	return s.clusters.lists[pot]
}

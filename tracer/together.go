package tracer

import (
	"fmt"
	"slices"
	"strings"

	"clew/chains"
	"clew/heuristics"
)

// learned is what the transactions of a sweep show beside the way of the value. It moves nothing.
//
// It learns from those transactions alone in which an accounting rule sees stolen value: what poison
// alone reaches is not followed by a pass over a node's blocks, and a finding must not hang on how
// the blocks were read.
type learned struct {
	peels    *heuristics.Peels // nil: runs are not looked for
	clusters heuristics.Clusters
	joins    []heuristics.Join // of one transaction
	gathered *gathered         // nil: nobody names a service
}

// anyConserved reports whether an accounting rule sees stolen value in any of these.
func anyConserved(from []*holding) bool {
	return slices.ContainsFunc(from, func(h *holding) bool { return h.conserved() })
}

// learn takes a transaction in which what from holds moves.
func (s *sweep) learn(tx *chains.Tx, from []*holding) {
	if !anyConserved(from) {
		return
	}
	if s.learned.peels != nil {
		s.learned.peels.Add(tx)
	}
	if s.learned.gathered != nil {
		s.learned.gathered.take(tx, from)
	}
	s.learned.joins = heuristics.Joins(tx, s.learned.joins[:0])
	for _, j := range s.learned.joins {
		if !s.opt.uses(string(j.Rule)) || s.learned.clusters.Together(j.A, j.B) {
			continue // only what brings two together is evidence
		}
		j.A, j.B = chains.Address(strings.Clone(string(j.A))), chains.Address(strings.Clone(string(j.B)))
		s.learned.clusters.Join(j)
	}
}

// tell writes what was learned.
func (s *sweep) tell() {
	s.tellDust()
	if s.learned.peels != nil {
		s.out.runs(s.learned.peels.Runs(leastPeels))
	}
	if s.learned.gathered != nil {
		s.learned.gathered.tell()
	}
	first := map[chains.Address]chains.Address{} // of the cluster of each address
	of := map[string]chains.Address{}            // by node
	for _, members := range s.learned.clusters.All() {
		for _, a := range members {
			first[a] = members[0]
			if n, met := s.out.addresses[a]; met {
				of[n] = members[0]
			}
		}
	}
	evidence := map[chains.Address][]*heuristics.Join{}
	joins := s.learned.clusters.Joins()
	for i := range joins {
		cluster := first[joins[i].A]
		evidence[cluster] = append(evidence[cluster], &joins[i])
	}
	nodes := map[chains.Address][]int{}
	var order []chains.Address // as their first nodes were met
	for i := range s.out.t.Nodes {
		cluster, ok := of[s.out.t.Nodes[i].ID]
		if !ok {
			continue
		}
		if nodes[cluster] == nil {
			order = append(order, cluster)
		}
		nodes[cluster] = append(nodes[cluster], i)
	}
	for _, cluster := range order {
		if len(nodes[cluster]) > 1 {
			s.out.together(nodes[cluster], evidence[cluster])
		}
	}
}

// together writes the finding that nodes of the trace are one owner's.
func (l *ledger) together(nodes []int, evidence []*heuristics.Join) {
	f := Finding{Heuristic: wraps, Version: heuristics.JoinVersion}
	for _, j := range evidence {
		if j.Rule == heuristics.JoinCospend {
			f.Heuristic = coSpend
		}
		if txid := j.Tx.String(); len(f.TxIDs) == 0 || f.TxIDs[len(f.TxIDs)-1] != txid {
			f.TxIDs = append(f.TxIDs, txid) // in chain order: those of one transaction stand together
		}
	}
	f.TxID = f.TxIDs[0]
	for _, i := range nodes {
		f.Addresses = append(f.Addresses, l.t.Nodes[i].Address)
	}
	f.ID = id("finding", coSpend, string(l.chain), strings.Join(f.Addresses, " "))
	f.Says = fmt.Sprintf("these %d addresses are taken to be one owner's: %s", len(nodes), evidenceWords(f.Heuristic))
	for _, i := range nodes {
		l.t.Nodes[i].Cluster = f.ID
	}
	l.find(f)
}

// evidenceWords says by what addresses are joined.
func evidenceWords(heuristic string) string {
	if heuristic == wraps {
		return "a spend revealed one script inside of the other"
	}
	return "they were spent from together in transactions that have the form of no mix; it fails where several people make one transaction, and where keys were handed on"
}

package main

import (
	"slices"
	"strings"

	"clew/tracer"
)

// scoreDeposits compares what a trace takes for deposit addresses with those of the exchange in the
// worked example: an account with a key on both chains, and a contract on one.
func scoreDeposits(s *sheet) error {
	trace, known, err := retrace(s.repo)
	if err != nil {
		return err
	}
	truly := map[string]bool{} // those that the trace came to
	met := func(chain, address string) {
		for _, n := range trace.Nodes {
			if string(n.Chain) == chain && strings.EqualFold(n.Address, address) {
				truly[chain+" "+n.Address] = true
			}
		}
	}
	for _, a := range known.Accounts {
		if a.Name == "exchange.deposit-key" {
			met("polygon", a.Address)
			met("bsc", a.Address)
		}
	}
	for _, c := range known.Contracts {
		if c.Name == "deposit-contract" {
			met(c.Chain, c.Address)
		}
	}
	var found []string
	for _, n := range trace.Nodes {
		if slices.ContainsFunc(trace.Findings, func(f tracer.Finding) bool {
			return f.Heuristic == "deposit-address" && len(f.Addresses) > 0 && f.Addresses[0] == n.Address && n.Label == "taken for a deposit address"
		}) {
			found = append(found, string(n.Chain)+" "+n.Address)
		}
	}
	slices.Sort(found)
	found = slices.Compact(found)
	right := 0
	for _, at := range found {
		if truly[at] {
			right++
		}
	}
	s.printf("| what | n |\n|---|---|\n| deposit addresses that the trace came to | %d |\n| found | %s |\n| found and wrong | %s |\n",
		len(truly), of(right, len(truly)), of(len(found)-right, len(found)))
	name := "deposit-address"
	s.add(name, replicaSet+": deposit addresses that the trace came to", "missed", len(truly)-right, len(truly))
	s.shows(name, "accounts taken for a deposit address, in "+replicaSet, len(found)-right, len(found))
	return nil
}

package main

import (
	"slices"
	"strings"

	"clew/heuristics"
	"clew/tracer"
)

// scoreDeposits compares what a trace takes for deposit addresses with those of the exchange in the
// worked example: an account with a key on both chains, and a contract on one.
func scoreDeposits(s *sheet) error {
	trace, known, err := retrace(s.repo)
	if err != nil {
		return err
	}
	truly, found := map[string]int{}, map[string]int{} // on how many chains, by address
	met := func(chain, address string) {
		if slices.ContainsFunc(trace.Nodes, func(n tracer.Node) bool { return string(n.Chain) == chain && strings.EqualFold(n.Address, address) }) {
			truly[strings.ToLower(address)]++
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
	for _, f := range trace.Findings { // one for each chain
		if f.Heuristic == "deposit-address" && len(f.Addresses) > 0 {
			found[strings.ToLower(f.Addresses[0])]++
		}
	}
	right, all, fired := 0, 0, 0
	for address, n := range truly {
		all += n
		right += min(n, found[address])
	}
	for _, n := range found {
		fired += n
	}
	s.printf("| what | n |\n|---|---|\n| deposit addresses that the trace came to | %d |\n| found | %s |\n| found and wrong | %s |\n",
		all, of(right, all), of(fired-right, fired))
	name := "deposit-address"
	s.incident = trace.Incident.ID
	s.add(name, heuristics.DataSimulated, replicaSet+": deposit addresses that the trace came to", "missed", all-right, all)
	s.shows(name, heuristics.DataSimulated, "accounts taken for a deposit address in "+replicaSet, fired-right, fired)
	return nil
}

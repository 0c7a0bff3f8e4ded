package main

import (
	"slices"
	"strings"
	"time"

	"clew/bench/wallets"
	"clew/chains"
	"clew/heuristics"
	"clew/labels"
)

// scoreServices clusters all transactions of mainnet that the repository holds, and counts clusters
// in which labels that the program carries name two services.
func scoreServices(s *sheet) error {
	packs, err := labels.BuiltIn()
	if err != nil {
		return err
	}
	claimed, err := labels.NewSet(packs...)
	if err != nil {
		return err
	}
	txs, err := mainnet(s.repo)
	if err != nil {
		return err
	}
	from := make([][]chains.Address, len(txs))
	for i := range txs {
		if from[i], err = payers(&txs[i]); err != nil {
			return err
		}
	}
	joined := cospends(txs, from)
	for i := range txs {
		for _, j := range heuristics.Joins(&txs[i], nil) {
			if j.Rule == heuristics.JoinWraps {
				joined.Join(j)
			}
		}
	}
	named, several, addrs := 0, [][]string{}, 0
	all := joined.All()
	for _, c := range all {
		names := map[string]bool{}
		for _, a := range c {
			addrs++
			if name := service(claimed, a); name != "" {
				names[name] = true
			}
		}
		if len(names) > 0 {
			named++
		}
		if len(names) > 1 {
			several = append(several, sortedKeys(names))
		}
	}
	s.WriteString("| transactions | clusters of two addresses and more | addresses in them | clusters in which a service is named | clusters in which two are |\n|---|---|---|---|---|\n")
	s.printf("| %d | %d | %d | %d | %d |\n", len(txs), len(all), addrs, named, len(several))
	for _, names := range several {
		s.printf("\n- %s\n", strings.Join(names, "; "))
	}
	s.add("co-spend", heuristics.DataReal, "clusters on mainnet in which a built-in label names a service: with two services", "wrong", len(several), named)
	return nil
}

// mainnet are all transactions of mainnet that the repository holds, each once.
func mainnet(repo string) ([]chains.Tx, error) {
	blocks, err := blocks2019(repo)
	if err != nil {
		return nil, err
	}
	old, err := block2014(repo)
	if err != nil {
		return nil, err
	}
	rounds, err := wasabi1Set(repo)
	if err != nil {
		return nil, err
	}
	around, err := mainnet2024(repo)
	if err != nil {
		return nil, err
	}
	txs := slices.Concat(old.txs, blocks.txs, rounds.txs)
	for i := range around {
		txs = append(txs, around[i].tx)
	}
	return txs, nil
}

// service is the name of the service that labels say an address is, the first of several; "" where none does.
func service(claimed *labels.Set, a chains.Address) string {
	for _, l := range claimed.Lookup(wallets.Chain, a, time.Time{}) {
		if l.Kind != labels.Service && l.Kind != labels.Mixer {
			continue
		}
		if l.Actor != "" {
			return l.Actor
		}
		return strings.ToLower(l.Text)
	}
	return ""
}

package main

import (
	"github.com/ethereum/go-ethereum/common"

	"clew/chains"
	"clew/chains/evm"
	"clew/heuristics"
)

// role decides what accounts are from what the transaction shows, since the data does not hold
// anybody's code: a contract is whose code ran, who wrote a log, who sent coins without signing,
// and who passed on in one transaction what came in it. Everybody else is a party. A trace asks
// the node instead.
func (k *known) role() func(chains.Address) heuristics.Role {
	code := map[chains.Address]bool{}
	for _, a := range k.tx.Exec.Ran {
		code[a] = true
	}
	for _, in := range k.inside {
		code[evm.Address(common.HexToAddress(in.From))] = true
	}
	got := map[heuristics.Holding]bool{}
	for i := range k.tx.Exec.Moves {
		m := &k.tx.Exec.Moves[i]
		if got[heuristics.Holding{Account: m.From, Asset: m.Asset}] {
			code[m.From] = true
		}
		got[heuristics.Holding{Account: m.To, Asset: m.Asset}] = true
	}
	return func(a chains.Address) heuristics.Role {
		if code[a] {
			return heuristics.RoleContract
		}
		return heuristics.RoleParty
	}
}

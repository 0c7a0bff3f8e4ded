package main

import (
	"github.com/rogpeppe/go-internal/testscript"

	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
)

// wallet gathers coins of its addresses twice: a chain of co-spends, with a script inside of one.
func (p *played) wallet(ts *testscript.TestScript) {
	locks := map[string]nodetest.Lock{
		"A1": nodetest.P2WPKH(31), "A2": nodetest.P2WPKH(32), "A3": nodetest.P2WPKH(33), "W0": nodetest.Nested(34), "W1": nodetest.P2WPKH(34),
		"PAID": nodetest.P2WPKH(35),
	}
	for name, lock := range locks {
		ts.Setenv(name, bitcoin.FormatAddress(p.node.Chain, lock.Address()))
	}
	coin := func(name string) []nodetest.Coin { return p.node.Mine(1, locks[name]) }
	a1, a2, again, a3, nested := coin("A1"), coin("A2"), coin("A2"), coin("A3"), coin("W0")
	p.node.Skip(nodetest.Maturity)
	gather := func(coins ...nodetest.Coin) string {
		sum := uint64(0)
		for _, c := range coins {
			sum += c.Value
		}
		tx := nodetest.Spend(p.tb, coins, nodetest.Pay{To: locks["PAID"], Value: sum - 1000})
		p.node.MineBlock(nodetest.Anyone(0), tx)
		return tx.ID.String()
	}
	ts.Setenv("FIRST", gather(a1[0], a2[0]))
	ts.Setenv("SECOND", gather(again[0], a3[0], nested[0]))
}

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

// purse pays 30 coins to a thief whose other address has 50 coins of its own, who then pays 20 coins
// to a shop and, from both addresses at once, 55 to another.
func (p *played) purse(ts *testscript.TestScript) {
	const coin, fee = 100_000_000, 10_000
	one, other := nodetest.P2WPKH(41), nodetest.P2WPKH(42)
	pay := func(to nodetest.Lock, value uint64) nodetest.Pay { return nodetest.Pay{To: to, Value: value} }
	spend := func(coins []nodetest.Coin, pays ...nodetest.Pay) nodetest.Tx {
		tx := nodetest.Spend(p.tb, coins, pays...)
		p.node.MineBlock(nodetest.Anyone(0), tx)
		return tx
	}
	own := p.node.Mine(1, other)
	victim := p.node.Fund(nodetest.P2WPKH(43), 1)
	stolen := spend(victim[:1], pay(one, 30*coin), pay(nodetest.P2WPKH(43), 20*coin-fee))
	first := spend(stolen.Coins[:1], pay(nodetest.P2WPKH(44), 20*coin), pay(one, 10*coin-fee))
	spend([]nodetest.Coin{own[0], first.Coins[1]}, pay(nodetest.P2WPKH(45), 55*coin), pay(other, 5*coin-2*fee))
	ts.Setenv("SEED", string(p.node.Chain)+":"+stolen.ID.String()+":0")
	for name, lock := range map[string]nodetest.Lock{"ONE": one, "OTHER": other, "SHOP": nodetest.P2WPKH(44), "LAST": nodetest.P2WPKH(45)} {
		ts.Setenv(name, bitcoin.FormatAddress(p.node.Chain, lock.Address()))
	}
}

package main

import (
	"encoding/json"
	"os"

	"github.com/rogpeppe/go-internal/testscript"

	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
	"clew/tracer"
)

// mixed plays a theft that meets what heuristics know: addresses spent from together, a CoinJoin of
// JoinMarket's form, a peel chain, dust, and an address that is somebody's. Sets $SEED, $MIX, $SHOP.
func (p *played) mixed(ts *testscript.TestScript) {
	const coin = 100_000_000
	pay := func(n int, value uint64) nodetest.Pay {
		return nodetest.Pay{To: nodetest.P2WPKH(n), Value: value}
	}
	spend := func(coins []nodetest.Coin, pays ...nodetest.Pay) nodetest.Tx {
		tx := nodetest.Spend(p.tb, coins, pays...)
		p.node.MineBlock(nodetest.Anyone(0), tx)
		return tx
	}
	money := p.node.Fund(nodetest.P2WPKH(1), 2)
	makers := spend(money[1:], pay(21, 20*coin), pay(22, 30*coin))
	stolen := spend(money[:1], pay(2, 30*coin), pay(1, 19*coin))
	split := spend(stolen.Coins[:1], pay(3, 6*coin), pay(4, 5*coin), pay(5, 10*coin), pay(6, 8*coin))

	// Two addresses are spent from together, and their coins are mixed with those of two others.
	gathered := spend(split.Coins[:2], pay(7, 10_990_000_00))
	mix := spend([]nodetest.Coin{makers.Coins[0], gathered.Coins[0], makers.Coins[1]},
		pay(31, 5*coin), pay(32, 5*coin), pay(33, 5*coin),
		pay(34, 15*coin+10_000), pay(35, 5*coin+98_900_000), pay(36, 25*coin+10_000))
	behind := spend(mix.Coins[:2], pay(37, 9*coin))
	spend(append(behind.Coins, mix.Coins[5]), pay(38, 33*coin))

	// Somebody is paid again and again out of one sum.
	rest := split.Coins[2]
	for i := range 5 {
		out := spend([]nodetest.Coin{rest}, pay(41+i, 100_000_000-uint64(i)*777), pay(51+i, rest.Value-101_000_000))
		rest = out.Coins[1]
	}
	spend([]nodetest.Coin{rest}, pay(60, rest.Value-1000))

	// A part goes to a shop, which spends it; dust comes beside what is passed on.
	shop := spend(split.Coins[3:4], pay(61, 5*coin), pay(62, 2*coin))
	spend(shop.Coins[:1], pay(63, 4*coin))
	spend(shop.Coins[1:], pay(64, 200), pay(65, coin))

	ts.Setenv("SEED", string(p.node.Chain)+":"+stolen.ID.String()+":0")
	ts.Setenv("MIX", mix.ID.String())
	ts.Setenv("SHOP", bitcoin.FormatAddress(p.node.Chain, nodetest.P2WPKH(61).Address()))
}

// sameFacts wants two traces to be the same but for how the blocks were read: which recording, from
// which block on, and what evidence a source has of a transaction.
func sameFacts(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: samefacts TRACE TRACE")
	}
	a, b := facts(ts, args[0]), facts(ts, args[1])
	if a != b {
		ts.Check(os.WriteFile(ts.MkAbs("facts.a"), []byte(a), 0o600))
		ts.Check(os.WriteFile(ts.MkAbs("facts.b"), []byte(b), 0o600))
		ts.Check(ts.Exec("diff", "facts.a", "facts.b"))
	}
}

// facts is a trace as JSON without how its blocks were read.
func facts(ts *testscript.TestScript, file string) string {
	text, err := os.ReadFile(ts.MkAbs(file))
	ts.Check(err)
	var t tracer.Trace
	ts.Check(json.Unmarshal(text, &t))
	ts.Check(t.Check())
	for _, r := range t.Rules {
		rows, _ := t.Conservation.Get(r)
		for _, row := range rows {
			if r.Conserves() && row.Difference != "0" {
				ts.Fatalf("%s: under %s the sums differ by %s", file, r, row.Difference)
			}
		}
	}
	t.Inputs.Recording = nil
	for i := range t.AsOf {
		t.AsOf[i].FromHeight = 0
	}
	for i := range t.Seeds {
		t.Seeds[i].Evidence = ""
	}
	for i := range t.Hops {
		for k := range t.Hops[i].Legs {
			leg := &t.Hops[i].Legs[k]
			leg.Evidence, leg.Raw = "", nil
		}
	}
	plain, err := json.MarshalIndent(&t, "", " ")
	ts.Check(err)
	return string(plain) + "\n"
}

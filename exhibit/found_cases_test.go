package exhibit_test

import (
	"fmt"
	"strings"

	"clew/chains"
	"clew/tracer"
)

// found: a mix that two branches enter and one that the trace goes through, a cluster, a deposit
// address, and labels as long as people write them.
func found() *chain {
	c := newChain("found")
	s := c.seed("V1", "thief", 10*btc)
	a := c.spend([]string{s}, pay{"into one", 2 * btc}, pay{"into two", 1 * btc}, pay{"into through", 3 * btc}, pay{"customer", 399_990_000})
	c.mix(a[:2], "coinjoin/wasabi1", 37)
	out := c.spend(a[2:3], pay{"alike", 2 * btc}, pay{"rest", 99_990_000})
	c.infer(out, "coinjoin/whirlpool", 166_666)
	d := c.spend(a[3:], pay{"exchange", 399_980_000})
	c.stop(d[0], tracer.ReasonService, "labelled as a service: deposits of "+strings.Repeat("a very long name ", 12))
	n := &c.tr.Nodes[indexOf(c, "exchange")]
	n.Kind, n.Entity, n.Label = tracer.NodeService, strings.Repeat("Long & <b>Sons</b> ", 8), "exchange (list of somebody, retrieved 2024-05-01)"
	c.find("deposit-address", 0, []string{"customer", "exchange"}, "it swept 399980000 units of native to the exchange; the customer may be innocent", &tracer.MeasuredError{MeasuredOn: "the replica", Rate: "0.00077", N: 1300})
	c.find("co-spend", 0, []string{"into one", "into two"}, "2 addresses of the trace signed together", nil)
	return c
}

// find adds a finding about places.
func (c *chain) find(heuristic string, set int, about []string, says string, wrong *tracer.MeasuredError) *tracer.Finding {
	f := tracer.Finding{ID: hash(heuristic, about, says).String()[:16], Heuristic: heuristic, Version: "1", Set: set, Says: says, Error: wrong}
	for _, a := range about {
		f.Addresses = append(f.Addresses, address(a))
	}
	c.tr.Findings = append(c.tr.Findings, f)
	return &c.tr.Findings[len(c.tr.Findings)-1]
}

// mix ends outputs in a CoinJoin, each by a hop of its own.
func (c *chain) mix(keys []string, kind string, set int) {
	c.height++
	tx := hash("mix", keys)
	f := c.find(kind, set, nil, fmt.Sprintf("%d outputs of one value, by the coordinator's address", set), nil)
	f.TxID = tx.String()
	value := chains.Units(10_000_000)
	f.SetUnits = &value
	c.find("mix-change", 0, nil, "output 5 fits alone", nil).TxID = f.TxID
	f = &c.tr.Findings[len(c.tr.Findings)-2]
	c.nodes["n-"+tx.String()] = true
	c.tr.Nodes = append(c.tr.Nodes, tracer.Node{ID: "n-" + tx.String(), Chain: "bitcoin", Kind: tracer.NodeMixer, TxID: tx.String(), Entity: kind, Label: f.Says})
	for i, k := range keys {
		in := c.outs[k]
		made := &coin{key: fmt.Sprintf("%s:%d", tx, i), address: tx.String(), units: in.units, lots: in.lots}
		c.hop(tx, i, false, []*coin{in}, made, "")
		h := &c.tr.Hops[len(c.tr.Hops)-1]
		h.Kind, h.Findings, h.Legs[0].Positions = tracer.HopMixer, []string{f.ID}, []tracer.Position{{Kind: "vin", Value: fmt.Sprint(i)}}
		delete(c.outs, k)
		c.end(made, tracer.ReasonMixer, "value of several owners meets here")
	}
}

// infer makes the transaction of outputs a mix that the trace went through.
func (c *chain) infer(keys []string, kind string, ppm int) {
	tx, err := chains.ParseHash(keys[0][:64])
	if err != nil {
		panic(err)
	}
	mix := c.find(kind, 6, nil, "6 outputs of one value", nil)
	mix.TxID = tx.String()
	id := mix.ID
	for i := range c.tr.Hops {
		h := &c.tr.Hops[i]
		if h.Legs[0].TxID != tx || h.Kind == tracer.HopFee {
			continue
		}
		link := ppm * (1 + i%2)
		f := c.find("mapping", 0, nil, fmt.Sprintf("hop %d", h.Number), nil)
		f.TxID, f.LinkPPM = tx.String(), &link
		h.Findings = []string{id, f.ID}
		for r := range h.Basis.Value {
			h.Basis.Value[r] = tracer.Inference
		}
	}
}

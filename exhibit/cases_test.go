package exhibit_test

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"clew/tracer"
)

const btc = 100_000_000

// three: the smallest trace that is one.
func three() *chain {
	c := newChain("three")
	s := c.seed("V1", "thief", 2*btc)
	out := c.spend([]string{s}, pay{"first", 150_000_000}, pay{"second", 49_990_000})
	c.spend(out[:1], pay{"third", 149_980_000})
	return c
}

// ten: a split, a merge with other money, a service, a gap.
func ten() *chain {
	c := newChain("ten")
	c.tr.Incident.Synthetic = true
	s := c.seed("V1", "thief", 10*btc)
	a := c.spend([]string{s}, pay{"left", 6 * btc}, pay{"right", 399_990_000})
	b := c.spend(a[:1], pay{"left one", 2 * btc}, pay{"left two", 399_980_000})
	m := c.spend([]string{c.clean("stranger", 3*btc), b[0], a[1]}, pay{"exchange", 5 * btc}, pay{"cold", 350_000_000}, pay{"thief", 49_970_000})
	c.stop(m[0], tracer.ReasonService, "")
	c.tr.Nodes[indexOf(c, "exchange")].Kind = tracer.NodeService
	c.tr.Nodes[indexOf(c, "exchange")].Label = "Example Exchange, deposit"
	p := c.spend(b[1:], pay{"pay one", 1 * btc}, pay{"rest", 299_970_000})
	c.stop(p[1], tracer.ReasonGap, "")
	c.tr.Gaps = append(c.tr.Gaps, tracer.Gap{Chain: "bitcoin", TxID: hash("lost").String(), What: "a transaction that spends the rest was not read",
		Why: "the node has pruned the block", Effect: "2.99970000 BTC ends here as not known"})
	return c
}

func indexOf(c *chain, name string) int {
	for i, n := range c.tr.Nodes {
		if n.ID == "n-"+name {
			return i
		}
	}
	panic(name)
}

// peel: a long peel chain of n payments.
func peel(n int) *chain {
	c := newChain(fmt.Sprintf("peel-%d", n))
	key, left := c.seed("V1", "thief", uint64(n+10)*btc), uint64(n+10)*btc
	for i := range n {
		amount := uint64(btc/2 + i*1000)
		left -= amount + 1000
		key = c.spend([]string{key}, pay{fmt.Sprint("payee ", i), amount}, pay{fmt.Sprint("change ", i), left})[1]
	}
	return c
}

// fan: one transaction to n addresses, some of which move on.
func fan(n int) *chain {
	c := newChain(fmt.Sprintf("fan-%d", n))
	s := c.seed("V1", "thief", uint64(n)*btc)
	var pays []pay
	for i := range n {
		pays = append(pays, pay{fmt.Sprint("arm ", i), uint64(btc - 1000 - i*(35_000_000/n))})
	}
	out := c.spend([]string{s}, pays...)
	c.spend(out[3:4], pay{"onward", 50_000_000})
	return c
}

// merge: n seeds and n addresses that one transaction gathers, with other funds.
func merge(n int) *chain {
	c := newChain(fmt.Sprintf("merge-%d", n))
	var ins []string
	for i := range n {
		k := c.seed(fmt.Sprint("V", i+1), fmt.Sprint("victim wallet ", i), uint64(btc+i*12345))
		ins = append(ins, c.spend([]string{k}, pay{fmt.Sprint("collect ", i), uint64(btc + i*12345 - 500)})...)
		if i%5 == 0 {
			ins = append(ins, c.clean(fmt.Sprint("other ", i), btc/3))
		}
	}
	out := c.spend(ins, pay{"pool", uint64(n) * btc / 2}, pay{"reserve", uint64(n) * btc / 2})
	c.spend(out[1:], pay{"end", uint64(n)*btc/2 - 9000})
	return c
}

// cycle: an address that pays itself its change, and money that comes back.
func cycle() *chain {
	c := newChain("cycle")
	k := c.seed("V1", "hot", 8*btc)
	for i := range 3 {
		out := c.spend([]string{k}, pay{fmt.Sprint("out ", i), btc}, pay{"hot", uint64(8-i-1)*btc - uint64(1000*(i+1))})
		k = out[1]
	}
	a := c.spend([]string{k}, pay{"there", 499_990_000})
	b := c.spend(a, pay{"hot", 499_980_000})
	c.spend(b, pay{"away", 499_970_000})
	return c
}

// busy: about n hops that split, peel, merge and mix at random, always the same.
func busy(n int) *chain {
	c := newChain(fmt.Sprintf("busy-%d", n))
	return c.wander(n, rand.New(rand.NewPCG(7, uint64(n))), nil)
}

// mixed is busy with another course for each seed of chance, and with branches that end at
// services, in gaps and at limits.
func mixed(n int, chance uint64) *chain {
	c := newChain(fmt.Sprintf("mixed-%d-%d", n, chance))
	r := rand.New(rand.NewPCG(chance, uint64(n)))
	reasons := []tracer.Reason{tracer.ReasonService, tracer.ReasonService, tracer.ReasonMixer, tracer.ReasonGap, tracer.ReasonLimit, tracer.ReasonDust}
	return c.wander(n, r, func(key string) bool {
		if len(c.tr.Hops) < 12 || r.IntN(25) > 0 {
			return false
		}
		reason, at := reasons[r.IntN(len(reasons))], c.outs[key].address
		if reason == tracer.ReasonService {
			c.tr.Nodes[slices.IndexFunc(c.tr.Nodes, func(n tracer.Node) bool { return n.ID == "n-"+at })].Kind = tracer.NodeService
		}
		c.stop(key, reason, "")
		return true
	})
}

// wander makes about n hops. ends, where given, ends a branch or not.
func (c *chain) wander(n int, r *rand.Rand, ends func(key string) bool) *chain {
	live := []string{c.seed("V1", "thief", 500_000*btc), c.seed("V2", "thief", 90_000*btc), c.seed("V3", "other thief", 70_000*btc)}
	name := 0
	fresh := func() string { name++; return fmt.Sprint("place ", name) }
	for len(c.tr.Hops) < n && len(live) > 0 {
		i := r.IntN(len(live))
		if r.IntN(3) > 0 { // follow the newest, so that there are long ways too
			i = len(live) - 1 - r.IntN(min(8, len(live)))
		}
		key := live[i]
		live = append(live[:i], live[i+1:]...)
		o := c.outs[key]
		if o.units < 100_000 || ends != nil && ends(key) {
			continue
		}
		ins, total := []string{key}, o.units
		switch r.IntN(12) {
		case 0:
			for k := 0; k < 3 && len(live) > 5; k++ {
				ins, total = append(ins, live[0]), total+c.outs[live[0]].units
				live = live[1:]
			}
		case 1:
			ins, total = append(ins, c.clean(fresh(), o.units/3)), total+o.units/3
		}
		total -= 700
		var pays []pay
		switch {
		case r.IntN(30) == 0:
			for range 20 {
				pays = append(pays, pay{fresh(), total / 20})
			}
		case r.IntN(3) == 0:
			pays = []pay{{fresh(), total}}
		default:
			cut := total / uint64(2+r.IntN(20))
			pays = []pay{{fresh(), cut}, {fresh(), total - cut}}
		}
		out := c.spend(ins, pays...)
		if len(pays) == 2 && r.IntN(3) > 0 {
			out = out[1:]
		}
		live = append(live, out...)
	}
	return c
}

// attested: a node's word, an inference, a token of 18 decimals' look, every other reason.
func attested() *chain {
	c := newChain("attested")
	c.evident = "attested"
	s := c.seed("V1", "thief", 9*btc)
	reasons := []tracer.Reason{tracer.ReasonMixer, tracer.ReasonBridge, tracer.ReasonContract, tracer.ReasonBurn, tracer.ReasonDust, tracer.ReasonLimit, tracer.ReasonPending}
	var pays []pay
	for i := range reasons {
		pays = append(pays, pay{fmt.Sprint("end ", i), uint64(btc + i)})
	}
	out := c.spend([]string{s}, append(pays, pay{"last", 2*btc - 50_000})...)
	for i, r := range reasons {
		c.stop(out[i], r, "")
	}
	c.evident = "imported"
	c.spend(out[len(reasons):], pay{"further", 199_940_000})
	c.tr.Hops[len(c.tr.Hops)-2].Basis.Value[tracer.FIFO] = tracer.Inference
	return c
}

// still: the value has not moved.
func still() *chain {
	c := newChain("still")
	c.seed("V1", "thief", 3)
	c.seed("V1", "thief", 4)
	return c
}

package exhibit_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"clew/tracer"
)

// matic is the coin of Polygon.
func matic() asset { return asset{"polygon", ""} }

// swapped is a theft of six hops: a swap, a bridge, a swap there, a mixer and a service.
func swapped() *books {
	b := newBooks("swapped")
	b.tr.Incident.Synthetic = true
	start, there, busd := asset{"polygon", "START"}, asset{"bsc", "START"}, asset{"bsc", "BUSD"}
	b.claim("polygon", "START", "START", 18)
	b.claim("bsc", "START", "START", 18)
	b.claim("bsc", "BUSD", "BUSD", 18)
	b.seed("V1", matic(), "first", 229_051_000)
	b.seed("V2", start, "first", 110_846_000)
	b.clean(matic(), "first", 5_000_000)
	b.burnGas(matic(), "first", 12)
	b.swap("first", amount{start, 60_000_000}, "first", amount{matic(), 9_000_000})
	b.pay(start, "first", "second", 50_846_000, tracer.NodeAddress)
	b.bridge("second", amount{start, 50_846_000}, "far", amount{there, 50_846_000}, "nomad", 46_000)
	b.swap("far", amount{there, 50_800_000}, "safe", amount{busd, 73_000_000})
	b.pay(matic(), "first", "100 000 MATIC pool", 100_000_000, tracer.NodeMixer)
	b.pay(busd, "safe", "Example Exchange", 70_000_000, tracer.NodeService)
	b.tr.Statement = []tracer.Statement{{Asset: "MATIC", Taken: "229051", Unaccounted: "28270", Source: "incident report of the victim, 12 April 2022",
		Rows: []tracer.StatementRow{{What: "sold", Amount: "200781"}}}, {Asset: "START", Taken: "110846", Unaccounted: "60000", Rows: []tracer.StatementRow{{What: "bridged and sold", Amount: "50846"}}}}
	b.tr.Findings = []tracer.Finding{{ID: "f1", Heuristic: "tornado-deposit", Version: "1", Says: "a deposit to the pool of 100,000 MATIC: at most 212 earlier deposits are its anonymity set"}}
	b.tr.Candidates = []tracer.MixerCandidates{candidates(b.tr.Nodes)}
	return b
}

// candidates are five withdrawals that may be the way out of the first mixer among nodes.
func candidates(nodes []tracer.Node) tracer.MixerCandidates {
	c := tracer.MixerCandidates{Endpoint: "what is left in the pool", Chain: "polygon", Deposit: hash("deposit"), Depositor: account("first"), Pool: account("pool"), Time: "2022-03-29T15:53:38Z",
		Set: 212, Unread: 4, Withdrawals: 90, More: 2, Signals: []tracer.SignalTried{{Name: "run", Passed: 5}, {Name: "linked", NotLooked: "<no history>"}}}
	for i := range nodes {
		if nodes[i].Kind == tracer.NodeMixer && c.Node == "" {
			c.Node = nodes[i].ID
		}
	}
	for i := range 5 {
		c.List = append(c.List, tracer.MixerCandidate{TxID: hash("out", i), Recipient: account(fmt.Sprint("recipient ", i)), Relayed: i > 2, Time: "2022-03-30T07:12:38Z",
			Set: 210, SetAfter: 3 + i, Signals: []tracer.SignalPassed{{Name: "run", Strength: 5, ExpectedAccidental: fmt.Sprintf("0.%d1", i+1), SetAfter: 3}}})
	}
	return c
}

// roam makes about n hops over three chains and nine assets.
func roam(n int, chance uint64) *books {
	b := newBooks(fmt.Sprintf("roam-%d-%d", n, chance))
	r := rand.New(rand.NewPCG(chance, uint64(n)))
	var all []asset
	for _, c := range []string{"ethereum", "polygon", "bsc"} {
		all = append(all, asset{c, ""}, asset{c, "USDC"}, asset{c, "ODD"})
		b.claim(c, "USDC", "USDC", 6)
		b.claim(c, "ODD", "ODD", -1)
	}
	b.seed("V1", all[0], "start", 5_000_000_000)
	b.seed("V2", all[1], "start", 900_000_000)
	b.seed("V3", all[3], "other start", 80_000_000_000)
	b.clean(all[1], "start", 70_000_000)
	name := 0
	fresh := func() string { name++; return fmt.Sprint("place ", name) }
	for tries := 0; len(b.tr.Hops) < n && tries < 40*n; tries++ {
		p := b.order[r.IntN(len(b.order))]
		if r.IntN(3) > 0 {
			p = b.order[len(b.order)-1-r.IntN(min(6, len(b.order)))]
		}
		h := b.pots[p][0]
		whole := h.traced + h.clean
		if h.traced < 1000 {
			continue
		}
		part := whole
		if r.IntN(3) > 0 {
			part = 1 + whole/uint64(2+r.IntN(9))
		}
		b.step(r, p, part, all[r.IntN(len(all))], fresh)
	}
	return b
}

// step moves a part of what lies in p somehow.
func (b *books) step(r *rand.Rand, p pot, part uint64, other asset, fresh func() string) {
	switch k := r.IntN(20); {
	case k < 3:
		other.chain = p.chain
		if other == p.asset {
			return
		}
		to := p.address
		if r.IntN(3) == 0 {
			to = fresh()
		}
		takes := []amount{{other, 1 + part/uint64(1+r.IntN(5))}}
		if second := (asset{p.chain, "USDC"}); r.IntN(4) == 0 && second != other && second != p.asset {
			takes = append(takes, amount{second, 1 + part/3})
		}
		b.swap(p.address, amount{p.asset, part}, to, takes...)
	case k < 5:
		if other.chain != p.chain {
			b.bridge(p.address, amount{p.asset, part}, fresh(), amount{asset{other.chain, p.name}, part}, "across", part/50)
		}
	case k == 5:
		kinds := []tracer.NodeKind{tracer.NodeMixer, tracer.NodeService, tracer.NodeBridge, tracer.NodeContract}
		i := r.IntN(len(kinds))
		b.pay(p.asset, p.address, fmt.Sprint(kinds[i], " ", p.chain, r.IntN(3)), part, kinds[i])
	case k == 6 && p.name == "":
		b.burnGas(p.asset, p.address, min(part, 21))
	case k == 7 && len(b.order) > 4:
		to := b.order[r.IntN(len(b.order))].address
		if to != p.address && b.nodes["n-"+p.chain+"-"+to] {
			b.pay(p.asset, p.address, to, part, tracer.NodeAddress)
		}
	default:
		b.pay(p.asset, p.address, fresh(), part, tracer.NodeAddress)
	}
}

// peeled is a chain of n accounts that each pay one and pass on the rest.
func peeled(n int) *books {
	b := newBooks(fmt.Sprintf("peeled-%d", n))
	left := uint64(n+5) * 1000
	b.seed("V1", matic(), "link 0", left)
	for i := range n {
		b.pay(matic(), fmt.Sprint("link ", i), fmt.Sprint("payee ", i), 700, tracer.NodeAddress)
		left -= 700
		b.pay(matic(), fmt.Sprint("link ", i), fmt.Sprint("link ", i+1), left, tracer.NodeAddress)
	}
	return b
}

// lying is a trace of tokens that claim hostile symbols.
func lying() *books {
	b := newBooks("lying")
	claims := []struct {
		name, symbol string
		decimals     int
	}{
		{"a", "USDC", 6}, {"b", "USDC", 6}, {"c", "\u202eCDSU", 18}, {"d", "<script>alert(1)</script>", 18}, {"e", strings.Repeat("x", 10_000), 18},
		{"f", "000 ETH\u0000\u05d0", 255}, {"g", "", 18}, {"h", "=HYPERLINK(\"x\")", -1}, {"i", "MATIC", 18},
	}
	for i, c := range claims {
		b.claim("polygon", c.name, c.symbol, c.decimals)
		a := asset{"polygon", c.name}
		b.seed(fmt.Sprint("V", i+1), a, "first", uint64(1000*(i+1)))
		b.pay(a, "first", fmt.Sprint("to ", i), uint64(500*(i+1)), tracer.NodeAddress)
	}
	b.seed("V10", matic(), "first", 1000)
	return b
}

package tracer_test

import (
	"slices"
	"strings"

	"pgregory.net/rapid"

	"clew/chains"
	"clew/tracer"
)

// randomMix draws, now and then, a transaction of the form of a Wasabi 1 CoinJoin; false where it
// draws none.
func (c *randomCase) randomMix(t *rapid.T) bool {
	if len(c.unspent) < 2 || rapid.IntRange(0, 4).Draw(t, "mix") > 0 {
		return false
	}
	var from []chains.OutPoint
	total := uint64(0)
	for range rapid.IntRange(2, min(4, len(c.unspent))).Draw(t, "inputs of the mix") {
		i := rapid.IntRange(0, len(c.unspent)-1).Draw(t, "input of the mix")
		from = append(from, c.unspent[i])
		total += c.book.outputs[c.unspent[i]].Value
		c.unspent = slices.Delete(c.unspent, i, i+1)
	}
	share := total / 4
	if share < 2 {
		c.unspent = append(c.unspent, from...)
		return false
	}
	to := []pay{{coordinator, 1}}
	for _, name := range rapid.Permutation(names).Draw(t, "who gets of the mix")[:3] {
		to = append(to, pay{name, share})
	}
	to[3].units += rapid.Uint64Range(1, total-3*share-1).Draw(t, "change of the mix")
	outs := c.book.spend(from, to...)
	c.book.mixes[len(c.book.txs)-1] = true
	c.unspent = append(c.unspent, outs[1:]...)
	return true
}

// coordinator is an address key of the first coordinator of Wasabi 1: of an output of whatever kind
// that commits to bc1qs604…0ew.
const coordinator = "c\x86\x9f\x5c\x7a\x4c\xd7\x77\x6a\xe0\xc0\xfc\xd9\xc3\x31\x5a\xbb\x23\x9a\x9f\x0d"

// claims are labels by address.
type claims map[chains.Address][]tracer.Label

func (c claims) Labels(_ chains.Chain, a chains.Address) []tracer.Label { return c[a] }

func (c claims) SHA256() string { return strings.Repeat("ab", 32) }

// randomChoices draws what ends a trace beside the incident: labels, and what becomes of mixes.
func (c *randomCase) randomChoices(t *rapid.T) {
	c.oracle.mixes = true
	switch rapid.IntRange(0, 3).Draw(t, "mixes") {
	case 1:
		c.book.opt.Through, c.oracle.mixes = []string{"coinjoin"}, false
	case 2:
		c.book.opt.Without, c.oracle.mixes = []string{"coinjoin"}, false
	}
	if rapid.Bool().Draw(t, "no labels") {
		return
	}
	labels := claims{}
	c.oracle.labels = map[chains.Address]tracer.Reason{}
	for _, name := range names {
		stops := rapid.SampledFrom([]tracer.NodeKind{"", "", "", "", tracer.NodeService, tracer.NodeMixer, tracer.NodeBridge}).Draw(t, "label of "+name)
		labels[chains.Address(name)] = []tracer.Label{{Text: name + "'s", Stops: stops, Source: "a test"}}
		c.oracle.labels[chains.Address(name)] = tracer.Reason(stops)
	}
	c.book.opt.Labels = labels
}

// randomClusters draws which addresses belong together, in no order of theirs.
func randomClusters(t *rapid.T) [][]chains.Address {
	clusters := [][]chains.Address{}
	order := rapid.Permutation(names).Draw(t, "order of clusters")
	var one []chains.Address
	for i, name := range order {
		one = append(one, chains.Address(name))
		if i+1 == len(order) || rapid.Bool().Draw(t, "next cluster") {
			if len(one) > 1 {
				clusters = append(clusters, one)
			}
			one = nil
		}
	}
	return clusters
}

// potAt returns the oracle's name of the account that a node is; a trace knows a cluster by the address
// that it met first.
func (c *randomCase) potAt(n tracer.Node) string {
	return string(c.oracle.pot(chains.Address(n.Address)))
}

// try traces the case.
func (c *randomCase) try() (*tracer.Trace, error) {
	if c.oracle.clusters == nil {
		return c.book.try(c.yaml)
	}
	return (&gathered{book: c.book, clusters: c.oracle.clusters}).try(c.yaml)
}

// somePots are outputs, addresses or clusters.
func somePots(t *rapid.T) tracer.Accounts {
	return rapid.SampledFrom([]tracer.Accounts{tracer.AccountsOutput, tracer.AccountsAddress, tracer.AccountsCluster}).Draw(t, "pots")
}

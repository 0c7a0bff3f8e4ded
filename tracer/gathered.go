package tracer

import (
	"fmt"
	"slices"
	"strings"

	"clew/chains"
	"clew/heuristics"
)

// gathered finds deposit addresses of services on a chain of outputs: those of which every spend that
// the trace saw was gathered into one service (heuristics.GatheredBy). It learns as learned does, and
// needs memory for each address that was spent from.
type gathered struct {
	out *ledger
	of  map[chains.Address]*gathering
}

// gathering is what spends of an address show.
type gathering struct {
	service string           // "" once a spend was something else
	to      []chains.Address // of the service, in order
	txs     []chains.TxID    // in chain order
}

// take takes a transaction in which what from holds moves.
func (g *gathered) take(tx *chains.Tx, from []*holding) {
	service, _ := heuristics.GatheredBy(tx, g.out.service)
	for _, h := range from { // what the source does not tell of their inputs is known here
		g.spent(h.at, tx, service)
	}
	for i := range tx.Inputs {
		g.spent(tx.Inputs[i].Spent.Address, tx, service)
	}
}

// spent notes that an address was spent from in tx, which gathers for service; "" for none.
func (g *gathered) spent(a chains.Address, tx *chains.Tx, service string) {
	if a == "" {
		return
	}
	have := g.of[a]
	if have == nil {
		have = &gathering{service: service}
		g.of[chains.Address(strings.Clone(string(a)))] = have // a source may use its bytes again
	}
	if have.service != service {
		*have = gathering{}
	}
	if have.service == "" || len(have.txs) > 0 && have.txs[len(have.txs)-1] == tx.ID {
		return
	}
	have.txs = append(have.txs, tx.ID)
	for i := range tx.Outputs {
		if o := &tx.Outputs[i]; o.Value > 0 && !slices.Contains(have.to, o.Address) {
			have.to = append(have.to, chains.Address(strings.Clone(string(o.Address))))
		}
	}
}

// tell writes the findings, in the order in which the trace met the addresses.
func (g *gathered) tell() {
	at := map[string]chains.Address{}
	for a, node := range g.out.addresses {
		if have := g.of[a]; have != nil && have.service != "" && g.out.service(a) == "" {
			at[node] = a
		}
	}
	for i := range g.out.t.Nodes {
		if a, ok := at[g.out.t.Nodes[i].ID]; ok {
			g.out.gatheredAt(&g.out.t.Nodes[i], g.of[a])
		}
	}
}

// gatheredAt writes the finding of one address.
func (l *ledger) gatheredAt(n *Node, g *gathering) {
	f := Finding{
		ID:        id("finding", gatheredDeposit, string(l.chain), n.Address, g.service),
		Heuristic: gatheredDeposit, Version: heuristics.DepositVersion, TxID: g.txs[0].String(), Addresses: []string{n.Address},
	}
	for _, a := range g.to {
		f.Addresses = append(f.Addresses, l.codec.FormatAddress(l.chain, a))
	}
	for _, tx := range g.txs {
		f.TxIDs = append(f.TxIDs, tx.String())
	}
	f.Says = fmt.Sprintf("%s is taken for a deposit address of %s: of the spends seen of it (%d), each gathered it with other addresses into the service alone. "+
		"Only spends in what the trace follows are seen. A customer who empties several addresses of his own there looks the same. %s", n.Address, g.service, len(g.txs), customerSays(g.service))
	l.find(f)
	l.depositAt(n, g.service, f.Heuristic)
}

// service returns the service that an address belongs to, as the incident or labels say; "" for none.
func (l *ledger) service(a chains.Address) string {
	at := l.attribute(a)
	switch {
	case a == "" || at == nil || at.kind != NodeService || at.reason == "":
		return ""
	case at.entity == "":
		return l.codec.FormatAddress(l.chain, a)
	}
	return at.entity
}

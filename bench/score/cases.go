package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/ethereum/go-ethereum/common"

	"clew/chains"
	"clew/chains/evm"
	"clew/chains/transfers"
	"clew/ingest"
	"clew/tracer"
)

// heist is a theft of which others listed the transfers, on Ethereum.
type heist struct {
	name, edges        string // edges: the list
	unit               string // of a valuation; "" for the coin
	sources, terminals string // files with an address a line; sources may be the address itself
}

// heists are those of the data. The list of the last one names no terminals: they are the
// addresses that receive and pay nothing on.
func heists() []heist {
	return []heist{
		{"phishing of 54 M$", "launder41/54m_edges.csv", "usd", "launder41/54m_source.csv", "launder41/54m_terminal.csv"},
		{"LI.FI", "launder41/LIFI_edges.csv", "usd", "launder41/LIFI_source.csv", "launder41/LIFI_terminal.csv"},
		{"Ronin", "ronin/lazarus_tabular_txs.csv", "", "0x098b716b8aaf21512996dc57eb0615e2383e2f96", ""},
	}
}

// reach is what a trace from the receipts that the sources paid makes of a list.
type reach struct {
	edges, worth, txs            int // rows, those that move something, transactions
	sources, receipts, terminals int
	arrived                      int // terminals that poison reaches
	covered                      int // rows with poison on them
	beyond                       int // addresses touched that the list does not name
	untouched, early, behind     int // rows not covered: of payers that nothing reached, that it reached only later, at which the trace ends
	overdrawn                    int // payments beyond what was seen to come
	trace                        *tracer.Trace
}

// scoreCases traces the thefts over their lists.
func scoreCases(shared string, out io.Writer) error {
	heads := []string{"what"}
	var columns []*reach
	for _, h := range heists() {
		r, err := h.trace(filepath.Join(shared, "cases"))
		if err != nil {
			return fmt.Errorf("%s: %w", h.name, err)
		}
		heads, columns = append(heads, h.name), append(columns, r)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| %s |\n|%s\n", strings.Join(heads, " | "), strings.Repeat("---|", len(heads)))
	for _, row := range []struct {
		what string
		of   func(*reach) string
	}{
		{"rows (of these worth something)", func(r *reach) string { return fmt.Sprintf("%d (%d)", r.edges, r.worth) }},
		{"sources, receipts that they paid", func(r *reach) string { return fmt.Sprintf("%d, %d", r.sources, r.receipts) }},
		{"terminals that poison reaches", func(r *reach) string { return fmt.Sprintf("%d of %d", r.arrived, r.terminals) }},
		{"rows with poison on them", func(r *reach) string {
			return fmt.Sprintf("%d of %d (%s)", r.covered, r.worth, percent(r.covered, r.worth))
		}},
		{"addresses touched beyond the list", func(r *reach) string { return strconv.Itoa(r.beyond) }},
		{"rows without: the payer was never reached", func(r *reach) string { return strconv.Itoa(r.untouched) }},
		{"rows without: it was reached later only", func(r *reach) string { return strconv.Itoa(r.early) }},
		{"rows without: the trace ends at the payer", func(r *reach) string { return strconv.Itoa(r.behind) }},
		{"gaps in the trace", func(r *reach) string { return strconv.Itoa(len(r.trace.Gaps)) }},
		{"of these: pays out more than was seen to come", func(r *reach) string { return strconv.Itoa(r.overdrawn) }},
		{"under fifo: seeded, ended, unexplained", (*reach).books},
	} {
		fmt.Fprintf(&b, "| %s |", row.what)
		for _, r := range columns {
			fmt.Fprintf(&b, " %s |", row.of(r))
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func percent(part, whole int) string {
	return fmt.Sprintf("%d.%d %%", part*100/whole, part*1000/whole%10)
}

// books are the sums of the accounting rule in whole coins.
func (r *reach) books() string {
	rows, ok := r.trace.Conservation.Get(tracer.FIFO)
	if !ok {
		return "none: poison only"
	}
	coins := func(a chains.Amount) string {
		whole, _ := a.MulDiv(chains.Units(1), chains.Units(1_000_000_000_000_000_000))
		return whole.String()
	}
	return fmt.Sprintf("%s, %s, %s ETH", coins(rows[0].Seeded), coins(rows[0].Ended), coins(rows[0].Unexplained))
}

// trace reads the list and traces every receipt that a source paid.
func (h *heist) trace(dir string) (*reach, error) {
	data, err := os.ReadFile(filepath.Join(dir, h.edges))
	if err != nil {
		return nil, err
	}
	const chain = chains.Chain("ethereum")
	o := transfers.Options{
		Chain: chain, Unit: h.unit, Decimals: 2,
		ParseAddress: func(text string) (chains.Address, error) { return evm.ParseAddress(chain, text) },
		FormatAsset:  func(a chains.Address) chains.Asset { return evm.AssetOf(common.Address([]byte(a))) },
	}
	f, err := transfers.Read(data, o)
	if err != nil {
		return nil, err
	}
	txs, tokens, err := transfers.Merge(f)
	if err != nil {
		return nil, err
	}
	sources, err := addresses(dir, h.sources)
	if err != nil {
		return nil, err
	}
	inc := &tracer.Incident{ID: "case", Rule: tracer.FIFO, Accounts: tracer.AccountsOutput, Seeds: receipts(txs, sources)}
	src, err := ingest.NewImported(txs, tokens)
	if err != nil {
		return nil, err
	}
	r := &reach{edges: f.Rows + f.Empty + f.Failed, worth: f.Rows, txs: len(txs), sources: len(sources), receipts: len(inc.Seeds)}
	if r.trace, err = tracer.Run(context.Background(), inc, chain, src, evm.Codec{}, tracer.Options{}); err != nil {
		return nil, err
	}
	if err := r.trace.Check(); err != nil {
		return nil, err
	}
	terminals := ends(txs)
	if h.terminals != "" {
		if terminals, err = addresses(dir, h.terminals); err != nil {
			return nil, err
		}
	}
	r.count(txs, sources, terminals)
	return r, nil
}

// addresses reads a file with an address a line, or the one that name itself is.
func addresses(dir, name string) (all []chains.Address, err error) {
	rows := [][]string{{name}}
	if !strings.HasPrefix(name, "0x") {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		if rows, err = csv.NewReader(strings.NewReader(string(data))).ReadAll(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, row := range rows {
		a, err := evm.ParseAddress("ethereum", row[0])
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// receipts makes a seed of each receipt that a source paid.
func receipts(txs []chains.Tx, sources []chains.Address) (seeds []tracer.Seed) {
	for i := range txs {
		tx := &txs[i]
		for k := range tx.Exec.Moves {
			m := &tx.Exec.Moves[k]
			same := func(s tracer.Seed) bool { return *s.Tx == tx.ID && s.Address == m.To && s.Asset == m.Asset }
			if slices.Contains(sources, m.From) && !slices.ContainsFunc(seeds, same) {
				seeds = append(seeds, tracer.Seed{ID: fmt.Sprintf("V%d", len(seeds)+1), Chain: "ethereum", Tx: &tx.ID, Address: m.To, Asset: m.Asset, Height: -1})
			}
		}
	}
	return seeds
}

// ends are the addresses that receive and pay nothing on.
func ends(txs []chains.Tx) (all []chains.Address) {
	pays := map[chains.Address]bool{}
	for i := range txs {
		for _, m := range txs[i].Exec.Moves {
			pays[m.From] = true
		}
	}
	for i := range txs {
		for _, m := range txs[i].Exec.Moves {
			if !pays[m.To] && !slices.Contains(all, m.To) {
				all = append(all, m.To)
			}
		}
	}
	return all
}

// count compares the trace with the list.
func (r *reach) count(txs []chains.Tx, sources, terminals []chains.Address) {
	node := map[string]string{}
	for i := range r.trace.Nodes {
		node[r.trace.Nodes[i].ID] = r.trace.Nodes[i].Address
	}
	text := func(a chains.Address) string { return evm.Codec{}.FormatAddress("ethereum", a) }
	touched, rows, stops := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i := range r.trace.Seeds {
		touched[r.trace.Seeds[i].Address] = true
	}
	for i := range r.trace.Hops {
		leg := &r.trace.Hops[i].Legs[0]
		touched[node[leg.To]] = true
		for _, p := range leg.Positions {
			rows[p.Value] = true
		}
	}
	for i := range r.trace.Endpoints {
		if e := &r.trace.Endpoints[i]; e.Reason != tracer.ReasonBalance {
			stops[node[e.Node]] = true
		}
	}
	named := map[string]bool{}
	for i := range txs {
		for _, m := range txs[i].Exec.Moves {
			named[text(m.From)], named[text(m.To)] = true, true
			switch {
			case slices.Contains(sources, m.From), rows[strconv.Itoa(int(m.Index))]:
				r.covered++
			case stops[text(m.From)]:
				r.behind++
			case touched[text(m.From)]:
				r.early++
			default:
				r.untouched++
			}
		}
	}
	for a := range touched {
		if !named[a] {
			r.beyond++
		}
	}
	r.terminals = len(terminals)
	for _, a := range terminals {
		if touched[text(a)] {
			r.arrived++
		}
	}
	for i := range r.trace.Gaps {
		if strings.Contains(r.trace.Gaps[i].Why, "pays out more than") {
			r.overdrawn++
		}
	}
}

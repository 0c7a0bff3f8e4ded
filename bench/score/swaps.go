package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"clew/chains"
	"clew/chains/evm"
	"clew/heuristics"
)

// deal is what the accounting says that one account gave and got in one transaction.
type deal struct {
	at      expected
	account chains.Address
	rows    []event
}

// scoreSwaps compares conversions with the accounting's rows SPEND and RECEIVE that have no
// type: exchanges of one asset for another.
func scoreSwaps(shared string, out io.Writer) error {
	txs, err := transactions(shared)
	if err != nil {
		return err
	}
	list, err := expectations(shared)
	if err != nil {
		return err
	}
	names, err := readNames()
	if err != nil {
		return err
	}
	fmt.Fprint(out, "| accounts | transactions | right | rate |\n|---|---|---|---|\n")
	var misses []string
	for _, named := range []bool{false, true} {
		total, right := 0, 0
		misses = nil
		for _, x := range list {
			deals, err := dealsOf(x)
			if err != nil {
				return err
			}
			if len(deals) == 0 {
				continue
			}
			total++
			if reason := txs[key(x.ChainID, x.Tx)].judge(names, deals, named); reason != "" {
				misses = append(misses, fmt.Sprintf("- %d `%s`: %s", x.ChainID, x.Tx, reason))
				continue
			}
			right++
		}
		what := "as the transaction alone shows them"
		if named {
			what = "those whose books are kept are known to be parties"
		}
		fmt.Fprintf(out, "| %s | %d | %d | %s |\n", what, total, right, rate(right, total))
	}
	return list2(out, misses)
}

// dealsOf returns what each account exchanged in a transaction; none where nothing was. A spend of
// nothing is none, and what the accounting books in and out again in one transaction (what a bridge
// brought and a swap took) is neither: amounts are nets.
func dealsOf(x expected) (deals []*deal, err error) {
	of := map[string]*deal{}
	swapped := false
	for _, row := range x.Events {
		if !row.is("", "SPEND") && !row.is("", "RECEIVE") && !row.is("", "FEE") {
			continue
		}
		swapped = swapped || !row.is("", "FEE")
		d := of[row.Account]
		if d == nil {
			d = &deal{at: x}
			if d.account, err = evm.ParseAddress(chains.EVM(x.ChainID), row.Account); err != nil {
				return nil, fmt.Errorf("account of %s: %w", x.Tx, err)
			}
			of[row.Account] = d
			deals = append(deals, d)
		}
		if strings.Trim(string(row.Amount), "0.") != "" && !x.cancelled(row) {
			d.rows = append(d.rows, row)
		}
	}
	if !swapped {
		return nil, nil
	}
	return deals, nil
}

// cancelled reports whether the accounting books a spend also as received in the same transaction.
func (x *expected) cancelled(row event) bool {
	return row.is("", "SPEND") && slices.ContainsFunc(x.Events, func(e event) bool {
		in := strings.HasSuffix(e.Type, ".RECEIVE") || strings.HasSuffix(e.Type, ".WITHDRAWAL")
		return in && e.Account == row.Account && e.Asset == row.Asset && e.Amount == row.Amount
	})
}

// judge settles the transaction and returns what of the deals it has wrong; "" for nothing.
func (k *known) judge(names names, deals []*deal, named bool) string {
	parties := map[chains.Address]bool{}
	if named {
		for _, d := range deals {
			parties[d.account] = true
		}
	}
	s := heuristics.Settle(&k.tx, k.roles(parties))
	var wrong []string
	for _, d := range deals {
		if reason := d.compare(names, s); reason != "" {
			wrong = append(wrong, reason)
		}
	}
	return strings.Join(wrong, "; ")
}

// holding is what the settlement says that an account gave or got of an asset: in conversions,
// and beside them to and from others.
type sums struct{ gave, got, paid chains.Amount }

// compare returns what the settlement has otherwise than the accounting.
func (d *deal) compare(names names, s heuristics.Settlement) string {
	have := map[chains.Asset]*sums{}
	of := func(asset chains.Asset) *sums {
		if have[asset] == nil {
			have[asset] = &sums{}
		}
		return have[asset]
	}
	for i := range s.Conversions {
		c := &s.Conversions[i]
		for _, l := range c.Given {
			if l.Account == d.account {
				of(l.Asset).gave = of(l.Asset).gave.Plus(l.Units)
			}
		}
		for _, l := range c.Received {
			if l.Account == d.account {
				of(l.Asset).got = of(l.Asset).got.Plus(l.Units)
			}
		}
	}
	oneSided := !slices.ContainsFunc(d.rows, func(e event) bool { return e.is("", "SPEND") })
	if len(have) == 0 && !oneSided {
		return "no conversion of " + evm.FormatAddress("", d.account)
	}
	for _, p := range s.Steps {
		if oneSided && p.Kind == heuristics.StepTransfer && p.To == d.account {
			of(p.Asset).got = of(p.Asset).got.Plus(p.Units)
		}
		if p.Kind == heuristics.StepTransfer && p.From == d.account || p.Kind == heuristics.StepFee && p.Conversion >= 0 && p.From == d.account {
			of(p.Asset).paid = of(p.Asset).paid.Plus(p.Units)
		}
	}
	return d.match(names, have)
}

// match pairs the rows with what was found. Every asset that the account gave or got must be in
// a row, and every row must be one of them.
func (d *deal) match(names names, have map[chains.Asset]*sums) string {
	seen := map[chains.Asset]bool{}
	for _, side := range []string{"SPEND", "RECEIVE"} {
		for _, row := range d.rows {
			if !row.is("", side) {
				continue
			}
			asset, ok := d.find(names, row, have)
			if !ok {
				return fmt.Sprintf("%s %s %s not found among %s", strings.ToLower(side), row.Amount, row.Asset, list3(have))
			}
			seen[asset] = true
		}
	}
	for asset, sum := range have {
		if !seen[asset] && (!sum.gave.IsZero() || !sum.got.IsZero()) {
			return fmt.Sprintf("gave %s and got %s of %s, of which the accounting knows nothing", sum.gave, sum.got, asset)
		}
	}
	return ""
}

// find returns the asset of a row. Of a fee, the accounting shows it apart or within the price,
// and a router takes it before or after the swap: what was given counts with and without what went
// on to others, and what was got with and without the fee.
func (d *deal) find(names names, row event, have map[chains.Asset]*sums) (chains.Asset, bool) {
	t := names.token(d.at.ChainID, row.Asset)
	var found []chains.Asset
	for asset, sum := range have {
		if !t.fits(asset) {
			continue
		}
		for _, decimals := range t.decimals {
			want, ok := units(row.Amount, decimals)
			if !ok || want.IsZero() {
				continue
			}
			fee := chains.Amount{}
			for _, other := range d.rows {
				if other.is("", "FEE") && other.Asset == row.Asset {
					fee, _ = units(other.Amount, decimals)
				}
			}
			given, paid := sum.gave, sum.gave.Plus(sum.paid)
			if row.is("", "SPEND") && (given == want || given == want.Plus(fee) || paid == want || paid == want.Plus(fee)) ||
				row.is("", "RECEIVE") && (sum.got == want || sum.got.Plus(fee) == want) {
				found = append(found, asset)
				break
			}
		}
	}
	if len(found) != 1 {
		return "", false
	}
	return found[0], true
}

// list3 writes sums for people.
func list3(have map[chains.Asset]*sums) string {
	var list []string
	for asset, sum := range have {
		list = append(list, fmt.Sprintf("%s: gave %s got %s paid %s", asset, sum.gave, sum.got, sum.paid))
	}
	return strings.Join(list, ", ")
}

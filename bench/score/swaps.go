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

// shape is a kind of deal and the rows by which the accounting writes it, as TYPE/SUBTYPE.
type shape struct {
	what        string
	gives, gets []string
	listed      bool // its misses are listed
}

var shapes = []shape{
	{"swaps: rows without a type", []string{"/SPEND"}, []string{"/RECEIVE"}, true},
	{"trades, multi-trades, migrations", []string{"TRADE/SPEND", "MULTI_TRADE/SPEND", "MIGRATE/SPEND"}, []string{"TRADE/RECEIVE", "MULTI_TRADE/RECEIVE", "MIGRATE/RECEIVE"}, false},
	{"deposits for a token", []string{"DEPOSIT/DEPOSIT_FOR_WRAPPED"}, []string{"RECEIVE/RECEIVE_WRAPPED"}, false},
	{"a token given back", []string{"SPEND/RETURN_WRAPPED"}, []string{"WITHDRAWAL/REDEEM_WRAPPED"}, false},
}

// deal is what the accounting says that one account gave and got in one transaction.
type deal struct {
	chain      uint64
	account    chains.Address
	gave, got  []event
	fees       []event
	transacted bool // the accounting has such rows, of whatever amount
}

// scoreSwaps compares conversions with what the accounting says was exchanged.
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
	var rows, misses []string
	for _, sh := range shapes {
		var count tally
		for i := range list {
			x := &list[i]
			deals, err := sh.deals(x)
			if err != nil {
				return err
			}
			if len(deals) == 0 {
				continue
			}
			reason := txs[key(x.ChainID, x.Tx)].judge(names, deals)
			count.add(reason == "")
			if reason != "" && sh.listed {
				misses = append(misses, fmt.Sprintf("- %s `%s`: %s", chains.EVM(x.ChainID), x.Tx, reason))
			}
		}
		rows = append(rows, count.row(sh.what))
	}
	return writeTable(out, "transactions, as the accounting writes them", rows, "swaps", misses)
}

// deals returns what each account exchanged in a transaction; none where nothing was. A row of
// nothing is none, and what the accounting books in and out again in one transaction (what a
// bridge brought and a swap took) is neither: amounts are nets.
func (sh *shape) deals(x *expected) ([]*deal, error) {
	of := map[string]*deal{}
	var deals []*deal
	for _, row := range x.Events {
		kind := row.kind()
		gives, gets := slices.Contains(sh.gives, kind), slices.Contains(sh.gets, kind)
		if !gives && !gets && kind != "/FEE" && kind != "TRADE/FEE" && kind != "MULTI_TRADE/FEE" {
			continue
		}
		d := of[row.Account]
		if d == nil {
			account, err := evm.ParseAddress(chains.EVM(x.ChainID), row.Account)
			if err != nil {
				return nil, fmt.Errorf("account of %s: %w", x.Tx, err)
			}
			d = &deal{chain: x.ChainID, account: account}
			of[row.Account], deals = d, append(deals, d)
		}
		d.transacted = d.transacted || gives || gets
		switch {
		case row.nothing() || gives && x.cancelled(row):
		case gives:
			d.gave = append(d.gave, row)
		case gets:
			d.got = append(d.got, row)
		default:
			d.fees = append(d.fees, row)
		}
	}
	return slices.DeleteFunc(deals, func(d *deal) bool { return !d.transacted }), nil
}

// cancelled reports whether the accounting books what was given also as received in the same
// transaction.
func (x *expected) cancelled(row event) bool {
	return slices.ContainsFunc(x.Events, func(e event) bool {
		in := strings.HasPrefix(e.kind(), "RECEIVE/") || strings.HasPrefix(e.kind(), "WITHDRAWAL/")
		return in && e.Account == row.Account && e.Asset == row.Asset && e.Amount == row.Amount
	})
}

// judge settles the transaction and returns what of the deals it has wrong; "" for nothing.
func (k *known) judge(names names, deals []*deal) string {
	s := heuristics.Settle(&k.tx, k.role())
	var wrong []string
	for _, d := range deals {
		if reason := d.compare(names, &s); reason != "" {
			wrong = append(wrong, reason)
		}
	}
	return strings.Join(wrong, "; ")
}

// sums are what the settlement says of an account and asset: given and got in conversions, and
// passed on to others besides.
type sums struct{ gave, got, paid chains.Amount }

// compare returns what the settlement has otherwise than the accounting. Every asset that the
// account exchanged must be in a row, and every row must be one of them. Where the accounting's
// own rows leave nothing given, whatever came counts, exchanged or not.
func (d *deal) compare(names names, s *heuristics.Settlement) string {
	have := d.collect(s)
	if len(have) == 0 {
		return "no conversion of " + evm.FormatAddress("", d.account)
	}
	seen := map[chains.Asset]bool{}
	for _, row := range slices.Concat(d.gave, d.got) {
		asset, ok := d.find(names, row, slices.Contains(d.gave, row), have)
		if !ok {
			return fmt.Sprintf("%s %s (%s) is not among: %s", row.Amount, row.Asset, row.kind(), written(have))
		}
		seen[asset] = true
	}
	for asset, sum := range have {
		if !seen[asset] && (!sum.gave.IsZero() || !sum.got.IsZero()) {
			return fmt.Sprintf("%s given and %s got of %s, which the accounting does not mention", sum.gave, sum.got, asset)
		}
	}
	return ""
}

// collect sums up what the settlement says of the account.
func (d *deal) collect(s *heuristics.Settlement) map[chains.Asset]*sums {
	have := map[chains.Asset]*sums{}
	of := func(asset chains.Asset) *sums {
		if have[asset] == nil {
			have[asset] = &sums{}
		}
		return have[asset]
	}
	for _, p := range s.Steps {
		switch {
		case p.Kind == heuristics.StepGive && p.From == d.account:
			of(p.Asset).gave = of(p.Asset).gave.Plus(p.Units)
		case p.Kind == heuristics.StepTake && p.To == d.account, len(d.gave) == 0 && p.Kind == heuristics.StepTransfer && p.To == d.account:
			of(p.Asset).got = of(p.Asset).got.Plus(p.Units)
		}
	}
	for _, p := range s.Steps {
		fee := p.Kind == heuristics.StepFee && p.Conversion >= 0
		if sum := have[p.Asset]; sum != nil && p.From == d.account && (fee || p.Kind == heuristics.StepTransfer) {
			sum.paid = sum.paid.Plus(p.Units)
		}
	}
	return have
}

// find returns the asset of a row. The accounting shows a fee apart or within the price, and a
// router takes it before or after the swap: what was given counts with and without what went on to
// others, and what was got with and without the fee.
func (d *deal) find(names names, row event, given bool, have map[chains.Asset]*sums) (chains.Asset, bool) {
	t := names.token(d.chain, row.Asset)
	var found []chains.Asset
	for asset, sum := range have {
		if t.fits(asset) && slices.ContainsFunc(t.decimals, func(decimals int) bool {
			want, ok := units(row.Amount, decimals)
			with, fits := want.Add(d.fee(row.Asset, decimals))
			if !ok || want.IsZero() || fits != nil {
				return false
			}
			if given {
				paid := sum.gave.Plus(sum.paid)
				return sum.gave == want || sum.gave == with || paid == want || paid == with
			}
			return sum.got == want || sum.got.Plus(d.fee(row.Asset, decimals)) == want
		}) {
			found = append(found, asset)
		}
	}
	if len(found) != 1 {
		return "", false
	}
	return found[0], true
}

// fee returns what the accounting shows apart as a fee in an asset.
func (d *deal) fee(asset string, decimals int) (sum chains.Amount) {
	for _, row := range d.fees {
		if fee, ok := units(row.Amount, decimals); ok && row.Asset == asset {
			sum = sum.Plus(fee)
		}
	}
	return sum
}

// written writes sums for people, in order.
func written(have map[chains.Asset]*sums) string {
	var list []string
	for asset, sum := range have {
		list = append(list, fmt.Sprintf("%s given %s, got %s, passed on %s", asset, sum.gave, sum.got, sum.paid))
	}
	slices.Sort(list)
	return strings.Join(list, "; ")
}

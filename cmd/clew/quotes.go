package main

import (
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/exhibit"
	"clew/prices"
)

// pricedBy answers an exhibit from a table of prices.
type pricedBy struct{ *prices.Table }

// Worth values units by the last quote at or before a time.
func (q pricedBy) Worth(chain chains.Chain, asset chains.Asset, units chains.Amount, decimals int, at time.Time) (w exhibit.Worth, ok bool) {
	quote, ok := q.At(chain, asset, at)
	if !ok {
		return w, false
	}
	worth, ok := quote.Hundredths(units, decimals)
	return exhibit.Worth{Hundredths: worth, Price: quote.Price, At: quote.At, Source: quote.Source}, ok
}

// quotesOf reads the file of --prices; nil without one. Of quotes that have a date alone it says from
// when on they count.
func (w *world) quotesOf(c *cli.Context) (quotes exhibit.Quotes, err error) {
	name := c.String("prices")
	if name == "" {
		return nil, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, withHint(fmt.Errorf("read the prices: %w", err), "--prices names a CSV file; its columns are described in docs/format.md")
	}
	defer func() { _ = f.Close() }() // it was only read
	table, err := prices.Read(f, tokenOf)
	if err != nil {
		return nil, withHint(fmt.Errorf("read the prices from %s: %w", name, err), "the columns are described in docs/format.md")
	}
	if n := table.Dated(); n > 0 {
		w.remark("warning: %s with a date and no time in %s: a date counts from 00:00:00 UTC of that day. A price of the end of a day did not exist then: give it as time, such as 2022-03-29T23:59:59Z\n", counted(int64(n), "quote"), name)
	}
	return pricedBy{table}, nil
}

// tokenOf reads a token's address in any form that its chain has.
func tokenOf(chain chains.Chain, text string) (chains.Asset, error) {
	if chain.Info().Family != chains.FamilyEVM {
		return "", fmt.Errorf("on %s the native coin only is followed: native", chain)
	}
	a, err := codec().ParseAddress(chain, text)
	if err != nil {
		return "", err
	}
	return chains.Asset(codec().FormatAddress(chain, a)), nil
}

package prices

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"clew/chains"
)

// mostBytes is how large a file of prices may be: a quote a minute of ten assets over a year.
const mostBytes = 512 << 20

// mostDigits is how many digits a price may have, in front of its point and behind it.
const mostDigits = 30

// Read reads quotes as CSV with a header line; columns by name, in any order, and no others:
//
//	time      RFC 3339 in UTC (2022-03-29T11:35:38Z), or
//	date      2022-03-29, which counts from its first second in UTC
//	chain     short name or eip155:N
//	asset     native or the token's address, or
//	symbol    of the chain's own coin: a token's symbol is its contract's claim, which any other can make
//	value     of one whole coin, a decimal with a point
//	currency  three capital letters, the same in every line
//	source    whose price it is, and where it is published
//
// Anything else, a quote given twice, and a file without quotes are errors that name the line. parse
// reads an address in the chain's own form, so that an asset is named as a trace names it.
func Read(r io.Reader, parse func(chains.Chain, string) (chains.Asset, error)) (*Table, error) {
	hash := sha256.New()
	limited := &io.LimitedReader{R: r, N: mostBytes + 1}
	lines := csv.NewReader(io.TeeReader(limited, hash))
	lines.ReuseRecord = true
	head, err := lines.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("no header line")
	}
	if err != nil {
		return nil, err
	}
	c, err := columnsOf(head)
	if err != nil {
		return nil, err
	}
	t := &Table{quotes: map[unit][]Quote{}}
	for {
		row, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		line, _ := lines.FieldPos(0)
		if err := t.read(c, row, line, parse); err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
	}
	if limited.N == 0 {
		return nil, fmt.Errorf("more than %d bytes", mostBytes)
	}
	if len(t.quotes) == 0 {
		return nil, errors.New("no quotes behind the header line")
	}
	t.sha256 = hex.EncodeToString(hash.Sum(nil))
	return t, t.sort()
}

// columns are the places of the columns in a line, −1 for one that is absent.
type columns map[string]int

// columnsOf reads the header line.
func columnsOf(head []string) (columns, error) {
	c := columns{"time": -1, "date": -1, "chain": -1, "asset": -1, "symbol": -1, "value": -1, "currency": -1, "source": -1}
	for i, name := range head {
		at, known := c[name]
		if !known {
			return nil, fmt.Errorf("column %q: want time or date, chain, asset or symbol, value, currency, source", name)
		}
		if at >= 0 {
			return nil, fmt.Errorf("column %q: given twice", name)
		}
		c[name] = i
	}
	for _, either := range [][]string{{"time", "date"}, {"asset", "symbol"}} {
		if (c[either[0]] < 0) == (c[either[1]] < 0) {
			return nil, fmt.Errorf("columns: want one of %s and %s", either[0], either[1])
		}
	}
	for _, name := range []string{"chain", "value", "currency", "source"} {
		if c[name] < 0 {
			return nil, fmt.Errorf("columns: %s is missing", name)
		}
	}
	return c, nil
}

// read reads one line.
func (t *Table) read(c columns, row []string, line int, parse func(chains.Chain, string) (chains.Asset, error)) error {
	cell := func(name string) string {
		if c[name] < 0 {
			return ""
		}
		return row[c[name]]
	}
	at, err := timeOf(cell("time"), cell("date"))
	if err != nil {
		return err
	}
	chain, err := chains.ParseChain(cell("chain"))
	if err != nil {
		return err
	}
	u := unit{chain: chain}
	if c["symbol"] >= 0 {
		u.asset, err = coinOf(chain, cell("symbol"))
	} else {
		u.asset, err = assetOf(chain, cell("asset"), parse)
	}
	if err != nil {
		return err
	}
	q := Quote{At: at, Price: strings.Clone(cell("value")), Source: strings.Clone(cell("source")), Line: line}
	if q.digits, q.places, err = decimal(q.Price); err != nil {
		return err
	}
	if strings.TrimSpace(q.Source) == "" {
		return errors.New("source: a price that nobody names says nothing; name who published it, and where")
	}
	if err := t.inCurrency(cell("currency")); err != nil {
		return err
	}
	if cell("date") != "" {
		t.dated++
	}
	t.quotes[u] = append(t.quotes[u], q)
	return nil
}

// inCurrency holds every line to the currency of the first.
func (t *Table) inCurrency(currency string) error {
	letter := func(r rune) bool { return r >= 'A' && r <= 'Z' }
	if len(currency) != 3 || strings.ContainsFunc(currency, func(r rune) bool { return !letter(r) }) {
		return fmt.Errorf("currency %q: want three capital letters, as USD", currency)
	}
	if t.currency == "" {
		t.currency = strings.Clone(currency)
	}
	if currency != t.currency {
		return fmt.Errorf("currency %s: the lines before are in %s; amounts of two currencies never add, so each has a file of its own", currency, t.currency)
	}
	return nil
}

// timeOf reads one of both.
func timeOf(text, date string) (time.Time, error) {
	if date != "" {
		at, err := time.Parse(time.DateOnly, date)
		if err != nil {
			return at, fmt.Errorf("date %q: want 2022-03-29", date)
		}
		return at, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || !strings.HasSuffix(text, "Z") {
		return at, fmt.Errorf("time %q: want RFC 3339 in UTC, as 2022-03-29T11:35:38Z", text)
	}
	return at, nil
}

// coinOf is the coin of a chain by its symbol.
func coinOf(chain chains.Chain, symbol string) (chains.Asset, error) {
	if own := chain.Info().Symbol; symbol == "" || symbol != own {
		return "", fmt.Errorf("symbol %q: the coin of %s is %q; name a token by its address, in a column asset", symbol, chain, own)
	}
	return chains.Native, nil
}

func assetOf(chain chains.Chain, text string, parse func(chains.Chain, string) (chains.Asset, error)) (chains.Asset, error) {
	if text == string(chains.Native) {
		return chains.Native, nil
	}
	asset, err := parse(chain, text)
	if err != nil {
		return "", fmt.Errorf("asset %q: %w", text, err)
	}
	return asset, nil
}

// decimal reads a decimal with at most one point: its digits as a whole number, and how many of
// them stand behind the point.
func decimal(text string) (digits chains.Amount, places int, err error) {
	whole, frac, point := strings.Cut(text, ".")
	bad := func(part string) bool {
		return part == "" || slices.ContainsFunc([]byte(part), func(b byte) bool { return b < '0' || b > '9' })
	}
	if bad(whole) || point && bad(frac) || len(whole)+len(frac) > mostDigits {
		return digits, 0, fmt.Errorf("value %q: want a decimal of at most %d digits, as 1.65, without signs, groups or powers", text, mostDigits)
	}
	digits, err = chains.ParseAmount(whole + frac)
	return digits, len(frac), err
}

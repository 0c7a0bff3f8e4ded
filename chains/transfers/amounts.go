package transfers

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"clew/chains"
)

// scales says by how many decimals the amounts of each asset are read.
type scales struct {
	of      map[chains.Asset]int
	tokens  []chains.Token // of which somebody claims something
	remarks []string
}

// scales decides how amounts are read. A token's decimals are not in such files: without
// --decimals its smallest unit is the smallest that the file writes, so that sums of the file
// stay exact, and that is said.
func (c *columns) scales(t *table, o Options) (*scales, error) {
	s := &scales{of: map[chains.Asset]int{chains.Native: o.Chain.Info().Decimals}}
	if o.Unit != "" {
		if o.Decimals < 0 {
			return nil, errors.New("--unit needs --decimals: into how many decimals one unit is divided")
		}
		s.of[Asset(o.Unit)] = o.Decimals
		s.tokens = append(s.tokens, chains.Token{Asset: Asset(o.Unit), Symbol: strings.ToUpper(o.Unit), Decimals: o.Decimals})
		return s, nil
	}
	var order []chains.Asset
	symbols, finest := map[chains.Asset]string{}, map[chains.Asset]int{}
	for _, cells := range t.rows {
		asset, err := c.asset(cells, o)
		if err != nil {
			return nil, err
		}
		if asset == chains.Native {
			continue
		}
		if _, met := symbols[asset]; !met {
			order = append(order, asset)
			symbols[asset] = c.cell(cells, fieldSymbol)
		}
		_, fraction, _ := strings.Cut(strings.ReplaceAll(c.cell(cells, fieldAmount), ",", ""), ".")
		finest[asset] = max(finest[asset], len(fraction))
	}
	for _, asset := range order {
		tok := chains.Token{Asset: asset, Symbol: symbols[asset], Decimals: o.Decimals}
		if o.Decimals < 0 && c.at[fieldUnits] < 0 {
			tok.Decimals = finest[asset]
			s.remarks = append(s.remarks, fmt.Sprintf("the file does not say into how many decimals %s is divided: its amounts are counted in the smallest part that the file writes (%d decimals); --decimals says it",
				asset, tok.Decimals))
		}
		s.of[asset] = tok.Decimals
		s.tokens = append(s.tokens, tok)
	}
	return s, nil
}

// asset returns what a row counts.
func (c *columns) asset(cells record, o Options) (chains.Asset, error) {
	if o.Unit != "" {
		return Asset(o.Unit), nil
	}
	text := bytea(c.cell(cells, fieldAsset))
	// In the exports of the coin itself, the column names a contract that was created.
	if text == "" || strings.EqualFold(text, string(chains.Native)) || c.at[fieldIn] >= 0 {
		return chains.Native, nil
	}
	a, err := o.ParseAddress(text)
	if err != nil {
		return "", &LineError{cells.line, c.name(fieldAsset), err.Error()}
	}
	return o.FormatAsset(a), nil
}

// amount reads what a row moves, and its fee.
func (c *columns) amount(cells record, r *row, s *scales, o Options) (err error) {
	if r.asset, err = c.asset(cells, o); err != nil {
		return err
	}
	r.symbol = c.cell(cells, fieldSymbol)
	read := func(f field, to *chains.Amount, decimals int) {
		if text := c.cell(cells, f); text != "" && err == nil {
			if *to, err = Units(text, decimals); err != nil {
				err = &LineError{cells.line, c.name(f), err.Error()}
			}
		}
	}
	switch {
	case c.at[fieldUnits] >= 0:
		read(fieldUnits, &r.units, 0)
	case c.at[fieldAmount] >= 0 && (c.at[fieldIn] < 0 || r.asset != chains.Native):
		read(fieldAmount, &r.units, s.of[r.asset])
	default: // of two columns one is 0: the export is that of one address
		var out chains.Amount
		read(fieldIn, &r.units, s.of[r.asset])
		read(fieldOut, &out, s.of[r.asset])
		r.units = chains.Max(r.units, out)
	}
	read(fieldFee, &r.fee, o.Chain.Info().Decimals)
	return err
}

// number is a decimal number: whole part, fraction, exponent of ten.
var number = regexp.MustCompile(`^([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,2}))?$`)

// Units reads a decimal number ("1,234.5", "1e-05") of something that is divided into the given
// decimals, exactly: a digit beyond them is an error unless it is 0.
func Units(text string, decimals int) (chains.Amount, error) {
	m := number.FindStringSubmatch(strings.ReplaceAll(text, ",", ""))
	if m == nil || m[1]+m[2] == "" {
		return chains.Amount{}, fmt.Errorf("%q is no amount: want a number from 0 on", text)
	}
	exponent := 0
	if m[3] != "" {
		var err error
		if exponent, err = strconv.Atoi(m[3]); err != nil {
			return chains.Amount{}, fmt.Errorf("%q is no amount: %w", text, err)
		}
	}
	digits := m[1] + m[2]
	point := len(m[1]) + exponent + decimals // where the whole units end
	if point < 0 {
		digits, point = strings.Repeat("0", -point)+digits, 0
	}
	digits += strings.Repeat("0", max(0, point-len(digits)))
	if strings.Trim(digits[point:], "0") != "" {
		return chains.Amount{}, fmt.Errorf("%q has more than %d decimals", text, decimals)
	}
	units := strings.TrimLeft(digits[:point], "0")
	if units == "" {
		return chains.Amount{}, nil
	}
	return chains.ParseAmount(units)
}

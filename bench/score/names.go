package main

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"

	"github.com/ethereum/go-ethereum/common"

	"clew/chains"
	"clew/chains/evm"
)

//go:embed names.csv
var namesCSV []byte

// token is what a name of the accounting program stands for.
type token struct {
	asset    chains.Asset // "" where only its amount can tell; ends in / for any id of a contract
	decimals []int        // that it can have
}

// fits reports whether asset can be t.
func (t token) fits(asset chains.Asset) bool {
	return t.asset == "" || asset == t.asset || strings.HasSuffix(string(t.asset), "/") && strings.HasPrefix(string(asset), string(t.asset))
}

// names resolves the names of assets.
type names map[string]token

// readNames reads the table of names that the program writes for common tokens.
func readNames() (names, error) {
	rows, err := csv.NewReader(bytes.NewReader(namesCSV)).ReadAll()
	if err != nil {
		return nil, err
	}
	n := names{}
	for _, row := range rows[1:] {
		decimals, err := strconv.Atoi(row[3])
		if err != nil {
			return nil, fmt.Errorf("decimals of %s: %w", row[1], err)
		}
		n[row[0]+" "+row[1]] = token{evm.AssetOf(common.HexToAddress(row[2])), []int{decimals}}
	}
	return n, nil
}

// Names of the native coins, and the address by which Polygon's is written.
var coins = []string{"A_ETH", "ETH", "A_POL", "A_XDAI", "A_BSC_BNB", "A_HYPE", "A_MON", "A_AVAX", "eip155:137/erc20:0x0000000000000000000000000000000000001010"}

// plausible are the decimals that a token whose contract was not asked may have.
var plausible = []int{18, 6, 8, 9, 12, 0, 2, 4, 5, 7, 10}

// token returns what a name stands for on a chain. One that is in no table may be any token, and
// its amount decides.
func (n names) token(chain uint64, name string) token {
	for _, coin := range coins {
		if name == coin {
			return token{chains.Native, []int{18}}
		}
	}
	if t, known := n[fmt.Sprintf("%d %s", chain, name)]; known {
		return t
	}
	for _, form := range []struct{ before, after, end string }{
		{fmt.Sprintf("eip155:%d/erc20:", chain), "", ""},
		{fmt.Sprintf("eip155:%d/erc721:", chain), "", "/"},
		{"ethaddress_to_identifier('", "')", ""},
	} {
		text, ok := strings.CutPrefix(name, form.before)
		text, closed := strings.CutSuffix(text, form.after)
		if ok && closed && len(text) >= 42 {
			return token{evm.AssetOf(common.HexToAddress(text[:42])) + chains.Asset(form.end), plausible}
		}
	}
	return token{"", plausible}
}

// units returns an amount in whole coins as units of a token of so many decimals; not ok where
// it has more digits than those.
func units(text amount, decimals int) (chains.Amount, bool) {
	whole, part, _ := strings.Cut(string(text), ".")
	if len(part) > decimals {
		if strings.Trim(part[decimals:], "0") != "" {
			return chains.Amount{}, false
		}
		part = part[:decimals]
	}
	a, err := chains.ParseAmount(whole + part + strings.Repeat("0", decimals-len(part)))
	return a, err == nil
}

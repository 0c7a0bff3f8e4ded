package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"clew/chains"
)

// separator returns what stands between the columns of a table, by its first line; 0 for no table.
func separator(text []byte) rune {
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		for _, sep := range ",;\t" {
			if bytes.ContainsRune(line, sep) {
				return sep
			}
		}
		return 0
	}
	return 0
}

// columnNames are how exports call what makes a subject, in small letters and without signs. Of several
// columns with a name of one role the first name counts.
var columnNames = map[string][]string{
	"chain":     {"chain", "network", "blockchain"},
	"txid":      {"txid", "tx", "txhash", "hash", "transactionhash", "transactionid", "transaction"},
	"vout":      {"vout", "outputindex", "output", "n"},
	"address":   {"address", "to", "toaddress", "depositaddress", "recipient"},
	"asset":     {"contract", "contractaddress", "tokenaddress", "asset", "token", "coin", "currency"},
	"amount":    {"amount", "quantity", "value"},
	"reference": {"reference", "ref", "depositid", "externalid", "id"},
}

// plainOrder are the columns of a table without a head.
var plainOrder = []string{"chain", "txid", "address", "asset"}

// subjectTable reads a table of deposits. Its first line may name the columns, which then stand in
// any order beside others; without names they are chain, txid, address, asset.
func subjectTable(name string, text []byte, sep rune) ([]question, error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.Comment, r.FieldsPerRecord, r.TrimLeadingSpace = sep, '#', -1, true
	fault := func(err error) error {
		return withHint(fmt.Errorf("%s: %w", name, err), "a table has the columns chain, txid, address and asset, or their names in its first line")
	}
	var list []question
	var at map[string]int
	for first := true; ; first = false {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, fault(err)
		}
		line, _ := r.FieldPos(0)
		if first {
			var named bool
			at, named = subjectColumns(row)
			if named && (at["chain"] < 0 || at["txid"] < 0 && at["address"] < 0) {
				return nil, fault(fmt.Errorf("line %d names the columns %s: which is the chain, and which the transaction or the address?", line, strings.Join(row, ", ")))
			}
			if named {
				continue
			}
		}
		q := rowQuestion(row, at)
		q.where, q.row, q.table = fmt.Sprintf("%s:%d", name, line), line, true
		list = append(list, q)
	}
}

// subjectColumns finds the columns of a table by its first row; false where that is a row like the
// others.
func subjectColumns(first []string) (at map[string]int, named bool) {
	var cells []string
	for _, cell := range first {
		cells = append(cells, strings.NewReplacer(" ", "", "_", "", "-", "").Replace(strings.ToLower(strings.TrimSpace(cell))))
	}
	at = map[string]int{}
	for role, names := range columnNames {
		at[role] = -1
		for _, name := range names {
			if i := slices.Index(cells, name); i >= 0 {
				at[role], named = i, true
				break
			}
		}
	}
	if named {
		return at, true
	}
	for i, role := range plainOrder {
		at[role] = i
	}
	return at, false
}

// rowQuestion understands a row.
func rowQuestion(row []string, at map[string]int) question {
	cell := func(role string) string {
		if i := at[role]; i >= 0 && i < len(row) {
			return strings.TrimSpace(row[i])
		}
		return ""
	}
	q := question{amount: strings.ReplaceAll(cell("amount"), ",", ""), reference: cell("reference")}
	chain, err := exportChain(cell("chain"))
	parts := []string{string(chain)}
	txid, vout, address := cell("txid"), cell("vout"), cell("address")
	switch {
	case txid != "" && vout != "" && chain.Info().Family == chains.FamilyBitcoin:
		parts = append(parts, txid, vout) // an output says by itself who received it
	case txid != "" && address != "":
		parts = append(parts, txid, address)
	default:
		parts = append(parts, txid+address)
	}
	if asset, ok := exportAsset(chain, cell("asset")); ok && txid != "" && address != "" {
		parts = append(parts, asset)
	}
	q.text, q.problem = strings.Join(parts, ":"), err
	if err == nil && txid == "" && address == "" {
		q.problem = errors.New("neither a transaction nor an address stands in the row")
	}
	if err != nil {
		q.text = strings.Join(append([]string{cell("chain")}, parts[1:]...), ":")
	}
	return q
}

// exportNames are how exports call chains besides their names here: tickers of coins and words for
// networks of tokens, in small letters and without signs.
var exportNames = map[string]chains.Chain{
	"btc": "bitcoin", "xbt": "bitcoin", "ltc": "litecoin", "doge": "dogecoin", "bch": "bitcoin-cash", "bitcoincash": "bitcoin-cash",
	"eth": "ethereum", "erc20": "ethereum", "matic": "polygon", "pol": "polygon", "polygonpos": "polygon",
	"bnb": "bsc", "bep20": "bsc", "binancesmartchain": "bsc", "bnbsmartchain": "bsc", "arb": "arbitrum", "arbitrumone": "arbitrum",
	"op": "optimism", "avax": "avalanche", "avaxc": "avalanche", "avalanchecchain": "avalanche", "xdai": "gnosis",
}

// exportChain reads the name of a chain as exports write it.
func exportChain(text string) (chains.Chain, error) {
	low := strings.ToLower(text)
	if chain, err := chains.ParseChain(low); err == nil {
		return chain, nil
	}
	if chain, ok := exportNames[strings.NewReplacer(" ", "", "_", "", "-", "").Replace(low)]; ok {
		return chain, nil
	}
	if text == "" {
		return "", errors.New("the row names no chain")
	}
	return "", fmt.Errorf("%q is no chain that this program reads", text)
}

// exportAsset reads the asset of a row: native where it is the coin's own symbol, a token where it is an
// address. Another symbol bounds nothing, since anybody can call a token so: all that moved is screened.
func exportAsset(chain chains.Chain, text string) (asset string, ok bool) {
	if strings.EqualFold(text, string(chains.Native)) || text != "" && strings.EqualFold(text, chain.Info().Symbol) {
		return string(chains.Native), chain.Info().Family == chains.FamilyEVM
	}
	return text, strings.HasPrefix(text, "0x")
}

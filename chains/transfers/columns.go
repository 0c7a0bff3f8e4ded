package transfers

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"clew/chains"
)

// field is what a column says.
type field uint8

const (
	fieldHash field = iota
	fieldHeight
	fieldIndex // of the transaction in its block
	fieldTime
	fieldFrom
	fieldTo
	fieldAsset
	fieldSymbol
	fieldUnits  // whole smallest units
	fieldAmount // decimal
	fieldIn     // decimal, what the address of the export received
	fieldOut    // decimal, what it paid
	fieldFee    // decimal, of the native coin
	fieldStatus
	fieldError
	numFields
)

// names of columns, in lower case, the best first. Those of Etherscan's exports are among them
// (native, internal and ERC-20 transfers); a name that ends in "(" stands for that beginning,
// since the exports name the coin there.
var names = [numFields][]string{
	fieldHash:   {"txid", "transaction hash", "tx_hash", "txhash", "hash", "transaction_hash"},
	fieldHeight: {"height", "blockno", "block", "block_number", "blocknumber"},
	fieldIndex:  {"index", "transaction_index", "transactionindex"},
	fieldTime:   {"time", "unixtimestamp", "timestamp", "block_time", "datetime (utc)", "datetime", "date"},
	fieldFrom:   {"from", "from_address", "sender"},
	fieldTo:     {"to", "txto", "to_address", "receiver"},
	fieldAsset:  {"asset", "contractaddress", "contract", "contract_address", "token_address"},
	fieldSymbol: {"symbol", "tokensymbol", "token"},
	fieldUnits:  {"units"},
	fieldAmount: {"amount", "tokenvalue", "value", "quantity", "total_eth", "value_in_usd", "total_usd"},
	fieldIn:     {"value_in("},
	fieldOut:    {"value_out("},
	fieldFee:    {"fee", "txnfee("},
	fieldStatus: {"status", "iserror"},
	fieldError:  {"errcode"},
}

// words for the fields, in errors.
var words = [numFields]string{
	"hash of the transaction", "block", "place in the block", "time", "sender", "receiver", "asset", "symbol", "units", "amount",
	"amount received", "amount paid", "fee", "status", "error",
}

// columns says which column of a file has which field; −1 for none.
type columns struct {
	at     [numFields]int
	header []string
}

// recognise finds the columns by their names.
func recognise(header []string, o Options) (*columns, error) {
	c := &columns{header: header}
	lower := make([]string, len(header))
	for i, h := range header {
		lower[i] = strings.ToLower(strings.TrimSpace(h))
	}
	for f := range c.at {
		c.at[f] = -1
		for _, name := range names[f] {
			i := slices.IndexFunc(lower, func(h string) bool {
				if prefix, open := strings.CutSuffix(name, "("); open {
					return strings.HasPrefix(h, prefix+"(") && !strings.Contains(h, "usd")
				}
				return h == name
			})
			if i >= 0 {
				c.at[f] = i
				break
			}
		}
	}
	var missing []string
	for _, f := range []field{fieldTime, fieldFrom, fieldTo} {
		if c.at[f] < 0 {
			missing = append(missing, fmt.Sprintf("%s (%s)", words[f], strings.Join(names[f], ", ")))
		}
	}
	if c.at[fieldUnits] < 0 && c.at[fieldAmount] < 0 && (c.at[fieldIn] < 0 || c.at[fieldOut] < 0) {
		missing = append(missing, fmt.Sprintf("amount (units, %s)", strings.Join(names[fieldAmount], ", ")))
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("no column for: %s; the header is %q", strings.Join(missing, "; "), strings.Join(header, ","))
	}
	if name := c.name(fieldAmount); o.Unit == "" && c.at[fieldUnits] < 0 && strings.Contains(strings.ToLower(name), "usd") {
		return nil, fmt.Errorf("the column %q counts dollars: say so with --unit usd --decimals 2", name)
	}
	return c, nil
}

func (c *columns) name(f field) string {
	if c.at[f] < 0 {
		return ""
	}
	return c.header[c.at[f]]
}

func (c *columns) cell(cells record, f field) string {
	if c.at[f] < 0 || c.at[f] >= len(cells.text) {
		return ""
	}
	return strings.TrimSpace(cells.text[c.at[f]])
}

// form says what the file was taken for.
func (c *columns) form() string {
	has := func(name string) bool {
		return slices.ContainsFunc(c.header, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), name) })
	}
	switch {
	case has("Transaction Hash") && has("TokenValue"):
		return "an explorer's export of token transfers"
	case has("Transaction Hash") && has("ParentTxFrom"):
		return "an explorer's export of internal transactions"
	case has("Transaction Hash") && has("Blockno"):
		return "an explorer's export of transactions"
	}
	return "a list of transfers"
}

// row reads one transfer.
func (c *columns) row(cells record, s *scales, o Options) (r row, err error) {
	r.line = cells.line
	wrong := func(f field, err error) error { return &LineError{cells.line, c.name(f), err.Error()} }
	if text := c.cell(cells, fieldHash); text != "" {
		r.hash, err = chains.ParseHash(strings.ToLower(strings.TrimPrefix(bytea(text), "0x")))
		if err != nil {
			return r, wrong(fieldHash, err)
		}
		r.hashed = true
	}
	if text := c.cell(cells, fieldHeight); text != "" {
		if r.height, err = strconv.ParseInt(text, 10, 64); err != nil || r.height < 0 {
			return r, wrong(fieldHeight, fmt.Errorf("%q is no block number", text))
		}
		r.located = true
	}
	r.index = unplaced
	if text := c.cell(cells, fieldIndex); text != "" {
		n, err := strconv.ParseUint(text, 10, 31)
		if err != nil {
			return r, wrong(fieldIndex, fmt.Errorf("%q is no place in a block", text))
		}
		r.index = int(n)
	}
	if r.unix, err = unixTime(c.cell(cells, fieldTime)); err != nil {
		return r, wrong(fieldTime, err)
	}
	for _, side := range []struct {
		f  field
		to *chains.Address
	}{{fieldFrom, &r.from}, {fieldTo, &r.to}} {
		text := bytea(c.cell(cells, side.f))
		if text == "" && side.f == fieldTo {
			continue // a contract is created
		}
		if *side.to, err = o.ParseAddress(text); err != nil {
			return r, wrong(side.f, err)
		}
	}
	r.failed = failed(c.cell(cells, fieldStatus)) || c.cell(cells, fieldError) != "" && c.cell(cells, fieldStatus) == ""
	if err := c.amount(cells, &r, s, o); err != nil {
		return r, err
	}
	return r, nil
}

// failed reads what the exports say of a transaction's status.
func failed(status string) bool {
	status = strings.ToLower(status)
	return status == "1" || strings.HasPrefix(status, "error") || strings.HasPrefix(status, "fail")
}

// bytea reads addresses and hashes in the form \xHEX, as databases export them.
func bytea(text string) string {
	if rest, ok := strings.CutPrefix(text, `\x`); ok {
		return "0x" + rest
	}
	return text
}

// layouts of times, each in UTC where it does not say.
func layouts() []string {
	return []string{
		time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04:05 MST", "2006-01-02 15:04:05.999 MST",
		"1/2/2006 3:04:05 PM", "2006-01-02 15:04",
	}
}

func unixTime(text string) (int64, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 {
		return n, nil
	}
	for _, layout := range layouts() {
		if t, err := time.Parse(layout, text); err == nil {
			return t.Unix(), nil
		}
	}
	return 0, fmt.Errorf("%q is no time: want Unix seconds, or UTC like 2022-03-29 11:19:50", text)
}

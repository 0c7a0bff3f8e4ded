package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/urfave/cli/v2"

	"clew/chains"
	"clew/chains/evm"
	"clew/chains/transfers"
	"clew/custody"
	"clew/store"
)

func importCommand() *command {
	return &command{
		path: "import", args: "FILE.csv|FILE.jsonl --chain CHAIN [--source TEXT] [--unit NAME --decimals N]", short: "keep transfers that an explorer or an exchange delivered",
		long: "Keeps a file of transfers between accounts in the store, byte for byte, so that clew trace can follow value through it where no node is at hand. What comes of it has evidence `imported`: somebody's file says so. Such a file is never complete, and the trace says what that does to its amounts.\n\n" +
			"CSV with a header line, or a JSON object in each line. Columns by name, in any order: txid, height, index (place in the block), time, from, to, asset (a token's contract; empty for the chain's coin), and units (whole smallest units) or amount (decimal); only time, from, to and an amount have to be there. Exports of Etherscan and of explorers like it (transactions, internal transactions, ERC-20 transfers) are recognised. A time is in Unix seconds or UTC. Transfers of one block whose places are not all stated stand with each receipt before the payments that could be made of it, and as in the file where that says nothing.\n\n" +
			"With --unit, every amount is counted in that unit, such as dollars at the time of each transfer: somebody's valuation, which adds up for nobody. Only poison is computed on it.\n\n" +
			"Files of the same chain are read together. A transfer that stands in two of them counts once.",
		examples: []example{
			{"clew import export-0x5d4b.csv --chain ethereum --source 'Etherscan, 3 May 2024'", "transactions of an address, as an explorer exports them"},
			{"clew import edges.csv --chain ethereum --unit usd --decimals 2", "a list with values in dollars"},
		},
		codes:   []exitCode{codeStore},
		options: []string{"chain", "source", "unit", "decimals", "examiner", "purpose"},
		least:   1, most: 1,
		action: runImport,
	}
}

// importAnswer is the answer of `clew import --json`.
type importAnswer struct {
	Schema       string        `json:"schema"` // "clew.import/1"
	DB           string        `json:"db"`
	Chain        chains.Chain  `json:"chain"`
	CAIP2        string        `json:"caip2"`
	File         string        `json:"file"`
	SHA256       string        `json:"sha256"`
	Form         string        `json:"form"`      // what the file was taken for
	Transfers    int           `json:"transfers"` // that move something
	Transactions int           `json:"transactions"`
	Failed       int           `json:"failed"` // rows of failed transactions
	Empty        int           `json:"empty"`  // rows of amount 0, or without a receiver
	NoHash       int           `json:"without_hash"`
	NoHeight     int           `json:"without_height"`
	From         string        `json:"from"` // time of the first transaction
	To           string        `json:"to"`   // and of the last
	Tokens       []importToken `json:"tokens"`
	Remarks      []string      `json:"remarks"`
}

type importToken struct {
	Asset    chains.Asset `json:"asset"`
	Symbol   string       `json:"symbol"` // as the file says
	Decimals int          `json:"decimals"`
}

func runImport(ctx context.Context, w *world, c *cli.Context) (err error) {
	path := c.Args().First()
	if c.String("chain") == "" {
		return &usageError{"--chain is missing: on which chain are these transfers?", "such as --chain ethereum"}
	}
	in := store.Import{
		Chain: chains.Chain(c.String("chain")), Name: filepath.Base(path), Unit: c.String("unit"), Decimals: -1,
		Source: cmp.Or(c.String("source"), "not stated"), Imported: w.now(),
	}
	if c.IsSet("decimals") {
		in.Decimals = int(min(c.Int64("decimals"), maxDecimals+1))
	}
	if in.Decimals > maxDecimals {
		return &usageError{fmt.Sprintf("--decimals: want 0 to %d", maxDecimals), ""}
	}
	if in.Content, err = readImport(w, path); err != nil {
		return err
	}
	f, err := readTransfers(&in)
	if err != nil {
		return withHint(fmt.Errorf("%s: %w", path, err), "nothing of it was taken; clew help import describes the columns")
	}
	st, err := store.Open(ctx, c.String("db"), store.Options{Create: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	if in.SHA256, err = st.SaveImport(ctx, in); err != nil {
		return err
	}
	_, err = st.AppendLog(ctx, w.signed(c, custody.Entry{What: "file imported", SHA256: in.SHA256, Details: map[string]string{
		"chain": string(in.Chain), "file": in.Name, "source": in.Source,
	}}))
	if err != nil {
		return err
	}
	return writeImport(w, importResult(&in, f, c.String("db")))
}

// maxDecimals is the most by which a number of 256 bits can be divided.
const maxDecimals = 77

// readImport returns the bytes of the file; - is standard input.
func readImport(w *world, path string) ([]byte, error) {
	const limit = 1 << 30
	if path == "-" {
		return readAll(w.stdin)
	}
	info, err := os.Stat(path)
	if err == nil && info.Size() > limit {
		err = fmt.Errorf("%s has more than 1 GiB", path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the transfers: %w", err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the transfers: %w", err)
	}
	return data, nil
}

// readTransfers reads what a file says.
func readTransfers(in *store.Import) (*transfers.File, error) {
	return transfers.Read(in.Content, transfers.Options{
		Chain: in.Chain, Unit: in.Unit, Decimals: in.Decimals,
		ParseAddress: func(text string) (chains.Address, error) { return evm.ParseAddress(in.Chain, text) },
		FormatAsset:  func(a chains.Address) chains.Asset { return evm.AssetOf(common.Address([]byte(a))) },
	})
}

func importResult(in *store.Import, f *transfers.File, db string) importAnswer {
	a := importAnswer{
		Schema: "clew.import/1", DB: db, Chain: in.Chain, CAIP2: in.Chain.CAIP2(), File: in.Name, SHA256: in.SHA256, Form: f.Form,
		Transfers: f.Rows, Transactions: len(f.Txs), Failed: f.Failed, Empty: f.Empty, NoHash: f.NoHash, NoHeight: f.NoHeight,
		From: rfc3339(f.Txs[0].Block.Time), To: rfc3339(f.Txs[len(f.Txs)-1].Block.Time), Tokens: []importToken{}, Remarks: f.Remarks,
	}
	if a.Remarks == nil {
		a.Remarks = []string{}
	}
	for _, t := range f.Tokens {
		a.Tokens = append(a.Tokens, importToken(t))
	}
	if f.NoHash > 0 {
		a.Remarks = append(a.Remarks, fmt.Sprintf("%s without the hash of its transaction: each counts as a transaction of its own, named by a hash of what it says", counted(int64(f.NoHash), "row")))
	}
	if f.NoHeight > 0 {
		a.Remarks = append(a.Remarks, fmt.Sprintf("%s without a block: they are ordered by their time", counted(int64(f.NoHeight), "row")))
	}
	return a
}

func writeImport(w *world, a importAnswer) error {
	if w.json {
		return writeJSON(w.stdout, a)
	}
	p := newPage(w.stdout)
	p.line("%s: %s in %s kept in %s", a.Chain, counted(int64(a.Transfers), "transfer"), counted(int64(a.Transactions), "transaction"), a.DB)
	p.line("%s, taken for %s; from %s to %s", a.File, a.Form, a.From, a.To)
	p.line("SHA-256 %s", a.SHA256)
	if a.Failed+a.Empty > 0 {
		p.line("%s of no effect: %d of a failed transaction, %d of amount 0 or without a receiver", counted(int64(a.Failed+a.Empty), "row"), a.Failed, a.Empty)
	}
	for _, remark := range a.Remarks {
		p.fold(remark)
	}
	return p.flush()
}

func rfc3339(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }

// Package transfers reads files of transfers between accounts: what block explorers export and
// what exchanges deliver. It makes the facts of them that a node would give, with evidence
// imported: somebody's file says so.
//
// Such a file is never complete. It does not read nodes, and concludes nothing from what is
// absent.
//
// Start reading at Read, then columns (columns.go).
package transfers

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"clew/chains"
)

// Options of Read. Chain and ParseAddress must be set.
type Options struct {
	Chain chains.Chain // of accounts
	// Unit, where it is set, is what all amounts of the file are counted in ("usd"): somebody's
	// valuation in place of coins. The asset is then "claimed:usd".
	Unit string
	// Decimals of the unit, or of tokens whose amounts are written in whole tokens. −1: not
	// given; the coin of the chain has its own.
	Decimals int
	// ParseAddress reads an address as the chain writes it; FormatAsset names a token by its
	// contract.
	ParseAddress func(text string) (chains.Address, error)
	FormatAsset  func(contract chains.Address) chains.Asset
}

// File is what a file of transfers says.
type File struct {
	// Txs are its transactions in order of time. Those of one block, or of one time where no
	// block is stated, stand by their places in it where the file states them (Index; -1 where
	// it does not), else each receipt before the payments that could be made of it, and as in
	// the file where that says nothing. Those without a hash in the file have one made of what
	// their row says.
	Txs     []chains.Tx
	Form    string         // what the file was taken for, in words
	Rows    int            // transfers read
	Failed  int            // rows of transactions that failed: they move nothing
	Empty   int            // rows of amount 0, or without a receiver
	Tokens  []chains.Token // with the decimals by which amounts were read
	Remarks []string       // what a reader has to know, one sentence each
	// NoHash and NoHeight: rows without; their order is that of time.
	NoHash, NoHeight int
}

// Asset names an asset that is a valuation and no coin: "claimed:usd".
func Asset(unit string) chains.Asset {
	return chains.Asset(chains.ClaimedPrefix + strings.ToLower(unit))
}

// LineError says which line of a file is wrong.
type LineError struct {
	Line   int
	Column string // "" for the line as a whole
	Reason string
}

// Error names line and column.
func (e *LineError) Error() string {
	if e.Column == "" {
		return fmt.Sprintf("line %d: %s", e.Line, e.Reason)
	}
	return fmt.Sprintf("line %d, column %q: %s", e.Line, e.Column, e.Reason)
}

// row is one transfer of a file.
type row struct {
	line     int
	hash     chains.TxID
	hashed   bool
	height   int64
	located  bool
	index    int // in the block; unplaced
	unix     int64
	from, to chains.Address
	asset    chains.Asset
	symbol   string
	units    chains.Amount
	fee      chains.Amount
	failed   bool
}

// Read reads a file: CSV with a header, or a JSON object in each line. An error is a
// *LineError, or says what the file lacks as a whole; then nothing of it is taken.
func Read(data []byte, o Options) (*File, error) {
	if o.Chain.Info().Family != chains.FamilyEVM {
		return nil, fmt.Errorf("%s: transfers between accounts are read for chains of accounts, and this one keeps value in outputs: %w", o.Chain, chains.ErrUnsupported)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	table, err := read(data)
	if err != nil {
		return nil, err
	}
	cols, err := recognise(table.header, o)
	if err != nil {
		return nil, err
	}
	scales, err := cols.scales(table, o)
	if err != nil {
		return nil, err
	}
	f := &File{Form: cols.form(), Tokens: scales.tokens, Remarks: scales.remarks}
	rows := make([]row, 0, len(table.rows))
	for _, cells := range table.rows {
		r, err := cols.row(cells, scales, o)
		if err != nil {
			return nil, err
		}
		switch {
		case r.failed:
			f.Failed++
		case r.units.IsZero() || r.to == "":
			f.Empty++
		default:
			f.Rows++
		}
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		return nil, errors.New("the file has a header and no transfers")
	}
	f.collect(rows)
	return f, nil
}

// collect makes transactions of the rows.
func (f *File) collect(rows []row) {
	if first, last := &rows[0], &rows[len(rows)-1]; last.unix < first.unix {
		slices.Reverse(rows) // explorers list the latest first
	}
	at := map[chains.TxID]int{}
	alike := map[chains.TxID]int{}
	for i := range rows {
		r := &rows[i]
		if !r.hashed {
			f.NoHash++
			first := madeUp(r, 0)
			r.hash = madeUp(r, alike[first])
			alike[first]++
		}
		if !r.located {
			f.NoHeight++
		}
		n, known := at[r.hash]
		if !known {
			n = len(f.Txs)
			at[r.hash] = n
			f.Txs = append(f.Txs, chains.Tx{
				ID: r.hash, Block: chains.BlockRef{Height: r.height, Time: r.unix}, Index: r.index,
				Evidence: chains.EvidenceImported, Exec: &chains.Execution{},
			})
		}
		f.Txs[n].Index = max(f.Txs[n].Index, r.index)
		add(f.Txs[n].Exec, r)
	}
	inOrder(f.Txs)
}

// add lets the transaction say what r does.
func add(e *chains.Execution, r *row) {
	paid := slices.ContainsFunc(e.Moves, func(m chains.Move) bool { return m.Kind == chains.MoveFee })
	if !r.fee.IsZero() && !paid {
		e.Sender = r.from
		e.Moves = slices.Insert(e.Moves, 0, chains.Move{
			Kind: chains.MoveFee, Asset: chains.Native, From: r.from, Amount: r.fee, Index: uint32(r.line), Evidence: chains.EvidenceImported,
		})
	}
	e.Failed = e.Failed || r.failed
	if r.failed || r.units.IsZero() || r.to == "" {
		return
	}
	e.Moves = append(e.Moves, chains.Move{
		Kind: chains.MoveImported, Asset: r.asset, From: r.from, To: r.to, Amount: r.units,
		Index: uint32(r.line), Evidence: chains.EvidenceImported,
	})
}

// madeUp names a transfer whose transaction the file does not name, by what its row says and how
// many rows before it say the same: the same list in two files names the same transfers.
func madeUp(r *row, before int) chains.TxID {
	return sha256.Sum256(fmt.Appendf(nil, "clew.import/1 %d %d %d %x %x %s %s", before, r.unix, r.height, r.from, r.to, r.asset, r.units))
}

package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"clew/chains"
)

// Span is a range of heights that was read whole, both ends included.
type Span = chains.Span

// spanRow is a span as it is stored.
type spanRow struct {
	Span
	unresolved bool // some input was stored without its spent output
}

// BlockInfo is a block without its transactions.
type BlockInfo struct {
	Ref    chains.BlockRef
	Prev   chains.BlockHash
	Header []byte // consensus bytes; nil where only the links were asked for
	Txs    int    // number of transactions
	Stale  bool   // it left the main chain
}

// Spans returns what was read of chain, in order of height. Spans never touch: between two
// of them at least one block is missing. Empty: nothing was read.
func (s *Store) Spans(ctx context.Context, chain chains.Chain) (spans []Span, err error) {
	err = s.read(ctx, func(c *conn) error {
		no, err := findChain(c, chain)
		if errors.Is(err, chains.ErrNotFound) {
			return nil
		}
		if err == nil {
			spans, err = readSpans(c, no)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("spans of %s: %w", chain, err)
	}
	return spans, nil
}

func readSpans(c *conn, no int64) ([]Span, error) {
	rows, err := spanRows(c, no)
	spans := make([]Span, len(rows))
	for i, row := range rows {
		spans[i] = row.Span
	}
	return spans, err
}

func spanRows(c *conn, no int64) (rows []spanRow, err error) {
	err = sqlitex.Execute(c.Conn, `SELECT from_height, to_height, unresolved FROM span WHERE chain_no = ? ORDER BY from_height`, &sqlitex.ExecOptions{
		Args: []any{no},
		ResultFunc: func(st *sqlite.Stmt) error {
			rows = append(rows, spanRow{Span{From: st.ColumnInt64(0), To: st.ColumnInt64(1)}, st.ColumnInt64(2) != 0})
			return nil
		},
	})
	return rows, err
}

// spanNames writes spans as "560062–560071, 560100–560110" for people.
func spanNames(spans []Span) string {
	if len(spans) == 0 {
		return "nothing"
	}
	text := ""
	for i, sp := range spans {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%d–%d", sp.From, sp.To)
	}
	return text
}

// chainRead runs f with a reader of chain in one snapshot.
func (s *Store) chainRead(ctx context.Context, chain chains.Chain, f func(*reader) error) error {
	return s.read(ctx, func(c *conn) error {
		r, err := newReader(c, s.hash, chain)
		if err != nil {
			return err
		}
		return f(r)
	})
}

const sqlBlockInfo = `SELECT pos, hash, prev, time_unix_s, txs, header FROM block WHERE `

// Block returns the block of the main chain at height. chains.ErrIncomplete if the height
// was not read.
func (s *Store) Block(ctx context.Context, chain chains.Chain, height int64) (b BlockInfo, err error) {
	err = s.chainRead(ctx, chain, func(r *reader) error {
		if err := checkHeight(height); err != nil {
			return err
		}
		found, err := readBlock(r.c, &b, sqlBlockInfo+`pos = ?`, blockPlace(r.no, height))
		if err != nil || found {
			return err
		}
		spans, err := readSpans(r.c, r.no)
		if err != nil {
			return err
		}
		return fmt.Errorf("%w: the store has %s", chains.ErrIncomplete, spanNames(spans))
	})
	if err != nil {
		return BlockInfo{}, fmt.Errorf("%s block %d: %w", chain, height, err)
	}
	return b, nil
}

// BlockByHash returns the block with the given hash, Stale if it left the main chain.
// chains.ErrNotFound if the store does not have it.
func (s *Store) BlockByHash(ctx context.Context, chain chains.Chain, hash chains.BlockHash) (b BlockInfo, err error) {
	err = s.chainRead(ctx, chain, func(r *reader) error {
		found, err := readBlock(r.c, &b, sqlBlockInfo+`hash = ? AND pos >= ? AND pos < ?`, hash[:], blockPlace(r.no, 0), chainEnd(r.no))
		if err != nil || found {
			return err
		}
		found, err = readBlock(r.c, &b, `SELECT height << 24, hash, prev, time_unix_s, txs, header FROM stale_block WHERE hash = ? AND chain_no = ?`, hash[:], r.no)
		if err != nil {
			return err
		}
		if !found {
			return chains.ErrNotFound
		}
		b.Stale = true
		return nil
	})
	if err != nil {
		return BlockInfo{}, fmt.Errorf("%s block %s: %w", chain, hash, err)
	}
	return b, nil
}

// readBlock reads the first row of a query for a block's columns.
func readBlock(c *conn, b *BlockInfo, sql string, args ...any) (found bool, err error) {
	err = sqlitex.Execute(c.Conn, sql, &sqlitex.ExecOptions{
		Args: args,
		ResultFunc: func(st *sqlite.Stmt) error {
			if !found {
				*b, found = blockInfo(st), true
			}
			return nil
		},
	})
	return found, err
}

// blockInfo reads pos, hash, prev, time, txs, header from the current row.
func blockInfo(st *sqlite.Stmt) BlockInfo {
	b := BlockInfo{Txs: st.ColumnInt(4), Header: columnBytes(st, 5)}
	b.Ref = chains.BlockRef{Height: heightOf(st.ColumnInt64(0)), Time: st.ColumnInt64(3)}
	st.ColumnBytes(1, b.Ref.Hash[:])
	st.ColumnBytes(2, b.Prev[:])
	return b
}

// Tx returns the transaction id of the main chain. Where two coinbases share a txid (Bitcoin
// before BIP 30), it is the first. chains.ErrNotFound if the ranges read do not have it.
func (s *Store) Tx(ctx context.Context, chain chains.Chain, id chains.TxID) (t *chains.Tx, err error) {
	err = s.chainRead(ctx, chain, func(r *reader) error {
		pos, body, err := r.findBody(&id, blockPlace(r.no, 0), chainEnd(r.no))
		if err != nil {
			return err
		}
		t = new(chains.Tx)
		if err := decodeBody(string(body), t); err != nil {
			return err
		}
		return r.complete(pos, t)
	})
	if err != nil {
		return nil, fmt.Errorf("read %s transaction %s: %w", chain, id, err)
	}
	return t, nil
}

// Spender returns the transaction of the main chain that spends o, and the index of the
// input that does. chains.ErrNotFound if none of the ranges read spends it.
func (s *Store) Spender(ctx context.Context, chain chains.Chain, o chains.OutPoint) (t *chains.Tx, input int, err error) {
	err = s.chainRead(ctx, chain, func(r *reader) error {
		var pos place
		if pos, t, err = r.spender(o); err != nil {
			return err
		}
		input = spends(t, o)
		return r.complete(pos, t)
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read %s spender of %s: %w", chain, o, err)
	}
	return t, input, nil
}

// After is where a page of AddressTxs begins: behind the transaction at Index of the block
// at Height. Start is before the first.
type After struct {
	Height int64
	Index  int
}

// Start is the After of a first page.
var Start = After{Height: -1}

// AddressTxs returns, in chain order, up to limit transactions behind after that pay to a or
// spend from it. Fewer than limit: there are no more in the ranges read.
func (s *Store) AddressTxs(ctx context.Context, chain chains.Chain, a chains.Address, after After, limit int) (ts []*chains.Tx, err error) {
	err = s.chainRead(ctx, chain, func(r *reader) error {
		cur := newCursor(r, a, blockPlace(r.no, max(after.Height, 0))-1, chainEnd(r.no))
		for len(ts) < limit {
			pos, ok, err := cur.next()
			if err != nil || !ok {
				return err
			}
			t, err := r.tx(pos)
			if err != nil {
				return err
			}
			if t.Block.Height == after.Height && t.Index <= after.Index || !touches(t, a) {
				continue
			}
			ts = append(ts, t)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read %s transactions of an address: %w", chain, err)
	}
	return ts, nil
}

// touches reports whether t pays to a or spends from it, or a signed it.
func touches(t *chains.Tx, a chains.Address) bool {
	if t.Exec != nil {
		return t.Exec.Touches(a)
	}
	return slices.ContainsFunc(t.Outputs, func(o chains.Output) bool { return o.Address == a }) ||
		slices.ContainsFunc(t.Inputs, func(in chains.Input) bool { return in.Known && in.Spent.Address == a })
}

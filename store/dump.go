package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"clew/chains"
)

// Dump writes the facts of the main chains as text, without anything that depends on how
// they came here: two stores hold the same facts if and only if their dumps are equal.
// Chains are ordered by name, blocks by height, transactions by position. History is not in
// it (DumpHistory), nor traces, nor the log.
func (s *Store) Dump(ctx context.Context, w io.Writer) error {
	return s.dump(ctx, w, dumpChain)
}

// DumpHistory writes the blocks that left the main chain and their transactions, in the
// form of Dump, by height, then hash.
func (s *Store) DumpHistory(ctx context.Context, w io.Writer) error {
	return s.dump(ctx, w, dumpStale)
}

func (s *Store) dump(ctx context.Context, w io.Writer, each func(*reader, *bufio.Writer) error) error {
	out := bufio.NewWriterSize(w, 1<<16)
	err := s.readLong(ctx, func(c *conn) error {
		names, err := chainNames(c)
		if err != nil {
			return err
		}
		slices.Sort(names)
		for _, name := range names {
			r, err := newReader(c, s.hash, name)
			if err != nil {
				return err
			}
			if err := each(r, out); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	})
	if err = errors.Join(err, out.Flush()); err != nil {
		return fmt.Errorf("dump store %s: %w", s.path, err)
	}
	return nil
}

func chainNames(c *conn) (names []chains.Chain, err error) {
	err = sqlitex.Execute(c.Conn, `SELECT name FROM chain ORDER BY chain_no`, &sqlitex.ExecOptions{
		ResultFunc: func(st *sqlite.Stmt) error {
			names = append(names, chains.Chain(st.ColumnText(0)))
			return nil
		},
	})
	return names, err
}

func dumpChain(r *reader, w *bufio.Writer) error {
	spans, err := readSpans(r.c, r.no)
	if err != nil || len(spans) == 0 {
		return err
	}
	fmt.Fprintf(w, "chain %s\n", r.chain)
	for _, sp := range spans {
		fmt.Fprintf(w, "span %d %d\n", sp.From, sp.To)
	}
	return r.eachBlock(func(b *BlockInfo) error {
		dumpBlock(w, b)
		joins, err := r.joinsOf(b.Ref.Height)
		if err != nil {
			return err
		}
		return r.eachTx(b.Ref, func(pos place, t *chains.Tx) error {
			dumpTx(w, t)
			return dumpJoins(w, r, t, joins.at[pos])
		})
	})
}

func dumpStale(r *reader, w *bufio.Writer) error {
	blocks, err := staleBlocks(r)
	if err != nil || len(blocks) == 0 {
		return err
	}
	fmt.Fprintf(w, "history of %s\n", r.chain)
	for i := range blocks {
		dumpBlock(w, &blocks[i])
		ts, err := staleTxs(r, blocks[i].Ref.Hash)
		if err != nil {
			return err
		}
		for j := range ts {
			dumpTx(w, &ts[j])
		}
	}
	return nil
}

func dumpBlock(w *bufio.Writer, b *BlockInfo) {
	fmt.Fprintf(w, "block %d %s prev %s time %d txs %d header %x\n", b.Ref.Height, b.Ref.Hash, b.Prev, b.Ref.Time, b.Txs, b.Header)
}

func dumpTx(w *bufio.Writer, t *chains.Tx) {
	kind := "tx"
	if t.Coinbase {
		kind = "coinbase"
	}
	fmt.Fprintf(w, "%s %s index %d version %d locktime %d %s\n", kind, t.ID, t.Index, t.Version, t.LockTime, t.Evidence)
	if t.Exec != nil {
		dumpExec(w, t.Exec)
	}
	for i := range t.Inputs {
		in := &t.Inputs[i]
		fmt.Fprintf(w, "in %s sequence %d", in.Prev, in.Sequence)
		dumpSigned(w, &in.Signed)
		if in.Known {
			dumpOutput(w, &in.Spent)
		} else {
			fmt.Fprintf(w, " unknown\n")
		}
	}
	for i := range t.Outputs {
		fmt.Fprintf(w, "out")
		dumpOutput(w, &t.Outputs[i])
	}
}

// dumpSigned writes what script and witness of an input show, and nothing where they were not read.
func dumpSigned(w *bufio.Writer, s *chains.Signed) {
	if *s == (chains.Signed{}) {
		return
	}
	fmt.Fprintf(w, " signed %02x", byte(s.Form))
	if s.N != 0 {
		fmt.Fprintf(w, " %d of %d", s.M, s.N)
	}
	if s.Wraps != "" {
		fmt.Fprintf(w, " wraps %x", string(s.Wraps))
	}
}

func dumpOutput(w *bufio.Writer, o *chains.Output) {
	token := ""
	if o.Token {
		token = " with a token"
	}
	if o.Data != 0 {
		token += fmt.Sprintf(" data of %d bytes", o.Data)
	}
	fmt.Fprintf(w, " %d %s %x%s\n", o.Value, o.Type, string(o.Address), token)
}

// readLong runs f on a connection of its own, in one snapshot: for what takes long.
func (s *Store) readLong(ctx context.Context, f func(*conn) error) error {
	c, err := openConn(ctx, s.path, sqlite.OpenReadOnly, cacheSource)
	if err != nil {
		return err
	}
	c.SetInterrupt(ctx.Done())
	if err = begin(c); err == nil {
		err = f(c)
	}
	return errors.Join(mapErr(ctx, err), c.Close())
}

// eachBlock calls f for the blocks of the main chain, by height. f may use r.
func (r *reader) eachBlock(f func(*BlockInfo) error) error {
	next := blockPlace(r.no, 0)
	for {
		var page []BlockInfo
		err := sqlitex.Execute(r.c.Conn, sqlBlockInfo+`pos >= ? AND pos < ? ORDER BY pos LIMIT 256`, &sqlitex.ExecOptions{
			Args: []any{next, chainEnd(r.no)},
			ResultFunc: func(st *sqlite.Stmt) error {
				next = st.ColumnInt64(0) + 1
				page = append(page, blockInfo(st))
				return nil
			},
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for i := range page {
			if err := f(&page[i]); err != nil {
				return err
			}
		}
	}
}

// eachTx calls f for the transactions of a block of the main chain, by position, with their
// places, and with spent outputs where the store knows them. f may use r.
func (r *reader) eachTx(b chains.BlockRef, f func(place, *chains.Tx) error) error {
	places, err := placesBetween(r.c, blockPlace(r.no, b.Height), blockPlace(r.no, b.Height+1))
	if err != nil {
		return err
	}
	for _, pos := range places {
		t, err := r.rawTx(pos)
		if err != nil {
			return err
		}
		t.Block = b
		if err := r.resolve(pos, t); err != nil {
			return err
		}
		if err := f(pos, t); err != nil {
			return err
		}
	}
	return nil
}

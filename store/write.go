package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"

	"zombiezen.com/go/sqlite"

	"clew/chains"
)

// writeBatch writes segments, which are in order of height, in one transaction. The caller
// holds s.mu.
func (s *Store) writeBatch(ctx context.Context, chain chains.Chain, no int64, batch []*segment) error {
	return s.transact(ctx, false, func(c *conn) error {
		r, err := readerOf(c, s.hash, chain, no)
		if err != nil {
			return err
		}
		for _, g := range batch {
			if len(g.blocks) == 0 {
				continue
			}
			if err := writeSegment(r, g); err != nil {
				return err
			}
		}
		return nil
	})
}

// writeSegment writes rows in the order of their keys, table by table.
func writeSegment(r *reader, g *segment) error {
	if err := settle(r, g); err != nil {
		return err
	}
	if err := writeTxs(r.c, g.txs); err != nil {
		return err
	}
	if err := writeBlocks(r, g); err != nil {
		return err
	}
	if err := writeJoins(r, g); err != nil {
		return err
	}
	sortPostings(g.refs)
	if err := writeRun(r.c, r.no, byTxID, g.refs); err != nil {
		return err
	}
	if err := r.loadRuns(); err != nil {
		return err
	}
	if err := enlighten(r, g); err != nil {
		return err
	}
	sortPostings(g.addrs)
	g.addrs = mergeRoles(g.addrs)
	if err := writeRun(r.c, r.no, byAddress, g.addrs); err != nil {
		return err
	}
	return widenSpan(r, g)
}

// settle packs the transactions that wait for outputs from the store.
func settle(r *reader, g *segment) error {
	order := make([]int, 0, len(g.waiting))
	for i := range g.waiting {
		order = append(order, i)
	}
	sort.Ints(order)
	for _, i := range order {
		t, pos := g.waiting[i], g.txs[i].pos
		if err := r.resolve(pos, t); err != nil {
			return err
		}
		for j := range t.Inputs {
			g.unresolved = g.unresolved || !t.Inputs[j].Known
		}
		g.txs[i].body = g.bodies.keep(appendBody(nil, t))
		g.post(r.hash, pos, t)
	}
	return nil
}

func writeTxs(c *conn, txs []txRow) error {
	b, err := newBulk(c, `INSERT INTO tx (pos, body) VALUES `)
	if err != nil {
		return err
	}
	for i := range txs {
		if err := b.row(txs[i].pos, txs[i].body); err != nil {
			return err
		}
	}
	return b.finish()
}

func writeBlocks(r *reader, g *segment) error {
	st, err := r.c.prepared(`INSERT INTO block (pos, hash, prev, time_unix_s, txs, header) VALUES (?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	for i := range g.blocks {
		b := &g.blocks[i]
		st.BindInt64(1, blockPlace(r.no, b.ref.Height))
		st.BindBytes(2, b.ref.Hash[:])
		st.BindBytes(3, b.prev[:])
		st.BindInt64(4, b.ref.Time)
		st.BindInt64(5, int64(b.txs))
		st.BindBytes(6, b.header)
		if err := insert(st); err != nil {
			return err
		}
		if err := forgetStale(r, b.ref.Hash); err != nil {
			return err
		}
	}
	return nil
}

// forgetStale takes a block that is in the main chain again from those that left it.
func forgetStale(r *reader, hash chains.BlockHash) error {
	st, err := r.c.prepared(`DELETE FROM stale_block WHERE chain_no = ? AND hash = ?`)
	if err != nil {
		return err
	}
	st.BindInt64(1, r.no)
	st.BindBytes(2, hash[:])
	return insert(st)
}

// insert runs a statement that changes rows and gives none.
func insert(st *sqlite.Stmt) error {
	_, err := st.Step()
	return errors.Join(err, st.Reset())
}

// enlighten adds to the postings of g what transactions above g spend from addresses that
// only g tells: those whose inputs were stored without the output that they spend.
func enlighten(r *reader, g *segment) error {
	late, err := number(r.c, `SELECT count(*) FROM span WHERE chain_no = ? AND from_height > ? AND unresolved`, r.no, g.to())
	if err != nil || late == 0 {
		return err
	}
	end := blockPlace(r.no, g.to()+1)
	var told []place // of transactions that have one more input known
	for i := range g.txs {
		var t chains.Tx
		if err := decodeBody(string(g.txs[i].body), &t); err != nil {
			return err
		}
		ps, err := r.mentions(&t.ID)
		if err != nil {
			return err
		}
		for _, p := range slices.Clone(ps) {
			if p.pos < end || p.tag == tagSelf {
				continue
			}
			known, err := enlightenOne(r, g, &t, p)
			if err != nil {
				return err
			}
			if known {
				told = append(told, p.pos)
			}
		}
	}
	return joinLate(r, told)
}

// enlightenOne adds the posting of one spender of t, and reports whether its input was not known.
func enlightenOne(r *reader, g *segment, t *chains.Tx, p posting) (bool, error) {
	out := chains.OutPoint{Tx: t.ID, Index: p.tag - 1}
	spender, err := r.rawTx(p.pos)
	if err != nil {
		return false, err
	}
	i := spends(spender, out)
	if i < 0 || spender.Inputs[i].Known {
		return false, nil
	}
	if int64(out.Index) >= int64(len(t.Outputs)) {
		return false, fmt.Errorf("%s, which %s spends, has no such output: %w", out, spender.ID, chains.ErrBadAnswer)
	}
	if a := t.Outputs[out.Index].Address; a != "" {
		g.addrs = append(g.addrs, posting{r.hash.address(a), p.pos, tagSpends})
	}
	return true, nil
}

// widenSpan adds the heights of g to the spans, which stay apart from each other.
func widenSpan(r *reader, g *segment) error {
	from, to, unresolved := g.from, g.to(), g.unresolved
	spans, err := spanRows(r.c, r.no)
	if err != nil {
		return err
	}
	for _, sp := range spans {
		if sp.To+1 != g.from && sp.From-1 != g.to() {
			continue
		}
		from, to, unresolved = min(from, sp.From), max(to, sp.To), unresolved || sp.unresolved
		if err := deleteSpan(r.c, r.no, sp.From); err != nil {
			return err
		}
	}
	return insertSpan(r.c, r.no, spanRow{Span{From: from, To: to}, unresolved})
}

func deleteSpan(c *conn, no, from int64) error {
	_, err := number(c, `DELETE FROM span WHERE chain_no = ? AND from_height = ?`, no, from)
	return err
}

func insertSpan(c *conn, no int64, sp spanRow) error {
	flag := 0
	if sp.unresolved {
		flag = 1
	}
	_, err := number(c, `INSERT INTO span (chain_no, from_height, to_height, unresolved) VALUES (?, ?, ?, ?)`, no, sp.From, sp.To, flag)
	return err
}

package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"clew/chains"
	"clew/store/internal/engine"
)

// Problem is something that Check found wrong.
type Problem struct {
	Where string // a chain and height, a table, a trace
	What  string
}

// String returns "where: what".
func (p Problem) String() string { return p.Where + ": " + p.What }

// maxProblems is how many problems of one kind Check lists before it goes on to the next.
const maxProblems = 20

// Check reads the whole store and returns what contradicts itself: the file's pages, spans
// with missing or unlinked blocks, transactions that are missing, misplaced or spend what is
// spent already, inputs whose spent output is not what the store has, indexes that lead
// elsewhere than the transactions, history, traces, labels and the log. An empty list means that all
// of it was read and agrees; an error means that it could not be read.
//
// It takes a few minutes for each ten million transactions, and sees the store as it was
// when it began.
func (s *Store) Check(ctx context.Context) ([]Problem, error) {
	k := &checker{}
	err := s.readLong(ctx, func(c *conn) error {
		if err := k.pages(c); err != nil {
			return err
		}
		names, err := chainNames(c)
		if err != nil {
			return err
		}
		for _, name := range names {
			r, err := newReader(c, s.hash, name)
			if err != nil {
				return err
			}
			if err := k.chain(r); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return k.results(c)
	})
	if (errors.Is(err, ErrDamaged) || errors.Is(err, chains.ErrBadAnswer)) && ctx.Err() == nil {
		k.found("store", "%v", err)
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("check store %s: %w", s.path, err)
	}
	return k.problems, nil
}

// checker gathers problems.
type checker struct {
	problems []Problem
	counts   map[string]int // by format
}

func (k *checker) found(where, format string, args ...any) {
	if k.counts == nil {
		k.counts = map[string]int{}
	}
	k.counts[format]++
	switch n := k.counts[format]; {
	case n <= maxProblems:
		k.problems = append(k.problems, Problem{where, fmt.Sprintf(format, args...)})
	case n == maxProblems+1:
		k.problems = append(k.problems, Problem{where, "and more of this kind"})
	}
}

// pages lets SQLite check the file itself.
func (k *checker) pages(c *conn) error {
	return engine.Pages(c.Conn, func(text string) { k.found("file", "%s", text) })
}

// chain checks the facts of one chain.
func (k *checker) chain(r *reader) error {
	if err := k.spans(r); err != nil {
		return err
	}
	var want [runKinds]indexSum
	err := r.eachBlock(func(b *BlockInfo) error {
		if err := k.joins(r, b); err != nil {
			return err
		}
		return k.block(r, b, &want)
	})
	if err != nil {
		return err
	}
	if err := errors.Join(k.strays(r), k.strayJoins(r), k.base(r)); err != nil {
		return err
	}
	for i := range want {
		kind := runKind(i)
		have, err := k.scanIndex(r, kind)
		if err != nil {
			return err
		}
		if have == want[i] {
			continue
		}
		k.found(fmt.Sprintf("%s %s", r.chain, kind), "%d entries, and the transactions call for %d, or others", have.n, want[i].n)
		if err := k.findMissing(r, kind); err != nil {
			return err
		}
	}
	return k.history(r)
}

// spans compares the spans with the blocks and the links between them.
func (k *checker) spans(r *reader) error {
	spans, err := readSpans(r.c, r.no)
	if err != nil {
		return err
	}
	where := string(r.chain)
	for i := 1; i < len(spans); i++ {
		if spans[i].From <= spans[i-1].To+1 {
			k.found(where, "spans %d–%d and %d–%d touch", spans[i-1].From, spans[i-1].To, spans[i].From, spans[i].To)
		}
	}
	next := make([]int64, len(spans)) // the height that each span expects
	for i, sp := range spans {
		next[i] = sp.From
	}
	var before BlockInfo
	err = r.eachBlock(func(b *BlockInfo) error {
		h := b.Ref.Height
		i := slices.IndexFunc(spans, func(sp Span) bool { return sp.From <= h && h <= sp.To })
		if i < 0 {
			k.found(where, "block %d lies outside of the spans", h)
			return nil
		}
		if h != next[i] {
			k.found(where, "blocks %d to %d are missing", next[i], h-1)
		} else if h > spans[i].From && b.Prev != before.Ref.Hash {
			k.found(where, "block %d names %s as the block before, and %d is %s", h, b.Prev, h-1, before.Ref.Hash)
		}
		next[i], before = h+1, *b
		return nil
	})
	for i, sp := range spans {
		if next[i] <= sp.To {
			k.found(where, "blocks %d to %d are missing", next[i], sp.To)
		}
	}
	return err
}

// block checks the transactions of a block and adds the index entries that they call for.
func (k *checker) block(r *reader, b *BlockInfo, want *[runKinds]indexSum) error {
	where := fmt.Sprintf("%s block %d", r.chain, b.Ref.Height)
	expected, n := blockPlace(r.no, b.Ref.Height), 0
	err := r.eachTx(b.Ref, func(pos place, t *chains.Tx) error {
		if pos != expected || t.Index != n {
			k.found(where, "transaction %s stands at index %d, ordinal %d; want %d, %d", t.ID, t.Index, pos&maxOrdinal, n, expected&maxOrdinal)
		}
		if t.Exec != nil {
			k.exec(where, b, t)
		}
		n++
		expected = pos + ordinals(len(t.Outputs))
		for i, ps := range wantedPostings(r, pos, t) {
			for _, p := range ps {
				want[i].add(p)
			}
		}
		return k.inputs(r, where, pos, t)
	})
	if n != b.Txs {
		k.found(where, "%d transactions; the block has %d", n, b.Txs)
	}
	return err
}

// inputs compares the spent outputs of t with the transactions that made them.
func (k *checker) inputs(r *reader, where string, pos place, t *chains.Tx) error {
	for i := range t.Inputs {
		in := &t.Inputs[i]
		out, err := r.output(in.Prev, pos)
		switch {
		case errors.Is(err, chains.ErrNotFound):
		case errors.Is(err, chains.ErrBadAnswer):
			k.found(where, "input %d of %s: %v", i, t.ID, err)
		case err != nil:
			return err
		case out.Value != in.Spent.Value || out.Address != in.Spent.Address || out.Type != in.Spent.Type:
			k.found(where, "input %d of %s spends %d; %s has %d, or another script", i, t.ID, in.Spent.Value, in.Prev, out.Value)
		}
	}
	return nil
}

// strays looks for transactions outside of every block.
func (k *checker) strays(r *reader) error {
	n, err := number(r.c, `SELECT count(*) FROM tx WHERE pos >= ? AND pos < ?
		AND NOT EXISTS (SELECT 1 FROM block WHERE block.pos = tx.pos >> 24 << 24)`, blockPlace(r.no, 0), chainEnd(r.no))
	if n > 0 {
		k.found(string(r.chain), "%d transactions belong to no block", n)
	}
	return err
}

// history reads every block that left the main chain.
func (k *checker) history(r *reader) error {
	blocks, err := staleBlocks(r)
	if err != nil {
		return err
	}
	for i := range blocks {
		b := &blocks[i]
		where := fmt.Sprintf("%s history, block %s", r.chain, b.Ref.Hash)
		ts, err := staleTxs(r, b.Ref.Hash)
		switch {
		case errors.Is(err, ErrDamaged):
			k.found(where, "%v", err)
		case err != nil:
			return err
		case len(ts) != b.Txs:
			k.found(where, "%d transactions; the block has %d", len(ts), b.Txs)
		}
	}
	return nil
}

// results reads every trace, the labels and the log, and looks for rows of runs that are none.
func (k *checker) results(c *conn) error {
	strays, err := number(c, `SELECT count(*) FROM posting WHERE id >> ? NOT IN (SELECT run_no FROM run)`, keyBits+partBits)
	if err != nil {
		return err
	}
	if strays > 0 {
		k.found("indexes", "%d rows belong to no run", strays)
	}
	err = sqlitex.Execute(c.Conn, sqlTrace, &sqlitex.ExecOptions{
		ResultFunc: func(st *sqlite.Stmt) error {
			if _, _, err := traceRow(st); err != nil {
				k.found("trace "+st.ColumnText(0), "%v", err)
			}
			return nil
		},
	})
	if err == nil {
		err = k.labels(c)
	}
	if err != nil {
		return err
	}
	_, err = readLog(c)
	if errors.Is(err, ErrDamaged) {
		k.found("log", "%v", err)
		return nil
	}
	return err
}

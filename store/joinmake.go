package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"clew/chains"
	"clew/heuristics"
)

// makeBatch is the number of transactions whose joins are made in one transaction of the store.
const makeBatch = SuggestedBatch

// MissingJoins returns how many blocks of the chain have no joins by this version of the rules: all
// that an older version of the program read.
func (s *Store) MissingJoins(ctx context.Context, chain chains.Chain) (n int64, err error) {
	err = s.readLong(ctx, func(c *conn) error {
		no, err := findChain(c, chain)
		if err != nil || !keepsJoins(chain) {
			return err
		}
		missing, err := missingJoins(c, no)
		n = int64(len(missing))
		return err
	})
	if err != nil && !errors.Is(err, chains.ErrNotFound) {
		return 0, fmt.Errorf("blocks of %s without joins: %w", chain, err)
	}
	return n, nil
}

// MakeJoins makes the joins that MissingJoins counts, from the transactions that are stored, and
// tells progress how many blocks are done. It may be interrupted, and goes on there. Old bodies say
// nothing of scripts inside of others, so that no address is joined by these.
// ErrLocked while a sync runs.
func (s *Store) MakeJoins(ctx context.Context, chain chains.Chain, progress func(done, of int64)) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() {
		if err != nil {
			err = fmt.Errorf("make the joins of %s: %w", chain, err)
		}
	}()
	if s.lock == nil {
		if err := s.lockWriter(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.unlockWriter()) }()
	}
	var todo []place
	err = s.transact(ctx, false, func(c *conn) error {
		no, err := findChain(c, chain)
		if err == nil && keepsJoins(chain) {
			todo, err = missingJoins(c, no)
		}
		return err
	})
	for done := 0; err == nil && done < len(todo); {
		err = s.transact(ctx, false, func(c *conn) error {
			r, err := newReader(c, s.hash, chain)
			for txs := 0; err == nil && done < len(todo) && txs < makeBatch; done++ {
				var n int
				n, err = makeJoins(r, todo[done])
				txs += n
			}
			return err
		})
		progress(int64(done), int64(len(todo)))
	}
	return err
}

// missingJoins returns the places of the blocks without joins of this version.
func missingJoins(c *conn, no int64) (missing []place, err error) {
	version := binary.AppendUvarint(nil, uint64(len(heuristics.JoinVersion)))
	version = append(version, heuristics.JoinVersion...)
	st, err := c.prepared(`SELECT pos FROM block AS b WHERE pos >= ?1 AND pos < ?2 AND (
		NOT EXISTS (SELECT 1 FROM joins WHERE pos = b.pos) OR
		EXISTS (SELECT 1 FROM joins WHERE pos >= b.pos AND pos <= b.pos + ?5 AND substr(entries, 1, ?3) <> ?4)) ORDER BY pos`)
	if err != nil {
		return nil, err
	}
	st.BindInt64(1, blockPlace(no, 0))
	st.BindInt64(2, chainEnd(no))
	st.BindInt64(3, int64(len(version)))
	st.BindBytes(4, version)
	st.BindInt64(5, maxOrdinal)
	for {
		found, err := st.Step()
		if err != nil || !found {
			return missing, errors.Join(err, st.Reset())
		}
		missing = append(missing, st.ColumnInt64(0))
	}
}

// makeJoins writes the joins of the block at begin, and returns the number of its transactions.
func makeJoins(r *reader, begin place) (txs int, err error) {
	ref, err := r.blockRef(heightOf(begin))
	if err != nil {
		return 0, err
	}
	if err := dropJoins(r.c, begin, begin+maxOrdinal+1); err != nil {
		return 0, err
	}
	g := newSegment(ref.Height)
	g.blocks = append(g.blocks, blockRow{ref: ref})
	err = r.eachTx(ref, func(pos place, t *chains.Tx) error {
		txs++
		g.join(r.hash, pos, t)
		return nil
	})
	if err != nil {
		return 0, err
	}
	return txs, writeJoins(r, g)
}

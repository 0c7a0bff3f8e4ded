package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/klauspost/compress/zstd"

	"clew/chains"
)

// Rewind takes every block above height from the main chain, in one transaction, and keeps
// it as history (Stale, StaleTxs). −1 takes all. What the open Loader has gathered is
// dropped. It returns the number of blocks taken. ErrLocked while another process loads.
func (s *Store) Rewind(ctx context.Context, chain chains.Chain, height int64) (blocks int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lock == nil {
		if err := s.lockWriter(ctx); err != nil {
			return 0, fmt.Errorf("rewind %s to block %d: %w", chain, height, err)
		}
		defer func() { err = errors.Join(err, s.unlockWriter()) }()
	}
	err = s.transact(ctx, false, func(c *conn) error {
		r, err := newReader(c, s.hash, chain)
		if errors.Is(err, chains.ErrNotFound) {
			return nil
		}
		if err == nil {
			blocks, err = rewind(r, max(height, -1))
		}
		return err
	})
	if err == nil && s.loader != nil && s.loader.chain == chain {
		err = s.loader.reset(ctx)
	}
	if err != nil {
		return 0, fmt.Errorf("rewind %s to block %d: %w", chain, height, err)
	}
	return blocks, nil
}

// reset drops what was gathered, after the store changed under the loader.
func (l *Loader) reset(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.adding = nil
	return l.refresh(ctx)
}

// rewind takes the blocks above height, the highest first.
func rewind(r *reader, height int64) (blocks int, err error) {
	spans, err := spanRows(r.c, r.no)
	if err != nil {
		return 0, err
	}
	zw, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return 0, err
	}
	for _, sp := range slices.Backward(spans) {
		for h := sp.To; h > height && h >= sp.From; h-- {
			if err := takeBlock(r, h, zw); err != nil {
				return 0, fmt.Errorf("block %d: %w", h, err)
			}
			blocks++
		}
		if sp.To <= height {
			continue
		}
		if err := deleteSpan(r.c, r.no, sp.From); err != nil {
			return 0, err
		}
		if sp.From <= height {
			sp.To = height
			if err := insertSpan(r.c, r.no, sp); err != nil {
				return 0, err
			}
		}
	}
	return blocks, nil
}

// takeBlock moves the highest block of the chain to the history.
func takeBlock(r *reader, height int64, zw *zstd.Encoder) error {
	from, to := blockPlace(r.no, height), blockPlace(r.no, height+1)
	places, err := placesBetween(r.c, from, to)
	if err != nil {
		return err
	}
	var bodies, body []byte
	var refs, addrs []posting
	for _, pos := range places {
		t, err := r.rawTx(pos)
		if err != nil {
			return err
		}
		if err := r.resolve(pos, t); err != nil {
			return err
		}
		refs, addrs = appendPostings(r.hash, pos, t, refs, addrs)
		body = appendBody(body[:0], t)
		bodies = binary.AppendUvarint(bodies, uint64(len(body)))
		bodies = append(bodies, body...)
	}
	if err := keepStale(r, from, zw.EncodeAll(bodies, nil)); err != nil {
		return err
	}
	for kind, ps := range [runKinds][]posting{byTxID: refs, byAddress: addrs} {
		sortPostings(ps)
		if err := cutRuns(r, runKind(kind), ps, from); err != nil {
			return err
		}
	}
	delete(r.blocks, height)
	if err := dropJoins(r.c, from, to); err != nil {
		return err
	}
	if _, err := number(r.c, `DELETE FROM tx WHERE pos >= ? AND pos < ?`, from, to); err != nil {
		return err
	}
	_, err = number(r.c, `DELETE FROM block WHERE pos = ?`, from)
	return err
}

// placesBetween returns the places of the transactions in [from, to).
func placesBetween(c *conn, from, to place) (places []place, err error) {
	st, err := c.prepared(`SELECT pos FROM tx WHERE pos >= ? AND pos < ? ORDER BY pos`)
	if err != nil {
		return nil, err
	}
	st.BindInt64(1, from)
	st.BindInt64(2, to)
	for {
		found, err := st.Step()
		if err != nil || !found {
			return places, errors.Join(err, st.Reset())
		}
		places = append(places, st.ColumnInt64(0))
	}
}

// keepStale copies the block at pos to the history. Another history of the same block, from
// an earlier reorganisation, is the same.
func keepStale(r *reader, pos place, bodies []byte) error {
	st, err := r.c.prepared(`INSERT OR REPLACE INTO stale_block (chain_no, hash, height, prev, time_unix_s, txs, header, bodies_zstd)
		SELECT ?, hash, ?, prev, time_unix_s, txs, header, ? FROM block WHERE pos = ?`)
	if err != nil {
		return err
	}
	st.BindInt64(1, r.no)
	st.BindInt64(2, heightOf(pos))
	st.BindBytes(3, bodies)
	st.BindInt64(4, pos)
	return insert(st)
}

// Stale returns the blocks that left the main chain and did not come back, by height, then
// hash.
func (s *Store) Stale(ctx context.Context, chain chains.Chain) (blocks []BlockInfo, err error) {
	err = s.chainRead(ctx, chain, func(r *reader) error {
		blocks, err = staleBlocks(r)
		return err
	})
	if errors.Is(err, chains.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("stale blocks of %s: %w", chain, err)
	}
	return blocks, nil
}

func staleBlocks(r *reader) (blocks []BlockInfo, err error) {
	st, err := r.c.prepared(`SELECT height << 24, hash, prev, time_unix_s, txs, header FROM stale_block WHERE chain_no = ? ORDER BY height, hash`)
	if err != nil {
		return nil, err
	}
	st.BindInt64(1, r.no)
	for {
		found, err := st.Step()
		if err != nil || !found {
			return blocks, errors.Join(err, st.Reset())
		}
		b := blockInfo(st)
		b.Stale = true
		blocks = append(blocks, b)
	}
}

// StaleTxs returns the transactions of a block that left the main chain, in order.
// chains.ErrNotFound if there is no such block in the history.
func (s *Store) StaleTxs(ctx context.Context, chain chains.Chain, hash chains.BlockHash) (ts []chains.Tx, err error) {
	err = s.chainRead(ctx, chain, func(r *reader) error {
		ts, err = staleTxs(r, hash)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("stale block %s of %s: %w", hash, chain, err)
	}
	return ts, nil
}

func staleTxs(r *reader, hash chains.BlockHash) ([]chains.Tx, error) {
	st, err := r.c.prepared(`SELECT height, time_unix_s, bodies_zstd FROM stale_block WHERE chain_no = ? AND hash = ?`)
	if err != nil {
		return nil, err
	}
	st.BindInt64(1, r.no)
	st.BindBytes(2, hash[:])
	found, err := st.Step()
	if err != nil || !found {
		return nil, errors.Join(err, st.Reset(), chains.ErrNotFound)
	}
	ref := chains.BlockRef{Height: st.ColumnInt64(0), Hash: hash, Time: st.ColumnInt64(1)}
	packed := columnBytes(st, 2)
	if err := st.Reset(); err != nil {
		return nil, err
	}
	bodies, err := unzstd(packed)
	if err != nil {
		return nil, damaged("history of block %s: %v", hash, err)
	}
	var ts []chains.Tx
	for len(bodies) > 0 {
		n, size := binary.Uvarint(bodies)
		if size <= 0 || n > uint64(len(bodies)-size) {
			return nil, damaged("history of block %s", hash)
		}
		t := chains.Tx{Block: ref}
		if err := decodeBody(string(bodies[size:size+int(n)]), &t); err != nil {
			return nil, err
		}
		ts, bodies = append(ts, t), bodies[size+int(n):]
	}
	return ts, nil
}

// unzstd decompresses what zstd's EncodeAll made.
func unzstd(b []byte) ([]byte, error) {
	zr, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	defer zr.Close()
	return zr.DecodeAll(b, nil)
}

package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"clew/chains"
	"clew/heuristics"
)

// When a base is made, and where it ends.
type basePolicy struct {
	behind int64 // blocks between its end and the last one that was read
	least  int64 // bytes of rows that are not in the old one
	share  int64 // and of those that are in it, one in so many
}

// clusterPolicy: no reorganisation of the networks that are known was deeper than 100 blocks, and
// below a megabyte of rows, some 80,000 addresses, all are read in a tenth of a second. As a base
// grows by a share, all that is ever written is a few times the last one.
func clusterPolicy() basePolicy { return basePolicy{behind: 100, least: 1 << 20, share: 8} }

// ClustersDue reports whether enough joins came since the base was saved that SaveClusters would
// save another one.
func (s *Store) ClustersDue(ctx context.Context, chain chains.Chain) (due bool, err error) {
	err = s.chainRead(ctx, chain, func(r *reader) error {
		_, due, err = baseDue(r, clusterPolicy())
		return err
	})
	if err != nil && !errors.Is(err, chains.ErrNotFound) {
		return false, fmt.Errorf("whether the clusters of %s are to be saved: %w", chain, err)
	}
	return due, nil
}

// baseDue returns where the next base ends, and whether it is time for it.
func baseDue(r *reader, p basePolicy) (end place, due bool, err error) {
	spans, err := readSpans(r.c, r.no)
	if err != nil || len(spans) == 0 || !keepsJoins(r.chain) {
		return 0, false, err
	}
	end = blockPlace(r.no, max(0, spans[len(spans)-1].To+1-p.behind))
	var have clusterBase
	b, err := readBase(r)
	if err != nil {
		return 0, false, err
	}
	if b != nil {
		have = *b
	} else {
		have.end = blockPlace(r.no, 0)
	}
	more, err := joinBytes(r.c, have.end, end)
	return end, more > max(p.least, have.rowBytes/p.share), err
}

// joinBytes returns the length of the rows of joins in [from, to), which are not read for it.
func joinBytes(c *conn, from, to place) (int64, error) {
	return number(c, `SELECT coalesce(sum(length(entries)), 0) FROM joins WHERE pos >= ? AND pos < ?`, from, to)
}

// SaveClusters saves what the joins make of the addresses, where ClustersDue says so, for those who
// ask for clusters after it. Others may read and write meanwhile; what they change below the end of
// the base, or save themselves, undoes it. Errors: ErrNoJoins; ErrLocked while others write for long.
func (s *Store) SaveClusters(ctx context.Context, chain chains.Chain) error {
	if err := s.saveClusters(ctx, chain, clusterPolicy()); err != nil {
		return fmt.Errorf("save the clusters of %s: %w", chain, err)
	}
	return nil
}

func (s *Store) saveClusters(ctx context.Context, chain chains.Chain, p basePolicy) error {
	b, err := s.claimBase(ctx, chain, p)
	if err != nil || b == nil {
		return err
	}
	var u *Clusters
	err = s.readLong(ctx, func(c *conn) error {
		r, err := newReader(c, s.hash, chain)
		if err != nil {
			return err
		}
		if u, err = buildClusters(ctx, r, blockPlace(r.no, 0), b.end); err == nil {
			b.rowBytes, err = joinBytes(c, u.from, u.end)
		}
		return err
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.transact(ctx, false, func(c *conn) error { return u.save(c, b) })
}

// claimBase notes that somebody makes a base, if one is due: a number that nobody else has, which
// stands until a row of joins below its end changes.
func (s *Store) claimBase(ctx context.Context, chain chains.Chain, p basePolicy) (b *clusterBase, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.transact(ctx, false, func(c *conn) error {
		r, err := newReader(c, s.hash, chain)
		if errors.Is(err, chains.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		end, due, err := baseDue(r, p)
		if err != nil || !due {
			return err
		}
		if _, err := number(c, `DELETE FROM cluster_base WHERE chain_no = ? AND NOT saved`, r.no); err != nil {
			return err
		}
		no, err := number(c, `INSERT INTO cluster_base (chain_no, end_pos) VALUES (?, ?) RETURNING base_no`, r.no, end)
		b = &clusterBase{no: no, end: end}
		return err
	})
	return b, err
}

// save makes u the base b of its chain, if what it was made of still stands.
func (u *Clusters) save(c *conn, b *clusterBase) error {
	stands, err := number(c, `SELECT EXISTS (SELECT 1 FROM cluster_base WHERE base_no = ?)`, b.no)
	if err != nil || stands == 0 {
		return err
	}
	if _, err := number(c, `DELETE FROM cluster_base WHERE chain_no = ? AND base_no <> ?`, u.r.no, b.no); err != nil {
		return err
	}
	if err := u.writeBase(&partWriter{c, b.no << 32}); err != nil {
		return err
	}
	b.count(u)
	_, err = number(c, `UPDATE cluster_base SET saved = 1, version = ?, row_bytes = ?, joins = ?, waiting = ?, addresses = ?, slots = ?, births = ?
		WHERE base_no = ?`, heuristics.JoinVersion, b.rowBytes, b.joins, b.waiting, b.addresses, b.slots, b.births, b.no)
	return err
}

// count notes what u has of each.
func (b *clusterBase) count(u *Clusters) {
	b.joins, b.waiting, b.addresses, b.slots, b.births = u.Joins, u.Waiting, len(u.index.keys), len(u.index.slots), len(u.born)
}

// base compares the base of a chain with what the joins make of its addresses.
func (k *checker) base(r *reader) error {
	b, err := readBase(r)
	if err != nil || b == nil {
		return err
	}
	u := &Clusters{r: r, from: blockPlace(r.no, 0), end: b.end}
	if err := u.extend(context.Background(), u.from); err != nil {
		return err
	}
	want, have := sha256.New(), sha256.New()
	if err := u.writeBase(want); err != nil {
		return err
	}
	if _, err := io.CopyN(have, &partReader{r: r, next: b.no << 32}, b.size()); err != nil {
		return err
	}
	made := *b
	if made.count(u); made != *b || !bytes.Equal(want.Sum(nil), have.Sum(nil)) {
		k.found(string(r.chain), "the saved clusters are not those that the joins make")
	}
	return nil
}

package store

import (
	"context"
	"fmt"

	"clew/chains"
)

// WeakenHash leaves 40−drop bits of every hash, so that keys collide, and the same ones in
// every run. It must be called before anything is loaded, and again whenever the store is
// opened.
func WeakenHash(s *Store, drop uint) { s.hash = hasher{drop: drop} }

// LimitPages lets the file grow to n pages and no further, as a full disk would.
func LimitPages(s *Store, n int) error {
	return runScript(s.write, fmt.Sprintf("PRAGMA max_page_count = %d", n))
}

// Pages returns the number of pages of the file.
func Pages(s *Store) (int64, error) { return number(s.write, "PRAGMA page_count") }

// Damage changes the store behind its back.
func Damage(s *Store, sql string) error { return runScript(s.write, sql) }

// PackBody returns the body of t.
func PackBody(t *chains.Tx) []byte { return appendBody(nil, t) }

// UnpackBody reads what PackBody wrote.
func UnpackBody(body []byte) (*chains.Tx, error) {
	t := new(chains.Tx)
	return t, decodeBody(string(body), t)
}

// Runs returns the number of runs of each index, and of rows.
func Runs(s *Store) (txids, addresses, rows int64, err error) {
	txids, err = number(s.write, `SELECT count(*) FROM run WHERE kind = 0`)
	if err == nil {
		addresses, err = number(s.write, `SELECT count(*) FROM run WHERE kind = 1`)
	}
	if err == nil {
		rows, err = number(s.write, `SELECT count(*) FROM posting`)
	}
	return txids, addresses, rows, err
}

// Settled returns how many of the smallest of runs with so many postings are merged where
// loading ends.
func Settled(postings ...int64) int {
	var runs []run
	for i, n := range postings {
		runs = append(runs, run{no: int64(i), postings: n})
	}
	return len(settledDue(runs))
}

// SaveAllClusters saves the clusters of all but so many of the last blocks, if any joins came since.
func SaveAllClusters(ctx context.Context, s *Store, chain chains.Chain, behind int64) error {
	return SaveMoreClusters(ctx, s, chain, behind, 1<<40)
}

// SaveMoreClusters is SaveAllClusters where more than one part in share came to those that are saved.
func SaveMoreClusters(ctx context.Context, s *Store, chain chains.Chain, behind, share int64) error {
	return s.saveClusters(ctx, chain, basePolicy{behind: behind, share: share})
}

// SavedClusters returns how many bases are saved, at which height they end, and how many parts there are.
func SavedClusters(s *Store) (bases, end, parts int64, err error) {
	bases, err = number(s.write, `SELECT count(*) FROM cluster_base WHERE saved`)
	if err == nil {
		end, err = number(s.write, `SELECT coalesce(max(end_pos >> 24 & 4294967295), -1) FROM cluster_base WHERE saved`)
	}
	if err == nil {
		parts, err = number(s.write, `SELECT count(*) FROM cluster_part`)
	}
	return bases, end, parts, err
}

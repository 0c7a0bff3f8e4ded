package store

import (
	"errors"
	"slices"

	"zombiezen.com/go/sqlite"
)

// A run is a sorted set of postings of one chain and kind. A batch adds one of each kind.
// Nothing is ever inserted into a run: runs are merged into larger ones, and rewinding cuts
// what lies above a height out of them.
type run struct {
	no       int64
	chainNo  int64
	kind     runKind
	level    int64
	from, to int64 // heights
	postings int64
}

type runKind int64

const (
	byTxID    runKind = 0
	byAddress runKind = 1
	runKinds          = 2
)

// String returns what Check calls the index.
func (k runKind) String() string { return [...]string{"index of txids", "index of addresses"}[k] }

// firstRow and lastRow bound the ids of the run's rows.
func (g *run) firstRow() int64 { return rowID(g.no, 0, 0) }
func (g *run) lastRow() int64  { return rowID(g.no, maxKey, maxPart) }

// runList is what a connection knows of the runs, as of a version of the data.
type runList struct {
	version int64 // of the file, as PRAGMA data_version counts changes by other connections
	known   bool
	runs    []run
}

// loadRuns returns the runs of a chain, by number, read again only where another connection
// has changed the file. The transaction that c is in has begun. Whoever changes runs
// through c calls forgetRuns.
func (c *conn) loadRuns(chainNo int64) (of [runKinds][]run, err error) {
	version, err := value(c, `PRAGMA data_version`)
	if err != nil {
		return of, err
	}
	if !c.runs.known || c.runs.version != version {
		runs, err := readRuns(c)
		if err != nil {
			return of, err
		}
		c.runs = runList{version: version, known: true, runs: runs}
	}
	for _, g := range c.runs.runs {
		if g.chainNo == chainNo {
			of[g.kind] = append(of[g.kind], g)
		}
	}
	return of, nil
}

func (c *conn) forgetRuns() { c.runs.known = false }

// value runs a prepared query without parameters that gives one whole number.
func value(c *conn, sql string) (n int64, err error) {
	st, err := c.prepared(sql)
	if err != nil {
		return 0, err
	}
	found, err := st.Step()
	if found {
		n = st.ColumnInt64(0)
	}
	return n, errors.Join(err, st.Reset())
}

func readRuns(c *conn) (runs []run, err error) {
	st, err := c.prepared(`SELECT run_no, chain_no, kind, level, from_height, to_height, postings FROM run ORDER BY run_no`)
	if err != nil {
		return nil, err
	}
	for {
		found, err := st.Step()
		if err != nil || !found {
			return runs, errors.Join(err, st.Reset())
		}
		g := run{
			no: st.ColumnInt64(0), chainNo: st.ColumnInt64(1), kind: runKind(st.ColumnInt64(2)), level: st.ColumnInt64(3),
			from: st.ColumnInt64(4), to: st.ColumnInt64(5), postings: st.ColumnInt64(6),
		}
		if g.kind < 0 || g.kind >= runKinds {
			return nil, errors.Join(damaged("run %d of kind %d", g.no, g.kind), st.Reset())
		}
		runs = append(runs, g)
	}
}

// packedRow is a row as it is stored.
type packedRow struct {
	id      int64
	entries []byte
}

// keyRows appends the rows of g that can have the key, in order: those that begin with it,
// and the one before.
func keyRows(c *conn, g *run, key int64, rows []packedRow) ([]packedRow, error) {
	st, err := c.prepared(sqlKeyRows)
	if err != nil {
		return nil, err
	}
	begin := len(rows)
	st.BindInt64(1, rowID(g.no, key, maxPart))
	st.BindInt64(2, g.firstRow())
	for {
		found, err := st.Step()
		if err != nil {
			return nil, errors.Join(err, st.Reset())
		}
		if found {
			rows = append(rows, rowOf(st))
		}
		if !found || rowKey(rows[len(rows)-1].id) < key {
			slices.Reverse(rows[begin:])
			return rows, st.Reset()
		}
	}
}

// sqlKeyRows gives rows from the last one down.
const sqlKeyRows = `SELECT id, entries FROM posting WHERE id <= ? AND id >= ? ORDER BY id DESC`

func rowOf(st *sqlite.Stmt) packedRow { return packedRow{st.ColumnInt64(0), columnBytes(st, 1)} }

// rowsBetween returns up to limit rows with ids from the first to the last, in order.
func rowsBetween(c *conn, first, last int64, limit int) (rows []packedRow, err error) {
	st, err := c.prepared(`SELECT id, entries FROM posting WHERE id >= ? AND id <= ? ORDER BY id LIMIT ?`)
	if err != nil {
		return nil, err
	}
	st.BindInt64(1, first)
	st.BindInt64(2, last)
	st.BindInt64(3, int64(limit))
	for {
		found, err := st.Step()
		if err != nil || !found {
			return rows, errors.Join(err, st.Reset())
		}
		rows = append(rows, rowOf(st))
	}
}

// rowBefore returns the last row of g whose id is at most id; none if there is none.
func rowBefore(c *conn, g *run, id int64) ([]packedRow, error) {
	st, err := c.prepared(`SELECT id, entries FROM posting WHERE id <= ? AND id >= ? ORDER BY id DESC LIMIT 1`)
	if err != nil {
		return nil, err
	}
	st.BindInt64(1, id)
	st.BindInt64(2, g.firstRow())
	found, err := st.Step()
	if err != nil || !found {
		return nil, errors.Join(err, st.Reset())
	}
	rows := []packedRow{rowOf(st)}
	return rows, st.Reset()
}

package store

import (
	"errors"
	"fmt"
	"slices"

	"zombiezen.com/go/sqlite"

	"clew/chains"
)

// reader reads facts of one chain through one connection, inside whatever transaction the
// connection is in. It keeps its statements, and the last blocks that it saw.
type reader struct {
	c     *conn
	hash  hasher
	chain chains.Chain
	no    int64

	body, block *sqlite.Stmt
	row         *sqlite.Stmt // see lookUp
	runs        [runKinds][]run

	blocks   map[int64]chains.BlockRef // by height; emptied when it has many
	made     madeOutputs
	buf      []byte
	postings []posting
}

const (
	sqlBody  = `SELECT body FROM tx WHERE pos = ?`
	sqlBlock = `SELECT pos, hash, time_unix_s FROM block WHERE pos >= ? AND pos < ? ORDER BY pos LIMIT ?`
)

// newReader returns a reader of the chain. The error is chains.ErrNotFound where the store
// has nothing of it.
func newReader(c *conn, h hasher, chain chains.Chain) (*reader, error) {
	no, err := findChain(c, chain)
	if err != nil {
		return nil, err
	}
	return readerOf(c, h, chain, no)
}

func readerOf(c *conn, h hasher, chain chains.Chain, no int64) (*reader, error) {
	r := &reader{c: c, hash: h, chain: chain, no: no, blocks: map[int64]chains.BlockRef{}, made: madeOutputs{}}
	for _, p := range []struct {
		st  **sqlite.Stmt
		sql string
	}{{&r.body, sqlBody}, {&r.block, sqlBlock}, {&r.row, sqlKeyRows}} {
		st, err := c.prepared(p.sql)
		if err != nil {
			return nil, err
		}
		*p.st = st
	}
	return r, r.loadRuns()
}

// loadRuns reads which runs the chain has now.
func (r *reader) loadRuns() (err error) {
	r.runs, err = r.c.loadRuns(r.no)
	return err
}

// findChain returns the number of chain; chains.ErrNotFound if the store has none for it.
func findChain(c *conn, chain chains.Chain) (int64, error) {
	if no, ok := c.chains[chain]; ok {
		return no, nil
	}
	st, err := c.prepared(`SELECT chain_no FROM chain WHERE name = ?`)
	if err != nil {
		return 0, err
	}
	st.BindText(1, string(chain))
	found, err := st.Step()
	no := int64(0)
	if found {
		no = st.ColumnInt64(0)
	}
	if err = errors.Join(err, st.Reset()); err != nil {
		return 0, err
	}
	if !found {
		return 0, fmt.Errorf("nothing of %s is in the store: %w", chain, chains.ErrNotFound)
	}
	c.chains[chain] = no
	return no, nil
}

// bodyAt returns the body of the transaction at pos, valid until the next call; nil if there
// is none.
func (r *reader) bodyAt(pos place) ([]byte, error) {
	r.body.BindInt64(1, pos)
	found, err := r.body.Step()
	if err != nil || !found {
		return nil, errors.Join(err, r.body.Reset())
	}
	body := r.column(r.body, 0)
	return body, r.body.Reset()
}

// tx returns the transaction at pos, with spent outputs filled in where the store has them.
// The place must have one: otherwise the error is ErrDamaged.
func (r *reader) tx(pos place) (*chains.Tx, error) {
	t, err := r.rawTx(pos)
	if err != nil {
		return nil, err
	}
	return t, r.complete(pos, t)
}

// complete adds to t, which was read raw at pos, its block and the spent outputs that the
// store has.
func (r *reader) complete(pos place, t *chains.Tx) (err error) {
	if t.Block, err = r.blockRef(heightOf(pos)); err != nil {
		return err
	}
	return r.resolve(pos, t)
}

// rawTx returns the transaction at pos as it is stored, without its block.
func (r *reader) rawTx(pos place) (*chains.Tx, error) {
	body, err := r.bodyAt(pos)
	if err != nil {
		return nil, err
	}
	if body == nil {
		return nil, damaged("no transaction at %s height %d, ordinal %d", r.chain, heightOf(pos), pos&maxOrdinal)
	}
	t := new(chains.Tx)
	return t, decodeBody(string(body), t)
}

// resolve fills in the spent outputs of inputs that were stored as unknown, where the store
// has the transaction that made them.
func (r *reader) resolve(pos place, t *chains.Tx) error {
	for i := range t.Inputs {
		in := &t.Inputs[i]
		if in.Known {
			continue
		}
		out, err := r.output(in.Prev, pos)
		switch {
		case err == nil:
			in.Spent, in.Known = out, true
		case !errors.Is(err, chains.ErrNotFound):
			return err
		}
	}
	return nil
}

// output returns the output o as made before the place given; chains.ErrNotFound if the
// store has no such transaction.
func (r *reader) output(o chains.OutPoint, before place) (chains.Output, error) {
	if _, ok := r.made[o.Tx]; ok {
		return r.made.output(o)
	}
	_, body, err := r.findBody(&o.Tx, blockPlace(r.no, 0), before)
	if err != nil {
		return chains.Output{}, err
	}
	if err := r.made.keep(o.Tx, body); err != nil {
		return chains.Output{}, err
	}
	return r.made.output(o)
}

// findTx returns the first place in [from, before) that has the transaction id.
// chains.ErrNotFound if there is none.
func (r *reader) findTx(id *chains.TxID, from, before place) (place, error) {
	pos, _, err := r.findBody(id, from, before)
	return pos, err
}

// findBody is findTx with the body, valid until the next call.
func (r *reader) findBody(id *chains.TxID, from, before place) (place, []byte, error) {
	ps, err := r.mentions(id)
	if err != nil {
		return 0, nil, err
	}
	for i := range ps {
		p := ps[i]
		if p.tag != tagSelf || p.pos < from || p.pos >= before {
			continue
		}
		body, err := r.bodyAt(p.pos)
		if err != nil {
			return 0, nil, err
		}
		if len(body) >= len(id) && chains.TxID(body[:len(id)]) == *id {
			return p.pos, body, nil
		}
	}
	return 0, nil, fmt.Errorf("transaction %s: %w", id, chains.ErrNotFound)
}

// mentions returns every posting of the txid's hash on this chain, in order, valid until the
// next call: the transaction, what spends from it, and by accident those of another txid.
func (r *reader) mentions(id *chains.TxID) ([]posting, error) {
	return r.postingsOf(byTxID, r.hash.txid(id))
}

// postingsOf returns every posting of the key, in order, valid until the next call.
func (r *reader) postingsOf(kind runKind, key int64) ([]posting, error) {
	r.postings = r.postings[:0]
	for i := range r.runs[kind] {
		if err := r.lookUp(&r.runs[kind][i], key); err != nil {
			return nil, err
		}
	}
	if !slices.IsSortedFunc(r.postings, comparePostings) {
		slices.SortFunc(r.postings, comparePostings)
	}
	return r.postings, nil
}

// lookUp appends the postings that g has of the key to r.postings, row by row from the last.
func (r *reader) lookUp(g *run, key int64) error {
	r.row.BindInt64(1, rowID(g.no, key, maxPart))
	r.row.BindInt64(2, g.firstRow())
	for {
		found, err := r.row.Step()
		if err != nil || !found {
			return errors.Join(err, r.row.Reset())
		}
		row := newRowReader(g, r.row.ColumnInt64(0), r.column(r.row, 1))
		for p, ok := row.next(); ok && p.key <= key; p, ok = row.next() {
			if p.key == key {
				r.postings = append(r.postings, p)
			}
		}
		if row.bad || rowKey(row.id) < key {
			return errors.Join(row.err(), r.row.Reset())
		}
	}
}

// column returns a blob of the current row, valid until the next call.
func (r *reader) column(st *sqlite.Stmt, col int) []byte {
	n := st.ColumnLen(col)
	if n > cap(r.buf) {
		r.buf = make([]byte, max(n, 4096))
	}
	r.buf = r.buf[:n]
	st.ColumnBytes(col, r.buf)
	return r.buf
}

// spendPlace returns the place of the transaction that spends o, among those postings of
// its txid; chains.ErrNotFound if nothing does.
func (r *reader) spender(o chains.OutPoint) (place, *chains.Tx, error) {
	ps, err := r.mentions(&o.Tx)
	if err != nil {
		return 0, nil, err
	}
	for i := range ps {
		if ps[i].tag != tagSpend(o.Index) {
			continue
		}
		t, err := r.rawTx(ps[i].pos)
		if err != nil {
			return 0, nil, err
		}
		if spends(t, o) >= 0 {
			return ps[i].pos, t, nil
		}
	}
	return 0, nil, fmt.Errorf("spender of %s: %w", o, chains.ErrNotFound)
}

// spends returns the index of the input of t that spends o, or −1.
func spends(t *chains.Tx, o chains.OutPoint) int {
	for i := range t.Inputs {
		if t.Inputs[i].Prev == o {
			return i
		}
	}
	return -1
}

// Blocks are read ahead while a reader goes from one to the next.
const (
	blocksAhead = 32
	blocksKept  = 1 << 16
)

// blockRef returns the block at height, which must be stored.
func (r *reader) blockRef(height int64) (chains.BlockRef, error) {
	if ref, ok := r.blocks[height]; ok {
		return ref, nil
	}
	limit := int64(1)
	if _, near := r.blocks[height-1]; near {
		limit = blocksAhead
	}
	if len(r.blocks) >= blocksKept {
		clear(r.blocks)
	}
	r.block.BindInt64(1, blockPlace(r.no, height))
	r.block.BindInt64(2, chainEnd(r.no))
	r.block.BindInt64(3, limit)
	for {
		found, err := r.block.Step()
		if err != nil {
			return chains.BlockRef{}, err
		}
		if !found {
			break
		}
		ref := chains.BlockRef{Height: heightOf(r.block.ColumnInt64(0)), Time: r.block.ColumnInt64(2)}
		r.block.ColumnBytes(1, ref.Hash[:])
		r.blocks[ref.Height] = ref
	}
	if err := r.block.Reset(); err != nil {
		return chains.BlockRef{}, err
	}
	ref, ok := r.blocks[height]
	if !ok {
		return chains.BlockRef{}, damaged("no block of %s at height %d", r.chain, height)
	}
	return ref, nil
}

package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"zombiezen.com/go/sqlite"

	"clew/chains"
	"clew/heuristics"
)

// Clusters are the addresses of a chain by who is taken to own them, as the joins of a range say.
// It sees the store as it was when it was made, and must be closed. It is used by one goroutine.
//
// An address that never was joined is not in it: it is a cluster of its own. Memory: about 30 bytes
// for each address that was.
type Clusters struct {
	r     *reader
	from  place
	end   place // behind the last transaction
	asOf  chains.BlockRef
	close func() error

	index keyIndex
	sets  heuristics.Partition
	// born says of each row that brought new addresses which id was its first, in order of both.
	born []birth
	// Waiting is the number of transactions that join nothing because the store does not know what
	// they spend.
	Waiting int
	// Joins is the number of joins.
	Joins int

	next  []uint32       // see link; nil until a cluster was asked for
	sizes map[uint32]int // by root, of the clusters that were asked for
	row   rowRecords     // read last
}

// AsOf returns the last block whose joins are in it.
func (u *Clusters) AsOf() chains.BlockRef { return u.asOf }

// birth is the row of joins in which an id and those behind it first stood.
type birth struct {
	block place
	id    uint32
}

// ErrNoJoins: the joins of some blocks were not made, or by another version of the rules.
// MakeJoins makes them.
var ErrNoJoins = fmt.Errorf("the joins of addresses are not made: %w", chains.ErrIncomplete)

// Clusters returns the clusters of chain as of the block at height asOf, or Latest, from all that
// was read up to there: from the base, if it ends below (SaveClusters), in a second for ten million
// addresses; else from all joins, in a second for each million. Errors:
// ErrNoJoins; chains.ErrUnsupported for a chain of accounts; chains.ErrIncomplete if asOf was not
// read.
func (s *Store) Clusters(ctx context.Context, chain chains.Chain, asOf int64) (*Clusters, error) {
	c, err := openConn(ctx, s.path, sqlite.OpenReadOnly, cacheSource)
	if err != nil {
		return nil, fmt.Errorf("clusters of %s: %w", chain, err)
	}
	u, err := s.newClusters(ctx, c, chain, asOf)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("clusters of %s: %w", chain, mapErr(ctx, err)), c.Close())
	}
	return u, nil
}

func (s *Store) newClusters(ctx context.Context, c *conn, chain chains.Chain, asOf int64) (*Clusters, error) {
	defer interruptible(ctx, c)()
	if err := begin(c); err != nil {
		return nil, err
	}
	r, err := newReader(c, s.hash, chain)
	if errors.Is(err, chains.ErrNotFound) {
		return nil, fmt.Errorf("nothing of %s is in the store: %w (clew sync --chain %s --rpc URL, or --blocks DIR)", chain, chains.ErrIncomplete, chain)
	}
	if err != nil {
		return nil, err
	}
	spans, err := readSpans(c, r.no)
	if err != nil {
		return nil, err
	}
	if asOf == Latest && len(spans) > 0 {
		asOf = spans[len(spans)-1].To
	}
	if !slices.ContainsFunc(spans, func(sp Span) bool { return sp.From <= asOf && asOf <= sp.To }) {
		return nil, fmt.Errorf("block %d: %w: the store has %s", asOf, chains.ErrIncomplete, spanNames(spans))
	}
	ref, err := r.blockRef(asOf)
	if err != nil {
		return nil, err
	}
	u, err := buildClusters(ctx, r, blockPlace(r.no, spans[0].From), blockPlace(r.no, asOf+1))
	if err == nil {
		u.asOf, u.close = ref, c.Close
	}
	return u, err
}

// Close releases the snapshot.
func (u *Clusters) Close() error {
	if u.close == nil {
		return nil
	}
	if err := u.close(); err != nil {
		return fmt.Errorf("close clusters of %s: %w", u.r.chain, err)
	}
	return nil
}

// buildClusters makes them of the joins at places in [from, end): of the base, where it stands for
// some of these, and of the rows behind it.
func buildClusters(ctx context.Context, r *reader, from, end place) (*Clusters, error) {
	if !keepsJoins(r.chain) {
		return nil, fmt.Errorf("%s keeps accounts, whose transactions have no inputs that belong together: %w", r.chain, chains.ErrUnsupported)
	}
	u := &Clusters{r: r, from: from, end: end}
	behind, err := u.loadBase()
	if err == nil {
		err = u.extend(ctx, behind)
	}
	return u, err
}

// extend takes the joins from a place on.
func (u *Clusters) extend(ctx context.Context, from place) error {
	blocks := int64(0)
	err := eachJoinRow(ctx, u.r, from, u.end, func(block place, records []joinRecord, waiting, rows int) error {
		blocks++
		u.Waiting += waiting - (rows - 1)
		before := u.sets.Len()
		for i := range records {
			u.take(&records[i])
		}
		if u.sets.Len() > before {
			u.born = append(u.born, birth{block, uint32(before)})
		}
		return nil
	})
	if err != nil {
		return err
	}
	have, err := number(u.r.c, `SELECT count(*) FROM block WHERE pos >= ? AND pos < ?`, from, u.end)
	if err == nil && have != blocks {
		err = fmt.Errorf("%d of %d blocks: %w (clew db migrate makes them)", have-blocks, have, ErrNoJoins)
	}
	return err
}

// take joins what a record says.
func (u *Clusters) take(record *joinRecord) {
	var first, before uint32
	for i := range record.members {
		m := &record.members[i]
		id := u.index.add(m.key)
		u.sets.Grow(len(u.index.keys))
		switch {
		case i == 0:
			first = id
		case m.role == roleCospend:
			u.sets.Join(first, id)
			u.Joins++
		case m.role == roleWraps:
			u.sets.Join(before, id)
			u.Joins++
		}
		if m.role != roleWraps {
			before = id
		}
	}
}

// eachJoinRow calls f for each block with joins at places in [from, end) that the rules of this
// version made, in order: with its records by ordinal, those of transactions whose inputs became
// known later among them, the number of transactions that waited when the block was written, and
// the number of rows. Records are valid during the call.
func eachJoinRow(ctx context.Context, r *reader, from, end place, f func(block place, records []joinRecord, waiting, rows int) error) error {
	st, err := r.c.prepared(`SELECT pos, entries FROM joins WHERE pos >= ? AND pos < ? ORDER BY pos`)
	if err != nil {
		return err
	}
	st.BindInt64(1, from)
	st.BindInt64(2, end)
	var all rowRecords
	flush := func() error {
		if all.rows == 0 || !all.current {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		return f(all.block, all.sorted(), all.waiting, all.rows)
	}
	for {
		found, err := st.Step()
		if err != nil {
			return errors.Join(err, st.Reset())
		}
		if !found {
			return errors.Join(flush(), st.Reset())
		}
		pos := st.ColumnInt64(0)
		if block := blockPlace(r.no, heightOf(pos)); all.rows == 0 || block != all.block {
			if err := flush(); err != nil {
				return errors.Join(err, st.Reset())
			}
			all.begin(block)
		}
		if err := all.add(pos, r.column(st, 1)); err != nil {
			return errors.Join(err, st.Reset())
		}
	}
}

// rowRecords are the records of one block.
type rowRecords struct {
	block   place
	rows    int
	waiting int
	current bool // the rows are of this version of the rules, that of the block among them
	records []joinRecord
	members []joinMember // of the records, one behind the other
}

func (a *rowRecords) begin(block place) {
	*a = rowRecords{block: block, records: a.records[:0], members: a.members[:0]}
}

// add reads a row of the block.
func (a *rowRecords) add(pos place, entries []byte) error {
	row := newJoinRow(pos, string(entries))
	if pos == a.block {
		a.current = row.version == heuristics.JoinVersion
	} else {
		a.current = a.current && row.version == heuristics.JoinVersion
	}
	a.rows++
	a.waiting += row.waiting
	for record, ok := row.next(); ok; record, ok = row.next() {
		begin := len(a.members)
		a.members = append(a.members, record.members...)
		record.members = a.members[begin:len(a.members):len(a.members)]
		a.records = append(a.records, record)
	}
	return row.err()
}

// sorted returns the records by ordinal. A slice of members that moved while others were added
// holds the same still.
func (a *rowRecords) sorted() []joinRecord {
	if a.rows > 1 {
		slices.SortFunc(a.records, func(x, y joinRecord) int { return cmp.Compare(x.ordinal, y.ordinal) })
	}
	return a.records
}

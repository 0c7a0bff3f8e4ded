package store

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"

	"clew/heuristics"
)

// A base is what the joins below a place made of the addresses, saved, so that clusters begin with
// it instead of with the first row of joins. Its parts, one behind the other:
//
//	for each address, in the order in which it was first joined: key 12 | root 4
//	for each place in the table of keys: 1 + number of the address, or 0   4
//	for each block that brought addresses: its place 8 | the first of them 4
//
// The rows of joins decide what it holds, to the byte: Check makes it again and compares. Whatever
// changes a row below its end takes it away, in the same transaction (triggers of the schema): a
// reorganisation that reaches so deep, a range that is read later, joins that are made by other rules.
type clusterBase struct {
	no        int64
	end       place
	version   string
	rowBytes  int64
	joins     int
	waiting   int
	addresses int
	slots     int
	births    int
}

// partBytes is the length of a part: what is read at once.
const partBytes = 1 << 20

// Lengths of what a base holds.
const (
	baseAddress = addressKeyBytes + 4
	baseSlot    = 4
	baseBirth   = 12
)

// readBase returns the base of the chain; nil if none was saved by these rules.
func readBase(r *reader) (*clusterBase, error) {
	st, err := r.c.prepared(`SELECT base_no, end_pos, version, row_bytes, joins, waiting, addresses, slots, births
		FROM cluster_base WHERE chain_no = ? AND saved`)
	if err != nil {
		return nil, err
	}
	st.BindInt64(1, r.no)
	found, err := st.Step()
	if err != nil || !found {
		return nil, errors.Join(err, st.Reset())
	}
	b := &clusterBase{
		no: st.ColumnInt64(0), end: st.ColumnInt64(1), version: st.ColumnText(2), rowBytes: st.ColumnInt64(3),
		joins: st.ColumnInt(4), waiting: st.ColumnInt(5), addresses: st.ColumnInt(6), slots: st.ColumnInt(7), births: st.ColumnInt(8),
	}
	if err := st.Reset(); err != nil || b.version != heuristics.JoinVersion {
		return nil, err
	}
	size, err := number(r.c, `SELECT coalesce(sum(length(bytes)), 0) FROM cluster_part WHERE part >= ? AND part < ?`, b.no<<32, (b.no+1)<<32)
	if err == nil && (b.addresses < 0 || b.slots < b.addresses || b.births < 0 || b.slots&(b.slots-1) != 0 || size != b.size()) {
		err = damaged("base of the clusters of %s: %d bytes", r.chain, size)
	}
	return b, err
}

// size returns the bytes of its parts.
func (b *clusterBase) size() int64 {
	return int64(b.addresses)*baseAddress + int64(b.slots)*baseSlot + int64(b.births)*baseBirth
}

// loadBase begins with the base, where it is of the same range, and returns the place behind which
// joins are still to be taken.
func (u *Clusters) loadBase() (behind place, err error) {
	b, err := readBase(u.r)
	if err != nil || b == nil || b.end > u.end {
		return u.from, err
	}
	earlier, err := number(u.r.c, `SELECT EXISTS (SELECT 1 FROM block WHERE pos >= ? AND pos < ?)`, blockPlace(u.r.no, 0), u.from)
	if err != nil || earlier > 0 || b.end < u.from {
		return u.from, err
	}
	u.Joins, u.Waiting = b.joins, b.waiting
	return b.end, u.readBase(b)
}

// readBase reads the parts of b, with room for what will be added.
func (u *Clusters) readBase(b *clusterBase) error {
	in := &partReader{r: u.r, next: b.no << 32}
	roots := make([]uint32, 0, b.addresses+b.addresses/8)
	u.index.keys = make([]addressKey, 0, cap(roots))
	err := eachOf(in, b.addresses, baseAddress, func(x []byte) {
		u.index.keys = append(u.index.keys, addressKey{binary.BigEndian.Uint32(x), binary.BigEndian.Uint32(x[4:]), binary.BigEndian.Uint32(x[8:])})
		roots = append(roots, binary.BigEndian.Uint32(x[addressKeyBytes:]))
	})
	if err != nil {
		return err
	}
	taken, right := 0, true
	u.index.slots = make([]uint32, 0, b.slots)
	err = eachOf(in, b.slots, baseSlot, func(x []byte) {
		n := binary.BigEndian.Uint32(x)
		u.index.slots = append(u.index.slots, n)
		if n > 0 {
			taken++
		}
		right = right && int64(n) <= int64(b.addresses)
	})
	if err != nil {
		return err
	}
	u.born = make([]birth, 0, b.births+b.births/8)
	err = eachOf(in, b.births, baseBirth, func(x []byte) {
		u.born = append(u.born, birth{place(binary.BigEndian.Uint64(x)), binary.BigEndian.Uint32(x[8:])})
	})
	if err != nil {
		return err
	}
	var rooted bool
	if u.sets, rooted = heuristics.PartitionOf(roots); !rooted || !right || taken != b.addresses {
		return damaged("base of the clusters of %s", u.r.chain)
	}
	return nil
}

// eachOf calls f for n records of a size that in holds.
func eachOf(in io.Reader, n, size int, f func([]byte)) error {
	buf := make([]byte, 4096*size)
	for n > 0 {
		some := min(n, 4096)
		if _, err := io.ReadFull(in, buf[:some*size]); err != nil {
			return err
		}
		for i := range some {
			f(buf[i*size : (i+1)*size])
		}
		n -= some
	}
	return nil
}

// partReader reads parts, from next on.
type partReader struct {
	r    *reader
	next int64
	rest []byte
}

// Read is of io.Reader.
func (p *partReader) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		st, err := p.r.c.prepared(`SELECT bytes FROM cluster_part WHERE part = ?`)
		if err != nil {
			return 0, err
		}
		st.BindInt64(1, p.next)
		found, err := st.Step()
		if err == nil && !found {
			err = damaged("part %d of a base of clusters is not there", p.next&(1<<32-1))
		}
		if err == nil {
			p.rest = p.r.column(st, 0)
		}
		if err := errors.Join(err, st.Reset()); err != nil {
			return 0, err
		}
		p.next++
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// writeBase writes what a base of u holds.
func (u *Clusters) writeBase(w io.Writer) error {
	out := bufio.NewWriterSize(w, partBytes)
	var b []byte
	for id, key := range u.index.keys {
		b = binary.BigEndian.AppendUint32(key.append(b[:0]), u.sets.Root(uint32(id)))
		if _, err := out.Write(b); err != nil {
			return err
		}
	}
	for _, n := range u.index.slots {
		b = binary.BigEndian.AppendUint32(b[:0], n)
		if _, err := out.Write(b); err != nil {
			return err
		}
	}
	for _, x := range u.born {
		b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(b[:0], uint64(x.block)), x.id)
		if _, err := out.Write(b); err != nil {
			return err
		}
	}
	return out.Flush()
}

// partWriter writes each slice that it is given as a part, from next on.
type partWriter struct {
	c    *conn
	next int64
}

// Write is of io.Writer.
func (w *partWriter) Write(b []byte) (int, error) {
	st, err := w.c.prepared(`INSERT INTO cluster_part (part, bytes) VALUES (?, ?)`)
	if err != nil {
		return 0, err
	}
	st.BindInt64(1, w.next)
	st.BindBytes(2, b)
	w.next++
	return len(b), insert(st)
}

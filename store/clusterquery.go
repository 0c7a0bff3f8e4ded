package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"clew/chains"
	"clew/heuristics"
)

// Size returns how many addresses the cluster of a has; 1 for one that was never joined.
func (u *Clusters) Size(a chains.Address) int {
	id, ok := u.id(a)
	if !ok {
		return 1
	}
	return u.size(id)
}

func (u *Clusters) size(id uint32) int {
	root := u.sets.Root(id)
	if u.sizes[root] == 0 {
		if u.sizes == nil {
			u.sizes = map[uint32]int{}
		}
		n := 1
		for at := u.first(root); u.next[at] != at; at = u.next[at] {
			n++
		}
		u.sizes[root] = n
	}
	return u.sizes[root]
}

// Together reports whether a and b are in one cluster.
func (u *Clusters) Together(a, b chains.Address) bool {
	x, ok := u.id(a)
	y, also := u.id(b)
	return a == b || ok && also && u.sets.Root(x) == u.sets.Root(y)
}

// Number returns the number of the cluster of a, which all its addresses share as long as u is used;
// false where nothing joined a. It reads nothing and may be asked after Close, as Size.
func (u *Clusters) Number(a chains.Address) (number uint32, ok bool) {
	id, ok := u.id(a)
	if !ok {
		return 0, false
	}
	return u.sets.Root(id), true
}

// Addresses returns how many addresses are joined with another.
func (u *Clusters) Addresses() int { return u.sets.Len() }

func (u *Clusters) id(a chains.Address) (uint32, bool) { return u.index.get(u.r.hash.addressKey(a)) }

// of returns the ids of the cluster of id, ascending: in the order in which its addresses were
// first joined.
func (u *Clusters) of(id uint32) []uint32 {
	ids := append(make([]uint32, 0, u.size(id)), u.first(id))
	for at := ids[0]; u.next[at] != at; {
		at = u.next[at]
		ids = append(ids, at)
	}
	return ids
}

// first returns the first id of the cluster of id, when next leads on from it.
func (u *Clusters) first(id uint32) uint32 {
	if u.next == nil {
		u.link()
	}
	return u.sets.Root(id)
}

// link makes next: of each id the next larger one of its cluster, itself for the last.
func (u *Clusters) link() {
	u.next = make([]uint32, u.sets.Len())
	least := make([]uint32, u.sets.Len()) // by root, of the ids seen so far: all behind i
	for i := range u.next {
		least[i] = uint32(len(u.next))
	}
	for i := len(u.next) - 1; i >= 0; i-- {
		id := uint32(i)
		root := u.sets.Root(id)
		if u.next[i] = least[root]; int(least[root]) == len(u.next) {
			u.next[i] = id
		}
		least[root] = id
	}
}

// First returns the address by which the cluster of a is named: the one that was joined first, in
// chain order; a where nothing joined it.
func (u *Clusters) First(ctx context.Context, a chains.Address) (chains.Address, error) {
	id, ok := u.id(a)
	if !ok {
		return a, nil
	}
	return u.address(ctx, u.sets.Root(id))
}

// Members returns up to limit addresses of the cluster of a behind the member after, in the order
// in which they were first joined, and whether there are more. after "" begins at the first.
// chains.ErrNotFound: after is not in the cluster.
func (u *Clusters) Members(ctx context.Context, a, after chains.Address, limit int) (as []chains.Address, more bool, err error) {
	id, ok := u.id(a)
	if !ok && (after == "" || after == a) {
		if after == "" && limit > 0 {
			as = append(as, a)
		}
		return as, after == "" && limit < 1, nil
	}
	ids := []uint32{}
	if ok {
		ids = u.of(id)
	}
	if after != "" {
		last, known := u.id(after)
		at, found := slices.BinarySearch(ids, last)
		if !known || !found {
			return nil, false, fmt.Errorf("the address to go on behind is not in the cluster: %w", chains.ErrNotFound)
		}
		ids = ids[at+1:]
	}
	page := ids[:min(max(limit, 0), len(ids))]
	as, err = u.addresses(ctx, page)
	return as, len(page) < len(ids), err
}

// addresses returns those of ids, which ascend. A key stands in the rows of joins of the block that
// brought it, beside the place and the input of a transaction that has it. Each block and each
// transaction is read once.
func (u *Clusters) addresses(ctx context.Context, ids []uint32) ([]chains.Address, error) {
	as := make([]chains.Address, 0, len(ids))
	for len(ids) > 0 {
		born, end := u.bornAt(ids[0])
		n, _ := slices.BinarySearch(ids, end)
		some, err := u.addressesOf(ctx, born.block, ids[:n])
		if err != nil {
			return nil, err
		}
		as, ids = append(as, some...), ids[n:]
	}
	return as, nil
}

func (u *Clusters) address(ctx context.Context, id uint32) (chains.Address, error) {
	as, err := u.addresses(ctx, []uint32{id})
	if err != nil {
		return "", err
	}
	return as[0], nil
}

// addressesOf returns the addresses of ids that a block brought.
func (u *Clusters) addressesOf(ctx context.Context, block place, ids []uint32) ([]chains.Address, error) {
	if err := u.readRow(ctx, block); err != nil {
		return nil, err
	}
	as := make([]chains.Address, len(ids))
	missing := make(map[addressKey]int, len(ids))
	for i, id := range ids {
		missing[u.index.keys[id]] = i
	}
	for i := range u.row.records {
		record := &u.row.records[i]
		var t *chains.Tx // read when it is needed
		for _, m := range record.members {
			at, wanted := missing[m.key]
			if !wanted {
				continue
			}
			if t == nil {
				var err error
				if t, err = u.r.tx(block + record.ordinal); err != nil {
					return nil, err
				}
			}
			if a := m.addressOf(t); a != "" && u.r.hash.addressKey(a) == m.key {
				as[at] = a
				delete(missing, m.key)
			}
		}
	}
	if len(missing) > 0 {
		return nil, damaged("joins of %s block %d do not lead to their addresses", u.r.chain, heightOf(block))
	}
	return as, nil
}

// bornAt returns in which block id was first joined, and the first id of the next such block.
func (u *Clusters) bornAt(id uint32) (born birth, end uint32) {
	at, exact := slices.BinarySearchFunc(u.born, id, func(b birth, id uint32) int { return cmp.Compare(b.id, id) })
	if !exact {
		at--
	}
	end = uint32(u.sets.Len())
	if at+1 < len(u.born) {
		end = u.born[at+1].id
	}
	return u.born[at], end
}

// readRow reads the records of a block into u.row.
func (u *Clusters) readRow(ctx context.Context, block place) error {
	if u.row.rows > 0 && u.row.block == block {
		return nil
	}
	return eachJoinRow(ctx, u.r, block, block+maxOrdinal+1, func(_ place, records []joinRecord, waiting, rows int) error {
		u.row = rowRecords{block: block, rows: rows, waiting: waiting, records: slices.Clone(records)}
		for i := range u.row.records {
			u.row.records[i].members = slices.Clone(u.row.records[i].members)
		}
		return nil
	})
}

// A tie is what joins some addresses of a cluster: one rule in one transaction.
type tie struct {
	pos  place
	rule heuristics.JoinRule
}

// ties returns what joins the cluster of root, in chain order; groups name their tie by index. Nothing
// before the block that brought its root is read, and each row behind once.
func (u *Clusters) ties(ctx context.Context, root uint32) (ties []tie, groups []heuristics.Group, err error) {
	born, _ := u.bornAt(root)
	err = eachJoinRow(ctx, u.r, born.block, u.end, func(block place, records []joinRecord, _, _ int) error {
		for i := range records {
			ties, groups = u.tiesOf(root, block, &records[i], ties, groups)
		}
		return nil
	})
	return ties, groups, err
}

// tiesOf appends what a record joins of the cluster of root.
func (u *Clusters) tiesOf(root uint32, block place, record *joinRecord, ties []tie, groups []heuristics.Group) ([]tie, []heuristics.Group) {
	var spent []heuristics.Member // those that are co-spent
	var before heuristics.Member
	inside := false
	for i, m := range record.members {
		if m.role == roleStands {
			id, _ := u.index.get(m.key)
			before, inside = heuristics.Member{ID: id, In: m.input}, u.sets.Root(id) == root
			if i == 0 {
				spent = append(spent, before)
			}
			continue
		}
		if !inside {
			continue
		}
		id, _ := u.index.get(m.key)
		if m.role == roleCospend {
			before = heuristics.Member{ID: id, In: m.input}
			spent = append(spent, before)
			continue
		}
		groups = append(groups, heuristics.Group{Members: []heuristics.Member{before, {ID: id, In: m.input}}, Evidence: len(ties)})
		ties = append(ties, tie{block + record.ordinal, heuristics.JoinWraps})
	}
	if len(spent) > 1 {
		groups = append(groups, heuristics.Group{Members: spent, Evidence: len(ties)})
		ties = append(ties, tie{block + record.ordinal, heuristics.JoinCospend})
	}
	return ties, groups
}

// Why returns a shortest chain of joins from a to b: the A of each is the B of the one before.
// Empty where they are not in one cluster, or are one address.
func (u *Clusters) Why(ctx context.Context, a, b chains.Address) ([]heuristics.Join, error) {
	if a == b || !u.Together(a, b) {
		return nil, nil
	}
	x, _ := u.id(a)
	y, _ := u.id(b)
	ties, groups, err := u.ties(ctx, u.sets.Root(x))
	if err != nil {
		return nil, fmt.Errorf("why two addresses of %s are joined: %w", u.r.chain, mapErr(ctx, err))
	}
	var path []heuristics.Join
	for _, p := range heuristics.Path(groups, x, y) {
		j, err := u.join(ctx, p, ties[groups[p.Group].Evidence])
		if err != nil {
			return nil, fmt.Errorf("why two addresses of %s are joined: %w", u.r.chain, mapErr(ctx, err))
		}
		path = append(path, j)
	}
	return path, nil
}

func (u *Clusters) join(ctx context.Context, p heuristics.Tie, by tie) (j heuristics.Join, err error) {
	t, err := u.r.tx(by.pos)
	if err != nil {
		return j, err
	}
	j = heuristics.Join{InA: p.InA, InB: p.InB, Rule: by.rule, Tx: t.ID, Height: t.Block.Height}
	if j.A, err = u.address(ctx, p.A); err == nil {
		j.B, err = u.address(ctx, p.B)
	}
	return j, err
}

// Part is a part of a cluster that falls apart.
type Part struct {
	Size  int
	First chains.Address // of it, in the order in which the cluster's addresses were first joined
	Has   bool           // the address that was asked for is in it
}

// Drop names joins that are taken away: those of a rule, or of a transaction, or of both.
type Drop struct {
	Rule heuristics.JoinRule
	Tx   chains.TxID
}

// Without returns what the cluster of a falls into when some of its joins are taken away, the
// largest part first, of equals the one whose first address was joined earlier, and how many joins
// of a transaction were left out. At most limit parts are named, and that of a; parts is how many
// there are.
func (u *Clusters) Without(ctx context.Context, a chains.Address, drop Drop, limit int) (named []Part, parts, dropped int, err error) {
	id, ok := u.id(a)
	if !ok {
		return []Part{{Size: 1, First: a, Has: true}}, 1, 0, nil
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("the cluster of an address of %s without some joins: %w", u.r.chain, mapErr(ctx, err))
		}
	}()
	at := place(-1)
	if drop.Tx != (chains.TxID{}) {
		if at, err = u.r.findTx(&drop.Tx, u.from, u.end); errors.Is(err, chains.ErrNotFound) {
			at, err = -2, nil
		}
		if err != nil {
			return nil, 0, 0, err
		}
	}
	ties, groups, err := u.ties(ctx, u.sets.Root(id))
	if err != nil {
		return nil, 0, 0, err
	}
	kept := slices.DeleteFunc(groups, func(g heuristics.Group) bool {
		by := ties[g.Evidence]
		return (drop.Rule == "" || by.rule == drop.Rule) && (at == -1 || by.pos == at)
	})
	dropped = len(groups) - len(kept)
	fallen := heuristics.Falls(u.of(id), kept)
	for i, ids := range fallen {
		_, has := slices.BinarySearch(ids, id)
		if i >= limit && !has {
			continue
		}
		first, err := u.address(ctx, ids[0])
		if err != nil {
			return nil, 0, 0, err
		}
		named = append(named, Part{Size: len(ids), First: first, Has: has})
	}
	return named, len(fallen), dropped, nil
}

package store_test

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"clew/chains"
	"clew/store"
)

// dump returns the main chains of s as text, after Check found nothing wrong.
func dump(t require.TestingT, s *store.Store) string {
	ctx := context.Background()
	problems, err := s.Check(ctx)
	require.NoError(t, err)
	require.Empty(t, problems)
	var text strings.Builder
	require.NoError(t, s.Dump(ctx, &text))
	return text.String()
}

// straight returns the dump of a store into which bs were loaded at once.
func straight(t *rapid.T, dir string, bs []*chains.Block) string {
	s, err := store.Open(context.Background(), filepath.Join(dir, "straight.db"), store.Options{Create: true})
	require.NoError(t, err)
	l, err := s.Load(context.Background(), bitcoin)
	require.NoError(t, err)
	for _, b := range bs {
		require.NoError(t, l.Add(b))
	}
	require.NoError(t, l.Flush(context.Background()))
	require.NoError(t, l.Close())
	defer func() { require.NoError(t, s.Close()) }()
	return dump(t, s)
}

// scratch returns a folder that goes with the run of the property.
func scratch(t *rapid.T) string {
	dir, err := os.MkdirTemp("", "clew-store-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

// syncer loads a chain as a sync would that is interrupted, restarted and reorganised.
type syncer struct {
	t    *rapid.T
	path string
	weak uint
	s    *store.Store
	l    *store.Loader
}

func (y *syncer) open() {
	var err error
	y.s, err = store.Open(context.Background(), y.path, store.Options{Create: true})
	require.NoError(y.t, err)
	store.WeakenHash(y.s, y.weak)
	y.l, err = y.s.Load(context.Background(), bitcoin)
	require.NoError(y.t, err)
}

func (y *syncer) close() {
	require.NoError(y.t, y.l.Close())
	require.NoError(y.t, y.s.Close())
}

// add gives b to the loader, and at times flushes, or loses what was gathered by a restart.
func (y *syncer) add(b *chains.Block) (lost bool) {
	if rapid.IntRange(0, 3).Draw(y.t, "known") == 0 {
		b = forget(b)
	}
	err := y.l.Add(b)
	var reorg *store.ReorgError
	if errors.As(err, &reorg) {
		require.ErrorIs(y.t, err, chains.ErrReorged)
		_, err := y.s.Rewind(context.Background(), bitcoin, reorg.Height-1)
		require.NoError(y.t, err)
		return true
	}
	require.NoError(y.t, err)
	switch rapid.IntRange(0, 9).Draw(y.t, "then") {
	case 0, 1, 2, 3:
		require.NoError(y.t, y.l.Flush(context.Background()))
	case 4:
		y.close()
		y.open()
		return true
	case 5:
		require.NoError(y.t, store.SaveAllClusters(context.Background(), y.s, bitcoin, rapid.Int64Range(0, 3).Draw(y.t, "behind")))
	}
	return false
}

// missing returns those of bs that the main chain of the store does not have, in a random
// order of two runs.
func (y *syncer) missing(bs []*chains.Block) (todo []*chains.Block) {
	for _, b := range bs {
		have, err := y.s.Block(context.Background(), bitcoin, b.Ref.Height)
		if !errors.Is(err, chains.ErrIncomplete) {
			require.NoError(y.t, err)
		}
		if have.Ref != b.Ref {
			todo = append(todo, b)
		}
	}
	cut := 0
	if len(todo) > 1 {
		cut = rapid.IntRange(0, len(todo)-1).Draw(y.t, "cut")
	}
	return slices.Concat(todo[cut:], todo[:cut])
}

// finish loads bs until the store has all of them.
func (y *syncer) finish(bs []*chains.Block) {
	for {
		todo := y.missing(bs)
		if len(todo) == 0 {
			break
		}
		lost := false
		for _, b := range todo {
			if lost = y.add(b); lost {
				break
			}
		}
		if !lost {
			require.NoError(y.t, y.l.Flush(context.Background()))
		}
	}
	if _, err := y.s.Block(context.Background(), bitcoin, bs[len(bs)-1].Ref.Height+1); err == nil {
		_, err := y.s.Rewind(context.Background(), bitcoin, bs[len(bs)-1].Ref.Height)
		require.NoError(y.t, err)
	}
}

// TestAnyWayToTheSameStore: ranges in any order and chunks, restarts, reorganisations of any
// depth, inputs with and without their spent outputs, hashes that collide: the store holds
// what one straight load of the winning chain gives, and its indexes agree with it.
func TestAnyWayToTheSameStore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := newGenerator(rapid.Uint64Range(1, 1000).Draw(t, "chain"))
		common := g.blocks(rapid.IntRange(1, 5).Draw(t, "common"), rapid.IntRange(1, 12).Draw(t, "txs"))
		loser := g.fork(3001).blocks(rapid.IntRange(0, 4).Draw(t, "loser"), 6)
		winner := append(slices.Clone(common), g.fork(3002).blocks(rapid.IntRange(1, 5).Draw(t, "winner"), 6)...)

		dir := scratch(t)
		y := &syncer{t: t, path: filepath.Join(dir, "clew.db"), weak: rapid.SampledFrom([]uint{0, 32, 36}).Draw(t, "weak")}
		y.open()
		defer y.close()
		if len(loser) > 0 {
			y.finish(append(slices.Clone(common), loser...))
		}
		_, err := y.s.Rewind(context.Background(), bitcoin, rapid.Int64Range(-1, 12).Draw(t, "rewind"))
		require.NoError(t, err)
		y.finish(winner)
		require.Equal(t, straight(t, dir, winner), dump(t, y.s))
		y.history(loser)
	})
}

// history requires that every block of bs is stale, with its transactions.
func (y *syncer) history(bs []*chains.Block) {
	for _, b := range bs {
		info, err := y.s.BlockByHash(context.Background(), bitcoin, b.Ref.Hash)
		require.NoError(y.t, err)
		require.True(y.t, info.Stale)
		require.Equal(y.t, b.Header, info.Header)
		ts, err := y.s.StaleTxs(context.Background(), bitcoin, b.Ref.Hash)
		require.NoError(y.t, err)
		require.Equal(y.t, b.Txs, ts)
	}
}

// TestSourceAgreesWithBruteForce: random watches, placed before and between reads, give what
// a walk over every transaction gives, each once and in order, and the same balances.
func TestSourceAgreesWithBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		g := newGenerator(rapid.Uint64Range(1, 1000).Draw(t, "chain"))
		bs := g.blocks(rapid.IntRange(2, 8).Draw(t, "blocks"), 8)
		y := &syncer{t: t, path: filepath.Join(scratch(t), "clew.db"), weak: rapid.SampledFrom([]uint{0, 36}).Draw(t, "weak")}
		y.open()
		defer y.close()
		y.finish(bs)
		asOf := rapid.Int64Range(0, int64(len(bs))-1).Draw(t, "as of")
		var all []*chains.Tx
		for _, b := range bs[:asOf+1] {
			for i := range b.Txs {
				all = append(all, &b.Txs[i])
			}
		}
		q, err := y.s.Source(ctx, bitcoin, asOf)
		require.NoError(t, err)
		defer func() { require.NoError(t, q.Close()) }()
		w := watches{outs: map[chains.OutPoint]bool{}, ids: map[chains.TxID]bool{}, addrs: map[chains.Address]bool{}}
		last := -1
		for {
			for range rapid.IntRange(0, 3).Draw(t, "watches") {
				w.draw(t, q, all)
			}
			next := slices.IndexFunc(all[last+1:], w.hits)
			got, err := q.Next(ctx)
			if next < 0 {
				require.ErrorIs(t, err, io.EOF)
				return
			}
			require.NoError(t, err)
			last += 1 + next
			require.Equal(t, all[last], got)
			for _, o := range got.Outputs[:1] {
				sum, err := q.BalanceBefore(ctx, o.Address)
				require.NoError(t, err)
				require.Equal(t, balance(all[:last], o.Address), sum)
			}
		}
	})
}

// watches is what was asked of a Source.
type watches struct {
	outs  map[chains.OutPoint]bool
	ids   map[chains.TxID]bool
	addrs map[chains.Address]bool
}

func (w *watches) draw(t *rapid.T, q *store.Source, all []*chains.Tx) {
	ctx := context.Background()
	tx := rapid.SampledFrom(all).Draw(t, "tx")
	i := rapid.IntRange(0, len(tx.Outputs)-1).Draw(t, "output")
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 0:
		w.ids[tx.ID] = true
		require.NoError(t, q.WatchTx(ctx, tx.ID))
	case 1:
		w.addrs[tx.Outputs[i].Address] = true
		require.NoError(t, q.WatchAddress(ctx, tx.Outputs[i].Address))
	default:
		o := chains.OutPoint{Tx: tx.ID, Index: uint32(i)}
		w.outs[o] = true
		require.NoError(t, q.WatchOut(ctx, o))
	}
}

func (w *watches) hits(t *chains.Tx) bool {
	hit := w.ids[t.ID]
	for _, in := range t.Inputs {
		hit = hit || w.outs[in.Prev] || w.addrs[in.Spent.Address]
	}
	for _, o := range t.Outputs {
		hit = hit || w.addrs[o.Address]
	}
	return hit
}

func balance(ts []*chains.Tx, a chains.Address) chains.Amount {
	var sum chains.Amount
	for _, t := range ts {
		for _, o := range t.Outputs {
			if o.Address == a {
				sum = sum.Plus(chains.Units(o.Value))
			}
		}
		for _, in := range t.Inputs {
			if in.Spent.Address == a {
				sum = sum.Minus(chains.Units(in.Spent.Value))
			}
		}
	}
	return sum
}

// TestBodiesComeBack: what is packed is what is read, for any transaction.
func TestBodiesComeBack(t *testing.T) {
	output := rapid.Custom(func(t *rapid.T) chains.Output {
		return chains.Output{
			Value:   rapid.Uint64().Draw(t, "value"),
			Type:    chains.ScriptType(rapid.ByteMax(0x3f).Draw(t, "type")),
			Token:   rapid.Bool().Draw(t, "token"),
			Data:    rapid.Byte().Draw(t, "data"),
			Address: chains.Address(rapid.SliceOfN(rapid.Byte(), 0, 70).Draw(t, "address")),
		}
	})
	hash := rapid.Custom(func(t *rapid.T) (h chains.Hash) {
		copy(h[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash"))
		return h
	})
	signed := rapid.Custom(func(t *rapid.T) (s chains.Signed) {
		s.Form = chains.SignedForm(rapid.Byte().Draw(t, "form"))
		if rapid.Bool().Draw(t, "multisig") {
			s.M, s.N = rapid.ByteRange(1, 20).Draw(t, "M"), rapid.ByteRange(1, 20).Draw(t, "N")
		}
		s.Wraps = chains.Address(rapid.SliceOfN(rapid.Byte(), 0, 70).Draw(t, "wraps"))
		return s
	})
	rapid.Check(t, func(t *rapid.T) {
		tx := &chains.Tx{
			ID: hash.Draw(t, "id"), Index: rapid.IntRange(0, 1<<24).Draw(t, "index"), Coinbase: rapid.Bool().Draw(t, "coinbase"),
			Version: rapid.Int32().Draw(t, "version"), LockTime: rapid.Uint32().Draw(t, "locktime"),
			Evidence: rapid.SampledFrom([]chains.Evidence{chains.EvidenceImported, chains.EvidenceAttested, chains.EvidenceProven}).Draw(t, "evidence"),
		}
		for range rapid.IntRange(0, 5).Draw(t, "inputs") {
			in := chains.Input{
				Prev:     chains.OutPoint{Tx: hash.Draw(t, "prev"), Index: rapid.Uint32().Draw(t, "vout")},
				Sequence: rapid.OneOf(rapid.Uint32(), rapid.Uint32Range(1<<32-5, 1<<32-1)).Draw(t, "sequence"),
			}
			if in.Known = rapid.Bool().Draw(t, "known"); in.Known {
				in.Spent = output.Draw(t, "spent")
			}
			in.Signed = signed.Draw(t, "signed")
			tx.Inputs = append(tx.Inputs, in)
		}
		for range rapid.IntRange(0, 5).Draw(t, "outputs") {
			tx.Outputs = append(tx.Outputs, output.Draw(t, "output"))
		}
		body := store.PackBody(tx)
		got, err := store.UnpackBody(body)
		require.NoError(t, err)
		require.Equal(t, tx, got)
		_, err = store.UnpackBody(body[:rapid.IntRange(0, len(body)-1).Draw(t, "cut")])
		require.ErrorIs(t, err, store.ErrDamaged)
	})
}

// A body that was written before inputs kept what they show of the wallet is read as one whose
// scripts were not.
func TestBodiesOfBefore(t *testing.T) {
	old, err := hex.DecodeString(bodyOfBefore)
	require.NoError(t, err)
	tx, err := store.UnpackBody(old)
	require.NoError(t, err)
	require.Len(t, tx.Inputs, 2)
	require.EqualValues(t, 7, tx.Inputs[1].Spent.Value)
	require.Equal(t, chains.Address("from"), tx.Inputs[1].Spent.Address)
	require.Zero(t, tx.Inputs[0].Signed)
	require.Zero(t, tx.Inputs[1].Signed)
	require.Equal(t, old, store.PackBody(tx))
}

// bodyOfBefore is of a transaction with an input whose spent output is not known, one where it
// is, and an output.
const bodyOfBefore = "1d00000000000000000000000000000000000000000000000000000000000000" + "0e" + "03" + "02" +
	"0100000000000000000000000000000000000000000000000000000000000000" + "01" + "02" +
	"0200000000000000000000000000000000000000000000000000000000000000" + "00" + "07" + "08" + "07" + "04" + "04" + "66726f6d" +
	"01" + "05" + "04" + "02" + "746f"

// FuzzBody: bytes of any kind give a transaction or ErrDamaged.
func FuzzBody(f *testing.F) {
	for _, tx := range newGenerator(1).block(5).Txs {
		f.Add(store.PackBody(&tx))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if _, err := store.UnpackBody(body); err != nil {
			require.ErrorIs(t, err, store.ErrDamaged)
		}
	})
}

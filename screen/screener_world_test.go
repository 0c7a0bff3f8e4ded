package screen_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/labels"
	"clew/screen"
	"clew/store"
	"clew/tracer"
)

const regtest = chains.Chain("bitcoin-regtest")

// firstTime is when block 0 of a world was made: 2020-01-01.
const firstTime = 1_577_836_800

// world is a chain that a test makes, block by block, in a real store.
type world struct {
	t      testing.TB
	st     *store.Store
	salt   string
	blocks []*chains.Block
	outs   map[chains.OutPoint]chains.Output
	labels []labels.OwnLabel
	traces map[string]*tracer.Trace
	index  *screen.Index
	policy *screen.Policy
}

func newWorld(t testing.TB) *world {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "clew.db"), store.Options{Create: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return &world{
		t: t, st: st, outs: map[chains.OutPoint]chains.Output{}, traces: map[string]*tracer.Trace{},
		index: screen.NewIndex(bitcoin.Codec{}), policy: testPolicy(t, ""),
	}
}

// testPolicy is a policy that blocks what is stolen or sanctioned and reviews mixers; more is appended to
// its rules.
func testPolicy(t testing.TB, more string) *screen.Policy {
	t.Helper()
	text := `clew: rules/1
id: test
title: Rules of a test
decide_by: larger
budget: {hops: 50, transactions: 500, milliseconds: 60000}
deep: {hops: 100, transactions: 5000, milliseconds: 60000}
not_covered: review
failed: review
max_behind: {bitcoin-regtest: 6}
rules:
  - id: stolen
    category: stolen
    min_share: 10%
    action: block
    reason: It is stolen.
  - id: stolen-some
    category: stolen
    action: review
    reason: Some of it is stolen.
  - id: sanctioned
    category: sanctioned
    action: block
    reason: It is from somebody who is sanctioned.
  - id: mixer
    category: mixer
    action: review
    reason: Where it came from is hidden.
` + more
	p, err := screen.ParsePolicy("test.yaml", []byte(text), bitcoin.Codec{})
	require.NoError(t, err)
	return p
}

// name returns the address of somebody, as a key and as text.
func name(who string) chains.Address {
	h := sha256.Sum256([]byte(who))
	a, _ := bitcoin.Classify(regtest, append([]byte{0x00, 0x14}, h[:20]...)) // pay to witness public key hash
	return a
}

func text(who string) string { return bitcoin.Codec{}.FormatAddress(regtest, name(who)) }

// pay is an output to somebody.
type pay struct {
	to    string
	units uint64
}

// block adds an empty block, to which mine and tx add.
func (w *world) block() {
	b := &chains.Block{Header: make([]byte, 80)}
	b.Ref = chains.BlockRef{Height: int64(len(w.blocks)), Time: firstTime + 600*int64(len(w.blocks))}
	b.Ref.Hash = sha256.Sum256(fmt.Appendf(nil, "block %d %s", b.Ref.Height, w.salt))
	if n := len(w.blocks); n > 0 {
		b.Prev = w.blocks[n-1].Ref.Hash
	}
	copy(b.Header[4:], b.Prev[:])
	w.blocks = append(w.blocks, b)
	w.add(chains.Tx{Coinbase: true}, nil)
}

func (w *world) add(tx chains.Tx, pays []pay) chains.TxID {
	b := w.blocks[len(w.blocks)-1]
	tx.Block, tx.Index, tx.Version, tx.Evidence = b.Ref, len(b.Txs), 2, chains.EvidenceProven
	var serial [8]byte
	binary.BigEndian.PutUint32(serial[:], uint32(b.Ref.Height))
	binary.BigEndian.PutUint32(serial[4:], uint32(tx.Index))
	tx.ID = sha256.Sum256(append(serial[:], w.salt...))
	for i, p := range pays {
		out := chains.Output{Value: p.units, Address: name(p.to), Type: chains.ScriptP2WPKH}
		tx.Outputs = append(tx.Outputs, out)
		w.outs[chains.OutPoint{Tx: tx.ID, Index: uint32(i)}] = out
	}
	b.Txs = append(b.Txs, tx)
	return tx.ID
}

// mine adds a block whose coinbase pays.
func (w *world) mine(pays ...pay) chains.TxID {
	w.block()
	b := w.blocks[len(w.blocks)-1]
	b.Txs = nil
	return w.add(chains.Tx{Coinbase: true}, pays)
}

// tx adds a transaction to the last block.
func (w *world) tx(from []chains.OutPoint, pays ...pay) chains.TxID {
	tx := chains.Tx{}
	for _, o := range from {
		out, ok := w.outs[o]
		require.True(w.t, ok, "output %s", o)
		tx.Inputs = append(tx.Inputs, chains.Input{Prev: o, Spent: out, Known: true, Proven: true})
		delete(w.outs, o)
	}
	return w.add(tx, pays)
}

// out names an output.
func out(tx chains.TxID, i uint32) chains.OutPoint { return chains.OutPoint{Tx: tx, Index: i} }

// save brings the blocks from a height on into the store.
func (w *world) save(from int) {
	l, err := w.st.Load(w.t.Context(), regtest)
	require.NoError(w.t, err)
	for _, b := range w.blocks[from:] {
		require.NoError(w.t, l.Add(b))
	}
	require.NoError(w.t, l.Flush(w.t.Context()))
	require.NoError(w.t, l.Close())
}

// steal traces an incident whose seeds are outputs, and loads it.
func (w *world) steal(id string, seeds ...chains.OutPoint) {
	text := "clew: incident/1\nid: " + id + "\ntitle: Theft of " + id + "\nrule: fifo\nrule_reason: a test\nseeds:\n"
	for i, o := range seeds {
		text += fmt.Sprintf("  - {id: V%d, output: \"%s:%s\"}\n", i+1, regtest, o)
	}
	inc, err := tracer.ParseIncident(id+".yaml", []byte(text), bitcoin.Codec{})
	require.NoError(w.t, err)
	src, err := w.st.Source(w.t.Context(), regtest, store.Latest)
	require.NoError(w.t, err)
	trace, err := tracer.Run(w.t.Context(), inc, regtest, src, bitcoin.Codec{}, tracer.Options{})
	require.NoError(w.t, err)
	require.NoError(w.t, src.Close())
	w.traces[id] = trace
	w.index, err = w.index.With(trace, screen.Loaded{ID: id, Trace: "trace-" + id, SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(id)))})
	require.NoError(w.t, err)
}

// label has somebody claim something of an address from 2019 on.
func (w *world) label(who, category, says string) {
	w.labelled(who, category, says, time.Time{}, time.Time{})
}

func (w *world) labelled(who, category, says string, from, to time.Time) {
	w.labels = append(w.labels, labels.OwnLabel{
		Address: text(who), Chain: string(regtest), Text: says, Category: category, Source: "a test", Confidence: "high",
		Made: time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC), ValidFrom: from, ValidTo: to,
	})
}

// config is the state of the world, as of a height.
func (w *world) config(height int64) screen.Config {
	cfg := screen.Config{Policy: w.policy, Codec: bitcoin.Codec{}, Index: w.index, Chains: viewsOf{w.st}}
	pack, _, err := labels.Own(w.labels, labels.Options{Codec: bitcoin.Codec{}, Edition: labels.Edition{
		Source: "a test", Retrieved: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC), SHA256: "00",
	}})
	require.NoError(w.t, err)
	set, err := labels.NewSet(pack)
	require.NoError(w.t, err)
	cfg.Labels, cfg.LabelsSHA256 = set, set.SHA256(time.Time{})
	if len(w.blocks) > 0 {
		cfg.Heads = []screen.Head{{
			Chain: regtest, Spans: []chains.Span{{From: 0, To: int64(len(w.blocks)) - 1}}, Block: w.blocks[height].Ref,
		}}
	}
	return cfg
}

func (w *world) screener() *screen.Screener {
	s, err := screen.New(w.config(int64(len(w.blocks)) - 1))
	require.NoError(w.t, err)
	return s
}

// screen answers a subject, and checks what holds of every verdict.
func (w *world) screen(subject string, change ...func(*screen.Request)) *screen.Verdict {
	w.t.Helper()
	return ask(w.t, w.screener(), subject, change...)
}

func ask(t testing.TB, s *screen.Screener, subject string, change ...func(*screen.Request)) *screen.Verdict {
	t.Helper()
	sub, err := screen.ParseSubject(subject, bitcoin.Codec{})
	require.NoError(t, err)
	r := screen.Request{Subject: sub}
	for _, f := range change {
		f(&r)
	}
	v, err := s.Screen(t.Context(), r)
	require.NoError(t, err)
	checkVerdict(t, s, v, r)
	return v
}

func deep(r *screen.Request) { r.Deep = true }

func forward(r *screen.Request) { r.Subject.Direction = screen.Destination }

// checkVerdict checks what holds of every verdict: its sums, its id, that it reads back, and that it can
// be made again.
func checkVerdict(t require.TestingT, s *screen.Screener, v *screen.Verdict, r screen.Request) {
	for i := range v.Value {
		for _, rule := range []tracer.Rule{tracer.FIFO, tracer.ProRata} {
			explained := chains.Amount{}
			for j := range v.Exposure {
				if e := &v.Exposure[j]; e.Asset == v.Value[i].Asset && e.Distance != screen.Own {
					explained = explained.Plus(e.Units.Of(rule))
				}
			}
			require.Equal(t, v.Value[i].Explained.Of(rule), explained)
			require.Equal(t, v.Value[i].Units, explained.Plus(v.Value[i].Unknown.Of(rule)))
		}
	}
	data, err := v.JSON()
	require.NoError(t, err)
	require.NotContains(t, string(data), ":null", "an empty list is a list")
	back, err := screen.ReadVerdict(data)
	require.NoError(t, err, "%s", data)
	again, err := back.JSON()
	require.NoError(t, err)
	require.Equal(t, string(data), string(again))
	second, err := s.Screen(context.Background(), r)
	require.NoError(t, err)
	require.Equal(t, v.ID, second.ID)
	replayed, err := s.Replay(context.Background(), back)
	require.NoError(t, err)
	require.Equal(t, v.ID, replayed.ID)
}

// viewsOf lets a store be screened.
type viewsOf struct{ st *store.Store }

// Facts implements screen.Chains.
func (v viewsOf) Facts(ctx context.Context, chain chains.Chain, asOf int64) (screen.Facts, error) {
	return v.st.View(ctx, chain, asOf)
}

// exposure returns the exposures of a category.
func exposure(v *screen.Verdict, c screen.Category) (out []screen.Exposure) {
	for i := range v.Exposure {
		if v.Exposure[i].Category == c {
			out = append(out, v.Exposure[i])
		}
	}
	return out
}

func units(fifo, prorata uint64) screen.Split[chains.Amount] {
	return screen.Split[chains.Amount]{FIFO: chains.Units(fifo), ProRata: chains.Units(prorata)}
}

// labelsOn has somebody claim something of one address.
func labelsOn(t testing.TB, chain chains.Chain, address, category string) *labels.Set {
	t.Helper()
	pack, _, err := labels.Own([]labels.OwnLabel{{
		Address: address, Chain: string(chain), Text: "Somebody", Category: category, Source: "a test", Made: time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC),
	}}, labels.Options{Codec: bothCodecs{}, Edition: labels.Edition{
		Source: "a test", Retrieved: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC), SHA256: "00",
	}})
	require.NoError(t, err)
	set, err := labels.NewSet(pack)
	require.NoError(t, err)
	return set
}

package screen_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/screen"
	"clew/store"
	"clew/tracer"
)

// maze is a random chain of outputs in a real store: value parts, meets again, comes back to the same
// addresses and waits.
type maze struct {
	rng     *rand.Rand
	st      *store.Store
	blocks  []*chains.Block
	txs     map[chains.TxID]*chains.Tx
	unspent []chains.OutPoint
	ends    map[chains.Address]bool // whom somebody knows: each has one output
	serial  int
}

func newMaze(t *testing.T, seed uint64) *maze {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "maze.db"), store.Options{Create: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	m := &maze{rng: rand.New(rand.NewPCG(seed, 7)), st: st, txs: map[chains.TxID]*chains.Tx{}, ends: map[chains.Address]bool{}}
	for height := range 14 {
		b := &chains.Block{Header: make([]byte, 80)}
		b.Ref = chains.BlockRef{Height: int64(height), Time: firstTime + 600*int64(height), Hash: m.hash("block")}
		if height > 0 {
			b.Prev = m.blocks[height-1].Ref.Hash
		}
		copy(b.Header[4:], b.Prev[:])
		m.blocks = append(m.blocks, b)
		m.add(&chains.Tx{Coinbase: true, Outputs: m.outputs(m.value(), 1+m.rng.IntN(3))})
		for range m.rng.IntN(7) {
			m.spend()
		}
	}
	l, err := st.Load(t.Context(), regtest)
	require.NoError(t, err)
	for _, b := range m.blocks {
		require.NoError(t, l.Add(b))
	}
	require.NoError(t, l.Flush(t.Context()))
	require.NoError(t, l.Close())
	return m
}

func (m *maze) hash(what string) chains.Hash {
	m.serial++
	return sha256.Sum256(fmt.Appendf(nil, "%s %d", what, m.serial))
}

// value is small at times, so that rounding matters.
func (m *maze) value() uint64 { return 1 + m.rng.Uint64N([]uint64{10, 1_000, 1e12}[m.rng.IntN(3)]) }

func (m *maze) outputs(total uint64, n int) []chains.Output {
	outs := make([]chains.Output, n)
	for i := range outs {
		v := m.rng.Uint64N(total + 1)
		if m.rng.IntN(4) == 0 {
			v = total
		}
		total -= v
		who := name(fmt.Sprint("person ", m.rng.IntN(9)))
		if m.rng.IntN(6) == 0 {
			m.serial++
			who = name(fmt.Sprint("known ", m.serial))
			m.ends[who] = true
		}
		outs[i] = chains.Output{Value: v, Address: who, Type: chains.ScriptP2WPKH}
	}
	return outs
}

func (m *maze) add(tx *chains.Tx) {
	b := m.blocks[len(m.blocks)-1]
	tx.ID, tx.Block, tx.Index, tx.Version, tx.Evidence = m.hash("tx"), b.Ref, len(b.Txs), 2, chains.EvidenceProven
	b.Txs = append(b.Txs, *tx)
	m.txs[tx.ID] = &b.Txs[len(b.Txs)-1]
	for i := range tx.Outputs {
		m.unspent = append(m.unspent, chains.OutPoint{Tx: tx.ID, Index: uint32(i)})
	}
}

func (m *maze) spend() {
	tx, total := &chains.Tx{}, uint64(0)
	for range min(1+m.rng.IntN(4), len(m.unspent)) {
		i := m.rng.IntN(len(m.unspent))
		o := m.unspent[i]
		m.unspent = append(m.unspent[:i], m.unspent[i+1:]...)
		spent := m.output(o)
		tx.Inputs = append(tx.Inputs, chains.Input{Prev: o, Spent: spent, Known: true, Proven: true})
		total += spent.Value
	}
	tx.Outputs = m.outputs(total, 1+m.rng.IntN(4))
	m.add(tx)
}

func (m *maze) output(o chains.OutPoint) chains.Output {
	for _, b := range m.blocks {
		for i := range b.Txs {
			if b.Txs[i].ID == o.Tx {
				return b.Txs[i].Outputs[o.Index]
			}
		}
	}
	panic("no such output")
}

// Attribute knows some addresses.
func (m *maze) Attribute(_ context.Context, _ chains.Chain, a chains.Address, _ time.Time) (screen.Attribution, bool, error) {
	return screen.Attribution{Category: screen.Exchange, KnownBy: screen.ByLabel, Ends: true}, m.ends[a], nil
}

// walk walks from an output.
func (m *maze) walk(t *testing.T, o chains.OutPoint, forward bool, budget screen.Budget) *screen.WalkResult {
	t.Helper()
	v, err := m.st.View(t.Context(), regtest, store.Latest)
	require.NoError(t, err)
	found, err := screen.Walk(t.Context(), screen.WalkOf{Facts: v, Chain: regtest, Codec: bitcoin.Codec{}, Who: m, Budget: budget}, forward,
		screen.WalkStart{Place: screen.Place{Chain: regtest, Tx: o.Tx, Vout: o.Index, Asset: chains.Native}})
	require.NoError(t, err)
	require.NoError(t, v.Close())
	return found
}

// trace follows what lies in an output; it ends at those who are known, but for whoever holds the seed.
func (m *maze) trace(t *testing.T, seed chains.OutPoint) *tracer.Trace {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "clew: incident/1\nid: maze\ntitle: A maze\nrule: fifo\nrule_reason: a test\nseeds:\n  - {id: V1, output: \"%s:%s\"}\n", regtest, seed)
	holder := m.output(seed).Address
	head := "known:\n"
	for a := range m.ends {
		if a != holder {
			fmt.Fprintf(&b, "%s  - {chain: %s, address: %s, kind: service, entity: X, source: a test}\n", head, regtest, bitcoin.Codec{}.FormatAddress(regtest, a))
			head = ""
		}
	}
	inc, err := tracer.ParseIncident("maze.yaml", []byte(b.String()), bitcoin.Codec{})
	require.NoError(t, err, b.String())
	src, err := m.st.Source(t.Context(), regtest, store.Latest)
	require.NoError(t, err)
	trace, err := tracer.Run(t.Context(), inc, regtest, src, bitcoin.Codec{}, tracer.Options{})
	require.NoError(t, err)
	require.NoError(t, src.Close())
	return trace
}

// slots bounds by how much a walk and a trace may differ in proportion: each division on the way
// rounds each of its slots by less than a unit, once in each of the two.
func (m *maze) slots() (n uint64) {
	for _, b := range m.blocks {
		for i := range b.Txs {
			n += uint64(len(b.Txs[i].Inputs) + len(b.Txs[i].Outputs) + 1)
		}
	}
	return n
}

func near(t *testing.T, want, got chains.Amount, within uint64, says string) {
	t.Helper()
	diff := chains.Max(want, got).Minus(chains.Min(want, got))
	require.False(t, chains.Units(within).Less(diff), "%s: %s and %s differ by more than %d units", says, want, got, within)
}

// TestWalkBackFindsWhatATraceBrings compares each end of a walk back with a trace from there.
func TestWalkBackFindsWhatATraceBrings(t *testing.T) {
	compared := 0
	for seed := range uint64(25) {
		m := newMaze(t, seed)
		last := m.blocks[len(m.blocks)-1].Txs
		for i := range last {
			for vout := range last[i].Outputs {
				at := chains.OutPoint{Tx: last[i].ID, Index: uint32(vout)}
				if last[i].Outputs[vout].Value == 0 {
					continue
				}
				found := m.walk(t, at, false, screen.Budget{})
				require.Equal(t, "explained", found.Ended)
				require.Empty(t, found.Rests)
				for _, e := range found.Ends {
					compared += m.compareBack(t, at, e)
				}
			}
		}
	}
	require.Greater(t, compared, 300)
}

// compareBack traces from an end and compares what arrives.
func (m *maze) compareBack(t *testing.T, at chains.OutPoint, e screen.WalkEnd) int {
	t.Helper()
	seed := chains.OutPoint{Tx: e.At.Tx, Index: e.At.Vout}
	if seed == at {
		return 0 // newly issued there
	}
	trace := m.trace(t, seed)
	arrives := map[tracer.Rule]chains.Amount{}
	for i := range trace.Hops {
		leg := &trace.Hops[i].Legs[len(trace.Hops[i].Legs)-1]
		if leg.TxID == at.Tx && leg.Positions[0].Kind == "vout" && leg.Positions[0].Value == fmt.Sprint(at.Index) {
			for _, r := range []tracer.Rule{tracer.FIFO, tracer.ProRata} {
				arrives[r] = trace.Hops[i].Traced.Value[r]
			}
		}
	}
	require.Equal(t, arrives[tracer.FIFO].String(), e.Units.FIFO.String(), "fifo of %s at %s", seed, at)
	near(t, arrives[tracer.ProRata], e.Units.ProRata, 2*m.slots(), "prorata")
	return 1
}

// TestWalkForwardFindsWhereATraceEnds compares a walk forward with a trace of the same value.
func TestWalkForwardFindsWhereATraceEnds(t *testing.T) {
	compared := 0
	for seed := range uint64(25) {
		m := newMaze(t, seed)
		for _, b := range m.blocks[:4] {
			for i := range b.Txs {
				if out := &b.Txs[i].Outputs[0]; out.Value > 0 && !m.ends[out.Address] {
					compared += m.compareForward(t, chains.OutPoint{Tx: b.Txs[i].ID})
				}
			}
		}
	}
	require.Greater(t, compared, 300)
}

func (m *maze) compareForward(t *testing.T, at chains.OutPoint) int {
	t.Helper()
	type sums = screen.Split[chains.Amount]
	want, got := map[string]sums{}, map[string]sums{}
	add := func(to map[string]sums, key string, fifo, pro chains.Amount) {
		s := to[key]
		to[key] = sums{FIFO: s.FIFO.Plus(fifo), ProRata: s.ProRata.Plus(pro)}
	}
	trace := m.trace(t, at)
	for i := range trace.Endpoints {
		e := &trace.Endpoints[i]
		key := fmt.Sprint(e.TxID, ":", e.Position)
		if e.Reason == tracer.ReasonFee {
			key = fmt.Sprint(e.TxID, ":fee")
		}
		add(want, key, e.Traced.Value[tracer.FIFO], e.Traced.Value[tracer.ProRata])
	}
	found := m.walk(t, at, true, screen.Budget{})
	require.Equal(t, "explained", found.Ended)
	for _, e := range found.Ends {
		key := fmt.Sprintf("%s:%d", e.At.Tx, e.At.Vout)
		if e.Note == "the fee" {
			key = fmt.Sprint(e.At.Tx, ":fee")
		}
		add(got, key, e.Units.FIFO, e.Units.ProRata)
	}
	for key, w := range want {
		if w.FIFO.IsZero() && w.ProRata.IsZero() {
			continue
		}
		require.Equal(t, w.FIFO.String(), got[key].FIFO.String(), "fifo at %s: want %v, got %v", key, want, got)
		near(t, w.ProRata, got[key].ProRata, 2*m.slots(), key)
	}
	return len(want)
}

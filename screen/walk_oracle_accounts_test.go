package screen_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/screen"
	"clew/store"
	"clew/tracer"
)

const polygon = chains.Chain("polygon")

// market is a random chain of accounts in a real store: people pay each other, swap, and give to a
// contract that passes on and to one that keeps.
type market struct {
	rng    *rand.Rand
	st     *store.Store
	blocks []*chains.Block
	held   map[string]uint64 // by account and asset
	swaps  bool
	serial int
}

var goods = []chains.Asset{
	chains.Native, evm20Asset("gold"), evm20Asset("grain"),
}

func account(who string) chains.Address {
	h := sha256.Sum256([]byte(who))
	return chains.Address(h[:20])
}

func evm20Asset(what string) chains.Asset {
	return chains.Asset(evm.Codec{}.FormatAddress(polygon, account(what)))
}

// contracts are the accounts with code.
var contracts = map[string]bool{"router": true, "pool": true, "vault": true}

func newMarket(t *testing.T, seed uint64, swaps bool) *market {
	t.Helper()
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "market.db"), store.Options{Create: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	m := &market{rng: rand.New(rand.NewPCG(seed, 9)), st: st, held: map[string]uint64{}, swaps: swaps}
	for range 2 {
		m.block()
		for p := range 5 {
			for _, asset := range goods {
				if m.rng.IntN(3) > 0 {
					m.deed(m.person(p), move{"", m.person(p), asset, m.value()})
				}
			}
		}
	}
	for range 12 {
		m.block()
		for range m.rng.IntN(4) {
			m.random()
		}
	}
	l, err := st.Load(t.Context(), polygon)
	require.NoError(t, err)
	for _, b := range m.blocks {
		require.NoError(t, l.Add(b))
	}
	require.NoError(t, l.Flush(t.Context()))
	require.NoError(t, l.Close())
	return m
}

func (m *market) value() uint64 { return 1 + m.rng.Uint64N([]uint64{10, 1_000, 1e12}[m.rng.IntN(3)]) }

func (m *market) person(i int) string { return fmt.Sprint("person ", i) }

func (m *market) someone() string { return m.person(m.rng.IntN(5)) }

func (m *market) block() {
	n := int64(len(m.blocks))
	b := &chains.Block{Header: make([]byte, 500)}
	b.Ref = chains.BlockRef{Height: n, Time: firstTime + 12*n, Hash: sha256.Sum256(fmt.Appendf(nil, "market %d", n))}
	if n > 0 {
		b.Prev = m.blocks[n-1].Ref.Hash
	}
	copy(b.Header[4:], b.Prev[:])
	m.blocks = append(m.blocks, b)
}

// move is a movement of a deed.
type move struct {
	from, to string
	asset    chains.Asset
	units    uint64
}

// deed adds a transaction.
func (m *market) deed(sender string, moves ...move) {
	b := m.blocks[len(m.blocks)-1]
	m.serial++
	tx := chains.Tx{
		ID: sha256.Sum256(fmt.Appendf(nil, "deed %d", m.serial)), Block: b.Ref, Index: len(b.Txs), Evidence: chains.EvidenceProven,
		Exec: &chains.Execution{Sender: account(sender)},
	}
	for i, v := range moves {
		if v.units == 0 {
			continue
		}
		w := chains.Move{Kind: chains.MoveToken, Asset: v.asset, Amount: chains.Units(v.units), Index: uint32(100*len(b.Txs) + i), Evidence: chains.EvidenceProven}
		if v.asset == chains.Native {
			w.Kind, w.Index = chains.MoveCall, uint32(i)
		}
		if v.from != "" {
			w.From = account(v.from)
			m.held[v.from+string(v.asset)] -= v.units
		} else if v.asset == chains.Native {
			w.Kind = chains.MoveIssue
		}
		if v.to == "fee" {
			w.Kind = chains.MoveFee
		} else if v.to != "" {
			w.To = account(v.to)
			m.held[v.to+string(v.asset)] += v.units
		}
		for _, who := range []string{v.from, v.to} {
			if contracts[who] {
				tx.Exec.Ran = append(tx.Exec.Ran, account(who))
			}
		}
		tx.Exec.Moves = append(tx.Exec.Moves, w)
	}
	b.Txs = append(b.Txs, tx)
}

// part draws some of what somebody holds.
func (m *market) part(who string, asset chains.Asset) uint64 {
	held := m.held[who+string(asset)]
	if m.rng.IntN(3) == 0 {
		return held
	}
	return m.rng.Uint64N(held + 1)
}

func (m *market) random() {
	who, asset := m.someone(), goods[m.rng.IntN(len(goods))]
	units := m.part(who, asset)
	switch m.rng.IntN(8) {
	case 0, 1, 2:
		first := units / 3
		m.deed(who, move{who, m.someone(), asset, first}, move{who, m.someone(), asset, units - first})
	case 3:
		cut := units / 4
		m.deed(who, move{who, "router", asset, units}, move{"router", m.someone(), asset, cut}, move{"router", m.someone(), asset, units - cut})
	case 4:
		if got := goods[m.rng.IntN(len(goods))]; m.swaps && got != asset && units > 0 {
			m.deed(who, move{who, "pool", asset, units}, move{"pool", who, got, m.value()})
		}
	case 5:
		m.deed(who, move{who, "vault", asset, units})
	case 6:
		m.deed(who, move{who, "", asset, units})
	case 7:
		m.deed(who, move{who, "fee", chains.Native, m.part(who, chains.Native)})
	}
}

// BalanceAt and what follows are of store.StateReader.
func (m *market) BalanceAt(_ context.Context, a chains.Address, asset chains.Asset, height int64) (held chains.Amount, err error) {
	for _, b := range m.blocks {
		for i := range b.Txs {
			if b.Ref.Height <= height && err == nil {
				held, err = b.Txs[i].Exec.After(held, a, asset)
			}
		}
	}
	return held, err
}

func (m *market) AccountKind(_ context.Context, a chains.Address, _ int64) (chains.AccountKind, error) {
	for who := range contracts {
		if a == account(who) {
			return chains.AccountContract, nil
		}
	}
	return chains.AccountKey, nil
}

func (m *market) Token(_ context.Context, asset chains.Asset, _ int64) (chains.Token, error) {
	return chains.Token{Asset: asset, Symbol: "T"}, nil
}

// trace follows what an account received in a transaction.
func (m *market) trace(t *testing.T, tx chains.TxID, to chains.Address, asset chains.Asset) *tracer.Trace {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "clew: incident/1\nid: market\ntitle: A market\nrule: fifo\nrule_reason: a test\nseeds:\n  - {id: V1, chain: polygon, tx: \"0x%s\", to: \"%s\", asset: \"%s\"}\n",
		tx, evm.Codec{}.FormatAddress(polygon, to), asset)
	inc, err := tracer.ParseIncident("market.yaml", []byte(b.String()), evm.Codec{})
	require.NoError(t, err, b.String())
	src, err := m.st.AccountSource(t.Context(), polygon, store.Latest, m)
	require.NoError(t, err)
	trace, err := tracer.Run(t.Context(), inc, polygon, src, evm.Codec{}, tracer.Options{})
	require.NoError(t, err)
	require.NoError(t, src.Close())
	return trace
}

func (m *market) walk(t *testing.T, at screen.Place, forward bool) *screen.WalkResult {
	t.Helper()
	v, err := m.st.View(t.Context(), polygon, store.Latest)
	require.NoError(t, err)
	found, err := screen.Walk(t.Context(), screen.WalkOf{Facts: v, Chain: polygon, Codec: evm.Codec{}}, forward, screen.WalkStart{Place: at})
	require.NoError(t, err)
	require.NoError(t, v.Close())
	return found
}

// receipts calls f for each account that received something in a block, and paid nothing of it there: a
// seed is a net receipt.
func (m *market) receipts(b *chains.Block, f func(screen.Place)) {
	met := map[screen.Place]bool{}
	for i := range b.Txs {
		for _, v := range b.Txs[i].Exec.Moves {
			at := screen.Place{Chain: polygon, Tx: b.Txs[i].ID, Account: v.To, Asset: v.Asset}
			kind, _ := m.AccountKind(context.Background(), v.To, 0)
			paid := slices.ContainsFunc(b.Txs[i].Exec.Moves, func(o chains.Move) bool { return o.From == v.To && o.Asset == v.Asset })
			if v.To != "" && !paid && kind == chains.AccountKey && !met[at] {
				met[at] = true
				f(at)
			}
		}
	}
}

// moves bounds by how much a walk and a trace may differ in proportion: each passage of each account
// rounds by less than a unit, once in each of the two, and a swap makes of one unit what it gives for it.
func (m *market) moves() (n uint64) {
	for _, b := range m.blocks {
		for i := range b.Txs {
			n += uint64(len(b.Txs[i].Exec.Moves))
		}
	}
	return n
}

// TestWalkBackOnAccountsFindsWhatATraceBrings compares each end of a walk back with a trace from there.
func TestWalkBackOnAccountsFindsWhatATraceBrings(t *testing.T) {
	compared := 0
	for seed := range uint64(50) {
		m := newMarket(t, seed, seed%2 == 0)
		for _, b := range m.blocks[len(m.blocks)-3:] {
			m.receipts(b, func(at screen.Place) { compared += m.compareBack(t, at) })
		}
	}
	require.Greater(t, compared, 250)
}

func (m *market) compareBack(t *testing.T, at screen.Place) (compared int) {
	t.Helper()
	found := m.walk(t, at, false)
	require.Equal(t, "explained", found.Ended, "%v", found.Rests)
	require.Empty(t, found.Gaps)
	for _, e := range found.Ends {
		if e.At.Tx == at.Tx {
			continue
		}
		var to chains.Address
		for _, b := range m.blocks {
			for i := range b.Txs {
				if b.Txs[i].ID == e.At.Tx {
					to = b.Txs[i].Exec.Moves[0].To
				}
			}
		}
		trace := m.trace(t, e.At.Tx, to, e.At.Asset)
		nodes := addresses(trace)
		var fifo, pro chains.Amount
		for i := range trace.Hops {
			leg := &trace.Hops[i].Legs[len(trace.Hops[i].Legs)-1]
			if leg.TxID == at.Tx && leg.Asset == at.Asset && nodes[leg.To] == evm.Codec.FormatAddress(evm.Codec{}, polygon, at.Account) {
				fifo, pro = fifo.Plus(trace.Hops[i].Traced.Value[tracer.FIFO]), pro.Plus(trace.Hops[i].Traced.Value[tracer.ProRata])
			}
		}
		require.Equal(t, fifo.String(), e.Units.FIFO.String(), "fifo of %s at %s", e.At.Tx, at.Tx)
		if !m.swaps {
			near(t, pro, e.Units.ProRata, 2*m.moves(), "prorata")
		}
		compared++
	}
	return compared
}

// TestWalkForwardOnAccountsFindsWhereATraceEnds compares a walk forward with a trace of the same value.
func TestWalkForwardOnAccountsFindsWhereATraceEnds(t *testing.T) {
	compared := 0
	for seed := range uint64(30) {
		m := newMarket(t, seed, false)
		for _, b := range m.blocks[:5] {
			m.receipts(b, func(at screen.Place) { compared += m.compareForward(t, at) })
		}
	}
	require.Greater(t, compared, 250)
}

// addresses are those of a trace's nodes, by id.
func addresses(trace *tracer.Trace) map[string]string {
	of := map[string]string{}
	for i := range trace.Nodes {
		of[trace.Nodes[i].ID] = trace.Nodes[i].Address
	}
	return of
}

func (m *market) compareForward(t *testing.T, at screen.Place) int {
	t.Helper()
	type sums = screen.Split[chains.Amount]
	want, got := map[string]sums{}, map[string]sums{}
	add := func(to map[string]sums, key string, fifo, pro chains.Amount) {
		s := to[key]
		to[key] = sums{FIFO: s.FIFO.Plus(fifo), ProRata: s.ProRata.Plus(pro)}
	}
	trace := m.trace(t, at.Tx, at.Account, at.Asset)
	nodes := addresses(trace)
	for i := range trace.Endpoints {
		e := &trace.Endpoints[i]
		key := fmt.Sprint(e.Reason, " ", nodes[e.Node])
		switch e.Reason {
		case tracer.ReasonFee, tracer.ReasonBurn, tracer.ReasonContract:
			key = fmt.Sprint(e.Reason, " ", e.TxID)
		case tracer.ReasonBalance:
		default:
			require.Fail(t, "an endpoint that was not expected", string(e.Reason))
		}
		add(want, key, e.Traced.Value[tracer.FIFO], e.Traced.Value[tracer.ProRata])
	}
	found := m.walk(t, at, true)
	require.Equal(t, "explained", found.Ended, "%v", found.Rests)
	for _, e := range found.Ends {
		key := fmt.Sprint("contract ", e.At.Tx)
		switch {
		case e.Still:
			key = "balance " + evm.Codec{}.FormatAddress(polygon, e.At.Account)
		case e.Note == "the fee":
			key = fmt.Sprint("fee ", e.At.Tx)
		case e.Note == "it was burnt":
			key = fmt.Sprint("burn ", e.At.Tx)
		}
		add(got, key, e.Units.FIFO, e.Units.ProRata)
	}
	for key, w := range want {
		require.Equal(t, w.FIFO.String(), got[key].FIFO.String(), "fifo at %s: want %v, got %v", key, want, got)
		near(t, w.ProRata, got[key].ProRata, 2*m.moves(), key)
	}
	return len(want)
}

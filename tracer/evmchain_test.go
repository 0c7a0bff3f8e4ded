package tracer_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/tracer"
)

const (
	polygon  = chains.Chain("polygon")
	ethereum = chains.Chain("ethereum")
	token    = chains.Asset("TOKEN")
	dollar   = chains.Asset("USD")
)

// evmBook is a chain of accounts in memory, one block for each transaction unless said: a whole
// Source that knows balances from its first block. Addresses whose names begin with a small
// letter are contracts.
type evmBook struct {
	chain    chains.Chain
	txs      []*chains.Tx
	height   int64
	drift    map[chains.Address][]drift // what happens to balances without a movement that shows it
	noState  bool
	shallow  bool // balances are known at the last block alone
	tokens   map[chains.Asset]chains.Token
	wanted   map[chains.TxID]bool
	watched  map[chains.Address]bool
	at       int
	asked    int
	unbroken bool // do not begin a new block
}

// drift changes a balance at the end of a block.
type drift struct {
	height int64
	asset  chains.Asset
	by     int64
}

func newEVM(chain chains.Chain) *evmBook {
	return &evmBook{chain: chain, drift: map[chains.Address][]drift{}, tokens: map[chains.Asset]chains.Token{}}
}

// mv is a movement: native calls and tokens as they stand, in this order.
type mv struct {
	from, to string
	asset    chains.Asset
	units    uint64
}

func coin(from, to string, units uint64) mv { return mv{from, to, chains.Native, units} }
func tok(from, to string, units uint64) mv  { return mv{from, to, token, units} }
func usd(from, to string, units uint64) mv  { return mv{from, to, dollar, units} }

// fee stands for the fee of a transaction, paid by its sender.
func fee(sender string, units uint64) mv { return mv{sender, "", "fee", units} }

// tx adds a transaction of sender with movements.
func (b *evmBook) tx(sender string, moves ...mv) chains.TxID {
	if !b.unbroken {
		b.height++
	}
	n := len(b.txs)
	tx := &chains.Tx{
		ID:    sha256.Sum256(fmt.Appendf(nil, "%s %d", b.chain, n)),
		Block: chains.BlockRef{Height: b.height, Time: 1_600_000_000 + b.height*10, Hash: sha256.Sum256(fmt.Appendf(nil, "%s block %d", b.chain, b.height))},
		Index: n, Evidence: chains.EvidenceProven,
		Exec: &chains.Execution{Sender: chains.Address(sender)},
	}
	calls := uint32(0)
	for i, m := range moves {
		move := chains.Move{
			Kind: chains.MoveToken, Asset: m.asset, From: chains.Address(m.from), To: chains.Address(m.to),
			Amount: chains.Units(m.units), Index: uint32(n*100 + i), Evidence: chains.EvidenceProven,
		}
		switch m.asset {
		case chains.Native:
			move.Kind, move.Index, move.Evidence = chains.MoveCall, calls, chains.EvidenceAttested
			calls++
		case "fee":
			move.Kind, move.Asset, move.Index = chains.MoveFee, chains.Native, 0
		}
		if m.units > 0 {
			tx.Exec.Moves = append(tx.Exec.Moves, move)
		}
	}
	b.txs = append(b.txs, tx)
	return tx.ID
}

// event adds an event to the last transaction.
func (b *evmBook) event(e chains.Event) {
	x := b.txs[len(b.txs)-1].Exec
	e.Index = uint32(len(b.txs)*100 + 50 + len(x.Events))
	x.Events = append(x.Events, e)
}

func (b *evmBook) rewind() *evmBook {
	c := *b
	c.wanted, c.watched, c.at = map[chains.TxID]bool{}, map[chains.Address]bool{}, 0
	return &c
}

func (b *evmBook) WatchTx(_ context.Context, id chains.TxID) error {
	if !slices.ContainsFunc(b.txs, func(tx *chains.Tx) bool { return tx.ID == id }) {
		return chains.ErrNotFound
	}
	b.wanted[id] = true
	return nil
}
func (b *evmBook) WatchOut(context.Context, chains.OutPoint) error { panic("there are no outputs") }
func (b *evmBook) WatchAddress(_ context.Context, a chains.Address) error {
	b.watched[a] = true
	return nil
}

func (b *evmBook) Next(context.Context) (*chains.Tx, error) {
	for ; b.at < len(b.txs); b.at++ {
		tx := b.txs[b.at]
		touches := b.wanted[tx.ID] || b.watched[tx.Exec.Sender]
		for _, m := range tx.Exec.Moves {
			touches = touches || m.From != "" && b.watched[m.From] || m.To != "" && b.watched[m.To]
		}
		if touches {
			b.at++
			return tx, nil
		}
	}
	return nil, io.EOF
}

func (b *evmBook) From() chains.BlockRef { return b.txs[0].Block }
func (b *evmBook) AsOf() chains.BlockRef { return b.txs[len(b.txs)-1].Block }

// balance sums what came and went in transactions for which until is true.
func (b *evmBook) balance(a chains.Address, asset chains.Asset, height int64, before int) chains.Amount {
	n := int64(0)
	for i, tx := range b.txs {
		if tx.Block.Height > height || i >= before {
			break
		}
		for _, m := range tx.Exec.Moves {
			units, _ := m.Amount.Uint64()
			if m.Asset == asset && m.To == a {
				n += int64(units)
			}
			if m.Asset == asset && m.From == a {
				n -= int64(units)
			}
		}
	}
	for _, d := range b.drift[a] {
		if d.asset == asset && d.height <= height {
			n += d.by
		}
	}
	return chains.Units(uint64(max(n, 0)))
}

func (b *evmBook) BalanceBefore(_ context.Context, a chains.Address, asset chains.Asset) (chains.Amount, error) {
	if b.noState || b.shallow {
		return chains.Amount{}, chains.ErrUnsupported
	}
	return b.balance(a, asset, b.txs[b.at-1].Block.Height, b.at-1), nil
}

func (b *evmBook) BalanceAt(_ context.Context, a chains.Address, asset chains.Asset, height int64) (chains.Amount, error) {
	b.asked++
	if b.noState || b.shallow && height < b.AsOf().Height {
		return chains.Amount{}, chains.ErrUnsupported
	}
	return b.balance(a, asset, height, len(b.txs)), nil
}

func (b *evmBook) AccountKind(_ context.Context, a chains.Address) (chains.AccountKind, error) {
	switch {
	case b.noState:
		return 0, chains.ErrUnsupported
	case a[0] >= 'a' && a[0] <= 'z':
		return chains.AccountContract, nil
	}
	return chains.AccountKey, nil
}

func (b *evmBook) Token(_ context.Context, asset chains.Asset) (chains.Token, error) {
	if t, ok := b.tokens[asset]; ok {
		return t, nil
	}
	return chains.Token{}, chains.ErrUnsupported
}

// incident makes an incident out of the rest of its file.
func evmIncident(t reporter, rest string) *tracer.Incident {
	t.Helper()
	inc, err := tracer.ParseIncident("incident.yaml", []byte("clew: incident/1\nid: case\nrule: fifo\n"+rest), plain{})
	require.NoError(t, err)
	return inc
}

func (b *evmBook) try(t reporter, rest string) (*tracer.Trace, error) {
	return tracer.Run(context.Background(), evmIncident(t, rest), b.chain, b.rewind(), plain{}, tracer.Options{})
}

// run traces and checks what must hold of every trace.
func (b *evmBook) run(t reporter, rest string) *tracer.Trace {
	t.Helper()
	trace, err := b.try(t, rest)
	require.NoError(t, err)
	evmSound(t, trace)
	return trace
}

// evmSound checks what must hold of every trace.
func evmSound(t reporter, trace *tracer.Trace) {
	t.Helper()
	sound(t, trace)
	for _, r := range tracer.Rules() {
		rows, ok := trace.Conservation.Get(r)
		require.Equal(t, r != tracer.TIHO, ok)
		for _, row := range rows {
			if r.Conserves() {
				require.Equal(t, "0", row.Difference, "%s, %s of %s", r, row.Asset, row.Chain)
			}
		}
	}
}

func txSeed(id string, chain chains.Chain, tx chains.TxID, to string, asset chains.Asset) string {
	return fmt.Sprintf("  - {id: %s, chain: %q, tx: %s, to: %s, asset: %s}\n", id, chain, tx, to, asset)
}

// went returns what each rule traces in the hops of a transaction, by asset and receiver.
func went(trace *tracer.Trace, tx chains.TxID) map[string]string {
	m := map[string]string{}
	for _, h := range trace.Hops {
		if leg := h.Legs[len(h.Legs)-1]; leg.TxID == tx {
			to := address(trace, leg.To)
			if h.Kind == tracer.HopFee {
				to = "fee"
			}
			m[fmt.Sprintf("%s %s", leg.Asset, to)] = values(h.Traced)
		}
	}
	return m
}

// lies returns the endpoints as "REASON ASSET ADDRESS: amounts".
func lies(trace *tracer.Trace) []string {
	var out []string
	for _, e := range trace.Endpoints {
		out = append(out, fmt.Sprintf("%s %s %s: %s", e.Reason, e.Asset, address(trace, e.Node), values(e.Traced)))
	}
	return out
}

// Vector A on a balance of an account, of the native coin and of a token.
func TestBalancesVectorA(t *testing.T) {
	for _, asset := range []chains.Asset{chains.Native, token} {
		for _, scale := range []uint64{1, 42} {
			b := newEVM(polygon)
			move := func(from, to string, units uint64) chains.TxID {
				return b.tx(from, mv{from, to, asset, units * scale})
			}
			b.tx("C", mv{"", "C", asset, 1000 * scale})
			move("C", "P", 100)
			stolen := move("C", "P", 50)
			move("C", "P", 30)
			w1 := move("P", "X", 60)
			w2 := move("P", "Y", 90)
			move("C", "P", 40)
			w3 := move("P", "Z", 20)
			trace := b.run(t, "seeds:\n"+txSeed("V1", polygon, stolen, "P", asset))
			require.Empty(t, trace.Gaps)
			want := [4]string{"0 30 17 0 50 null 60", "50 20 25 20 0 null 90", "0 0 2 0 0 null 20", "0 0 6 30 0 null 50"}
			if scale == 42 {
				want = [4]string{"0 1260 700 0 2100 null 2520", "2100 840 1050 840 0 null 3780", "0 0 100 0 0 null 840", "0 0 250 1260 0 null 2100"}
			}
			require.Equal(t, want[0], went(trace, w1)[string(asset)+" X"])
			require.Equal(t, want[1], went(trace, w2)[string(asset)+" Y"])
			require.Equal(t, want[2], went(trace, w3)[string(asset)+" Z"])
			require.Contains(t, lies(trace), "balance "+string(asset)+" P: "+want[3])
		}
	}
}

// Vector B: two victims.
func TestBalancesVectorB(t *testing.T) {
	b := newEVM(polygon)
	b.tx("C", tok("", "C", 1000))
	v1 := b.tx("C", tok("C", "P", 100))
	v2 := b.tx("C", tok("C", "P", 100))
	b.tx("P", tok("P", "X", 100))
	v3 := b.tx("C", tok("C", "P", 100))
	trace := b.run(t, "seeds:\n"+txSeed("V1", polygon, v1, "P", token)+txSeed("V2", polygon, v2, "P", token)+txSeed("V3", polygon, v3, "P", token))
	left := map[string]string{}
	for _, e := range trace.Endpoints {
		if address(trace, e.Node) == "P" {
			for _, s := range e.TracedBySeed {
				left[s.Seed] = values(s.Traced)
			}
		}
	}
	require.Equal(t, map[string]string{"V1": "0 100 50 0 0 null 200", "V2": "100 0 50 100 100 null 200", "V3": "100 100 100 100 100 null 200"}, left)
}

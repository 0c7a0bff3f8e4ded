package ingest_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/ingest"
	"clew/tracer"
)

// minted is a short chain of one member of the family in memory, with all that its blocks
// prove, as a node gives it.
type minted struct {
	chain  chains.Chain
	blocks []*chains.Block
}

func (m *minted) Chain() chains.Chain { return m.chain }

func (m *minted) Head(context.Context) (chains.BlockRef, error) {
	return m.blocks[len(m.blocks)-1].Ref, nil
}

func (m *minted) Ref(_ context.Context, h int64) (chains.BlockRef, error) {
	if h >= int64(len(m.blocks)) {
		return chains.BlockRef{}, chains.ErrNotFound
	}
	return m.blocks[h].Ref, nil
}

func (m *minted) HashAt(ctx context.Context, h int64) (chains.BlockHash, error) {
	ref, err := m.Ref(ctx, h)
	return ref.Hash, err
}

func (m *minted) Block(_ context.Context, h int64, _ chains.BlockHash) (*chains.Block, error) {
	return m.blocks[h], nil
}

// coin is an output of a test's transaction: where it lies, and what it is.
type coin struct {
	at     chains.OutPoint
	value  uint64
	script []byte
}

// mint is a transaction of a test.
type mint struct {
	raw   []byte
	id    chains.TxID
	spent []byte
	outs  []coin
}

// pay makes a transaction of m's chain that spends coins; none make a coinbase.
func (m *minted) pay(t *testing.T, from []coin, to ...coin) mint {
	t.Helper()
	raw := binary.LittleEndian.AppendUint32(nil, 1)
	var spent []bitcoin.SpentOutput
	if from == nil {
		raw = append(append(raw, 1), slices.Repeat([]byte{0}, 32)...)
		raw = append(binary.LittleEndian.AppendUint32(raw, 1<<32-1), 2, byte(len(m.blocks)), 0x51)
		raw = append(raw, 0xff, 0xff, 0xff, 0xff)
	} else {
		raw = append(raw, byte(len(from)))
	}
	for _, c := range from {
		id := c.at.Tx.Reversed()
		raw = binary.LittleEndian.AppendUint32(append(raw, id[:]...), c.at.Index)
		raw = append(raw, 0, 0xff, 0xff, 0xff, 0xff)
		spent = append(spent, bitcoin.SpentOutput{Value: c.value, Script: c.script})
	}
	raw = append(raw, byte(len(to)))
	for _, c := range to {
		raw = append(binary.LittleEndian.AppendUint64(raw, c.value), byte(len(c.script)))
		raw = append(raw, c.script...)
	}
	raw = append(raw, 0, 0, 0, 0)
	tx, err := bitcoin.DecodeTx(m.chain, raw)
	require.NoError(t, err)
	made := mint{raw: raw, id: tx.ID, spent: bitcoin.EncodeSpent(spent)}
	for i, c := range to {
		c.at = chains.OutPoint{Tx: tx.ID, Index: uint32(i)}
		made.outs = append(made.outs, c)
	}
	return made
}

// integrating returns tx as the one that stands for Litecoin's extension block.
func integrating(tx mint) mint {
	end := len(tx.raw) - 4
	tx.raw = slices.Concat(tx.raw[:4], []byte{0, 8}, tx.raw[4:end], []byte{0}, tx.raw[end:])
	return tx
}

// to pays units to the key hash of a letter.
func to(letter byte, units uint64) coin {
	return coin{value: units, script: slices.Concat([]byte{0x76, 0xa9, 20}, slices.Repeat([]byte{letter}, 20), []byte{0x88, 0xac})}
}

// add mines a block of a coinbase and txs in that order; behind stands after them.
func (m *minted) add(t *testing.T, behind []byte, txs ...mint) mint {
	t.Helper()
	coinbase := m.pay(t, nil, to(byte(len(m.blocks)), 5000))
	var ids []chains.TxID
	var body []byte
	var spent [][]byte
	for _, tx := range append([]mint{coinbase}, txs...) {
		ids, body, spent = append(ids, tx.id), append(body, tx.raw...), append(spent, tx.spent)
	}
	root, err := bitcoin.MerkleRoot(ids)
	require.NoError(t, err)
	h := bitcoin.Header{Version: 4, MerkleRoot: root, Time: 1700000000 + 600*int64(len(m.blocks)), Bits: 0x207fffff}
	if n := len(m.blocks); n > 0 {
		h.Prev = m.blocks[n-1].Ref.Hash
	}
	raw := slices.Concat(m.work(t, h), []byte{byte(len(ids))}, body, behind)
	b, err := bitcoin.DecodeBlock(m.chain, raw, int64(len(m.blocks)))
	require.NoError(t, err)
	require.NoError(t, bitcoin.AttachSpent(m.chain, b, spent))
	m.blocks = append(m.blocks, b)
	return coinbase
}

// work returns the header with its work, on Dogecoin that of a parent block.
func (m *minted) work(t *testing.T, h bitcoin.Header) []byte {
	t.Helper()
	if m.chain != "dogecoin-regtest" {
		for bitcoin.CheckWork(m.chain, h.Encode()) != nil {
			h.Nonce++
		}
		return h.Encode()
	}
	h.Version = 0x62<<16 | 1<<8 | 4
	own, err := bitcoin.DecodeHeader(m.chain, h.Encode())
	require.NoError(t, err)
	script := slices.Concat([]byte("\xfa\xbemm"), own.Hash[:], []byte{1, 0, 0, 0, 0, 0, 0, 0}, slices.Repeat([]byte{7}, int(h.Time/600%5)))
	coinbase := slices.Concat([]byte{1, 0, 0, 0, 1}, make([]byte, 32), []byte{255, 255, 255, 255, byte(len(script))}, script,
		[]byte{255, 255, 255, 255, 1}, make([]byte, 8), []byte{0, 0, 0, 0, 0})
	tx, err := bitcoin.DecodeTx(m.chain, coinbase)
	require.NoError(t, err)
	parent := bitcoin.Header{Version: 2, MerkleRoot: tx.ID, Time: h.Time, Bits: h.Bits}
	for {
		raw := slices.Concat(h.Encode(), coinbase, make([]byte, 32+1+4+1+4), parent.Encode())
		if bitcoin.CheckWork(m.chain, raw) == nil {
			return raw
		}
		parent.Nonce++
	}
}

// incident is one of output 0 of a theft.
func (m *minted) incident(t *testing.T, theft mint, more ...string) *tracer.Incident {
	t.Helper()
	return incident(t, fmt.Sprintf("seeds:\n  - {id: V1, output: \"%s:%s:0\", height: 1}\n%s", m.chain, theft.id, strings.Join(more, "\n")))
}

// stored traces from a store of everything.
func (m *minted) stored(t *testing.T, inc *tracer.Incident) *tracer.Trace {
	t.Helper()
	st := openStore(t)
	_, err := trySync(context.Background(), m, m.chain, st, fewTxs, everything)
	require.NoError(t, err)
	sound(t, st)
	trace, err := storeTrace(t, inc, st, int64(len(m.blocks)-1))
	require.NoError(t, err)
	balanced(t, trace)
	return trace
}

// traces follows output 0 of a theft in a pass, from a store, from the recording that the
// pass kept, and from one of whole blocks, and checks that all say the same.
func (m *minted) traces(t *testing.T, theft mint) *tracer.Trace {
	t.Helper()
	ctx := context.Background()
	inc := m.incident(t, theft)
	dir, all := t.TempDir(), t.TempDir()
	recorder, err := ingest.NewRecorder(dir, m.chain, bitcoin.Codec{})
	require.NoError(t, err)
	passed, err := passTrace(inc, m, ingest.PassOptions{From: 1, Recorder: recorder})
	require.NoError(t, err)
	balanced(t, passed)
	stored := m.stored(t, inc)
	require.Equal(t, conserve(t, passed), conserve(t, stored))
	require.Equal(t, passed.Gaps, stored.Gaps)

	_, err = ingest.RecordWhole(ctx, m, m.chain, 1, int64(len(m.blocks)-1), all)
	require.NoError(t, err)
	for _, where := range []string{dir, all} {
		r, err := ingest.OpenRecording(ctx, os.DirFS(where), m.chain, bitcoin.Codec{}, nil)
		require.NoError(t, err)
		again, err := passTrace(inc, r, ingest.PassOptions{From: 1})
		require.NoError(t, err)
		require.Equal(t, asJSON(t, passed.Hops), asJSON(t, again.Hops))
		require.Equal(t, asJSON(t, passed.Endpoints), asJSON(t, again.Endpoints))
		require.Equal(t, passed.Gaps, again.Gaps)
		require.NoError(t, r.Close())
	}
	return passed
}

// Bitcoin Cash sorts a block by txid: a child may stand before its parent. However the block
// is sorted, the trace is that of the transactions in the order in which they take effect.
func TestTraceThroughBlocksOfAnyOrder(t *testing.T) {
	orders := map[string]func([]mint) []mint{
		"parents first": func(txs []mint) []mint { return txs },
		"turned round":  func(txs []mint) []mint { s := slices.Clone(txs); slices.Reverse(s); return s },
		"by txid": func(txs []mint) []mint {
			s := slices.Clone(txs)
			slices.SortFunc(s, func(a, b mint) int { return bytes.Compare(a.id[:], b.id[:]) })
			return s
		},
	}
	flow, accounts := "", ""
	for _, name := range []string{"parents first", "turned round", "by txid"} {
		t.Run(name, func(t *testing.T) {
			m := &minted{chain: "bitcoin-cash-regtest"}
			money := m.add(t, nil)
			theft := m.pay(t, money.outs, to('A', 3000), to('X', 1900))
			m.add(t, nil, theft)
			b := m.pay(t, theft.outs[:1], to('B', 2900))
			c := m.pay(t, append(b.outs, theft.outs[1]), to('C', 2000), to('D', 2700))
			d := m.pay(t, c.outs[1:], to('E', 2600))
			e := m.pay(t, append(d.outs, c.outs[0]), to('F', 4500))
			m.add(t, nil, orders[name]([]mint{b, c, d, e})...)
			m.add(t, nil)
			require.Equal(t, name != "parents first", m.blocks[2].Places != nil)
			trace := m.traces(t, theft)
			require.Len(t, trace.Hops, 9)
			require.Empty(t, trace.Gaps)
			pots := m.stored(t, m.incident(t, theft, "accounts: address"))
			got, gotPots := asJSON(t, trace.Hops)+asJSON(t, trace.Endpoints), asJSON(t, pots.Hops)+asJSON(t, pots.Endpoints)
			if flow == "" {
				flow, accounts = got, gotPots
			}
			require.Equal(t, flow, got)
			require.Equal(t, accounts, gotPots)
		})
	}
}

// A token in an output of traced value is a gap, one for a transaction, wherever the trace is
// made from; a token beside clean value is none. The coins are followed.
func TestTokensAreGaps(t *testing.T) {
	token := func(c coin) coin {
		c.script = slices.Concat([]byte{0xef}, slices.Repeat([]byte{9}, 32), []byte{0x10, 100}, c.script)
		return c
	}
	m := &minted{chain: "bitcoin-cash-regtest"}
	money := m.add(t, nil)
	theft := m.pay(t, money.outs, token(to('A', 3000)), token(to('X', 1900)))
	m.add(t, nil, theft)
	b := m.pay(t, theft.outs[:1], token(to('B', 1000)), to('C', 900), token(to('D', 1000)))
	clean := m.pay(t, theft.outs[1:], token(to('Y', 1800)))
	m.add(t, nil, b, clean)
	c := m.pay(t, slices.Concat(b.outs[1:2], clean.outs), to('E', 800), token(to('Z', 1800)))
	m.add(t, nil, c)
	m.add(t, nil, m.pay(t, b.outs[:1], to('F', 900)))
	trace := m.traces(t, theft)
	require.Len(t, trace.Hops, 9, "three outputs and a fee, two and a fee, one and a fee")
	var got []string
	for _, g := range trace.Gaps {
		require.Equal(t, g.FromHeight, g.ToHeight)
		require.Contains(t, g.Effect, "not followed")
		got = append(got, fmt.Sprintf("%d %s %s", *g.FromHeight, g.TxID, g.What))
	}
	require.Equal(t, []string{
		"1 " + theft.id.String() + " a token, in output 0",
		"2 " + b.id.String() + " tokens, in 2 outputs, the first of them output 0",
		"3 " + c.id.String() + " a token, in output 1",
	}, got, "the last spends a token and pays none")

	pots := m.stored(t, m.incident(t, theft, "accounts: address"))
	require.Equal(t, trace.Gaps, pots.Gaps)
}

// A header with a proof of merged mining is as long as that: a recording keeps it whole and
// shows its work.
func TestTraceOfMergedBlocks(t *testing.T) {
	m := &minted{chain: "dogecoin-regtest"}
	money := m.add(t, nil)
	theft := m.pay(t, money.outs, to('A', 4000))
	m.add(t, nil, theft)
	m.add(t, nil)
	m.add(t, nil, m.pay(t, theft.outs, to('B', 1500), to('C', 2400)))
	m.add(t, nil)
	require.NotEqual(t, len(m.blocks[1].Header), len(m.blocks[2].Header))
	trace := m.traces(t, theft)
	require.Len(t, trace.Hops, 3)
	require.Empty(t, trace.Gaps)
	require.Equal(t, "DOGE", chains.Chain("dogecoin").Info().Symbol)
}

// What goes into the extension block ends there, as at a mixer: the transaction that carries
// it in spends it in the same block and carries nothing on. What comes out is new money.
func TestPegInIsAMixer(t *testing.T) {
	program := func(opcode byte) []byte { return slices.Concat([]byte{opcode, 32}, slices.Repeat([]byte{opcode}, 32)) }
	m := &minted{chain: "litecoin-regtest"}
	money := m.add(t, nil)
	theft := m.pay(t, money.outs, to('A', 4000))
	m.add(t, nil, theft)
	in := m.pay(t, theft.outs, coin{value: 3000, script: program(0x59)}, to('B', 900))
	hogEx := integrating(m.pay(t, in.outs[:1], coin{value: 2000, script: program(0x58)}, to('P', 990)))
	m.add(t, []byte{1, 'm', 'w', 'e', 'b'}, in, hogEx)
	m.add(t, []byte{0}, integrating(m.pay(t, hogEx.outs[:1], coin{value: 2000, script: program(0x58)})))
	trace := m.traces(t, theft)
	require.Len(t, trace.Hops, 3, "in, change and fee")
	require.Empty(t, trace.Gaps)
	reasons := map[tracer.Reason]string{}
	for _, e := range trace.Endpoints {
		reasons[e.Reason] += e.Units.String()
		if e.Reason == tracer.ReasonMixer {
			require.Contains(t, e.Note, "peg-in")
			at := slices.IndexFunc(trace.Nodes, func(n tracer.Node) bool { return n.ID == e.Node })
			require.Equal(t, tracer.NodeMixer, trace.Nodes[at].Kind)
		}
	}
	require.Equal(t, map[tracer.Reason]string{tracer.ReasonMixer: "3000", tracer.ReasonUnspent: "900", tracer.ReasonFee: "100"}, reasons)
}

// The prefix of a CashAddr belongs to the address, whatever stands around it.
func TestSeedsWithCashAddr(t *testing.T) {
	const address = "bitcoincash:qr95sy3j9xwd2ap32xkykttr4cvcu7as4y0qverfuy"
	id := strings.Repeat("ab", 32)
	key, err := bitcoin.ParseAddress("bitcoin-cash", address)
	require.NoError(t, err)
	for _, text := range []string{
		"bitcoin-cash:" + address + "@5..9",
		"bitcoin-cash:" + address + ":native@5..9",
		"bitcoin-cash:" + strings.TrimPrefix(address, "bitcoincash:") + "@5..9",
		"bitcoin-cash:" + strings.ToUpper(address) + "@5..9",
		"bitcoin-cash:" + id + ":" + address,
		"bitcoin-cash:" + id + ":" + address + ":native",
	} {
		s, err := tracer.ParseSeed("V1", text, bitcoin.Codec{})
		require.NoError(t, err, text)
		require.Equal(t, chains.Chain("bitcoin-cash"), s.Chain)
		require.Equal(t, key, s.Address)
	}
	_, err = tracer.ParseSeed("V1", "bitcoin:"+address+"@5..9", bitcoin.Codec{})
	require.ErrorIs(t, err, chains.ErrWrongChain)
}

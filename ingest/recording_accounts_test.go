package ingest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/evm"
	"clew/chains/evm/nodetest"
	"clew/chains/rpc"
	"clew/ingest"
)

// openParts opens what was taken apart.
func openParts(t *testing.T, p parts) error {
	t.Helper()
	r, err := ingest.OpenRecording(context.Background(), p.together(t), "", nil, evm.Codec{})
	if err != nil {
		return err
	}
	return r.Close()
}

func TestDamagedRecordingsOfAccountsAreRefused(t *testing.T) {
	c := newAccountChain(t, nodetest.Anvil)
	c.blocks(3, 6)
	_, _, dir := recorded(t, dialEVM(t, c, c.URL), nodetest.TxID(c.theft), 2, ingest.PassOptions{})
	whole := func() parts { return takeApart(t, os.DirFS(dir)) }
	require.NoError(t, openParts(t, whole()))
	entry := func(p parts, i int) map[string]any { return p.manifest["txs"].([]any)[i].(map[string]any) }
	// moved puts a changed object into the place of the one that an entry names.
	moved := func(p parts, e map[string]any, field string, change func([]byte) []byte) {
		e[field] = object(p, change(slices.Clone(p.objects[e[field].(string)])))
	}
	last := func(b []byte) []byte { b[len(b)-1] ^= 1; return b }
	for _, d := range []struct {
		name string
		do   func(p parts)
	}{
		{"an object with another content", func(p parts) {
			name := entry(p, 1)["raw"].(string)
			p.objects[name] = last(slices.Clone(p.objects[name]))
		}},
		{"an object that is not there", func(p parts) { delete(p.objects, entry(p, 0)["receipt"].(string)) }},
		{"another transaction", func(p parts) { moved(p, entry(p, 1), "raw", last) }},
		{"another receipt", func(p parts) { moved(p, entry(p, 1), "receipt", last) }},
		{"another gas", func(p parts) {
			moved(p, entry(p, 1), "attested", func(b []byte) []byte {
				return bytes.Replace(b, []byte(`"gas":`), []byte(`"gas":1`), 1)
			})
		}},
		{"words that are not the recorder's form", func(p parts) { moved(p, entry(p, 0), "attested", func(b []byte) []byte { return append(b, ' ') }) }},
		{"a proof of another", func(p parts) { entry(p, 0)["tx_proof"] = entry(p, 1)["tx_proof"] }},
		{"half a proof", func(p parts) {
			entry(p, 2)["receipt_proof"] = entry(p, 2)["receipt_proof"].([]any)[1:]
		}},
		{"another place", func(p parts) { entry(p, 0)["index"] = json.Number("1") }},
		{"another block", func(p parts) { entry(p, 0)["height"] = entry(p, 3)["height"] }},
		{"another id", func(p parts) { entry(p, 0)["txid"] = entry(p, 1)["txid"] }},
		{"the protocol's own", func(p parts) { entry(p, 0)["system"] = true }},
		{"out of order", func(p parts) { slices.Reverse(p.manifest["txs"].([]any)) }},
		{"twice", func(p parts) {
			p.manifest["txs"] = append(p.manifest["txs"].([]any)[:1:1], p.manifest["txs"].([]any)...)
		}},
		{"a branch", func(p parts) { entry(p, 0)["branch"] = []any{entry(p, 0)["txid"]} }},
		{"headers", func(p parts) { moved(p, p.manifest, "headers", func(b []byte) []byte { b[len(b)/2] ^= 1; return b }) }},
		{"a header too few", func(p parts) { p.manifest["heights"] = p.manifest["heights"].([]any)[1:] }},
		{"another end", func(p parts) { p.manifest["as_of"].(map[string]any)["time"] = json.Number("5") }},
		{"a span beyond the headers", func(p parts) { p.manifest["to"] = json.Number("999999") }},
		{"state that is none", func(p parts) { moved(p, p.manifest, "state", func([]byte) []byte { return []byte("{}") }) }},
		{"state that says nothing", func(p parts) {
			moved(p, p.manifest, "state", func([]byte) []byte { return []byte(`[{"what":"balance","height":1}]`) })
		}},
		{"state that is said twice", func(p parts) {
			moved(p, p.manifest, "state", func([]byte) []byte {
				return []byte(`[{"what":"kind","account":"aa","height":1,"is":1},{"what":"kind","account":"aa","height":1,"is":2}]`)
			})
		}},
		{"state of later", func(p parts) {
			moved(p, p.manifest, "state", func([]byte) []byte { return []byte(`[{"what":"kind","account":"aa","height":999999,"is":1}]`) })
		}},
		{"events that are not held", func(p parts) {
			moved(p, p.manifest, "state", func([]byte) []byte {
				return []byte(`[{"what":"events","height":1,"places":[{"Height":1,"Index":7}]}]`)
			})
		}},
	} {
		t.Run(d.name, func(t *testing.T) {
			p := whole()
			d.do(p)
			require.ErrorIs(t, openParts(t, p), chains.ErrBadAnswer)
		})
	}
	t.Run("another chain", func(t *testing.T) {
		_, err := ingest.OpenRecording(context.Background(), os.DirFS(dir), "polygon", nil, evm.Codec{})
		require.ErrorIs(t, err, chains.ErrWrongChain)
	})
	t.Run("nothing reads it", func(t *testing.T) {
		_, err := ingest.OpenRecording(context.Background(), os.DirFS(dir), "", nil, nil)
		require.ErrorIs(t, err, chains.ErrUnsupported)
	})
}

// TestRecordingsOfAccountsSayWhatTheyDoNotHold: never an empty answer.
func TestRecordingsOfAccountsSayWhatTheyDoNotHold(t *testing.T) {
	c := newAccountChain(t, nodetest.Anvil)
	c.blocks(3, 6)
	node := dialEVM(t, c, c.URL)
	// A node that keeps no old state: what it refused, the recording refuses in the same words.
	poor := dialEVM(t, c, c.Proxy(t, nodetest.Tamper{Refuse: func(q nodetest.Question) *nodetest.Refusal {
		if q.Method == "eth_getBalance" {
			return &nodetest.Refusal{Code: -32000, Message: "missing trie node"}
		}
		return nil
	}}))
	theft := nodetest.TxID(c.theft)
	said, _, dir := recorded(t, poor, theft, 2, ingest.PassOptions{})
	require.Contains(t, said, "not offered")
	r := openKept(t, dir)
	again, _, _ := recorded(t, r, theft, 2, ingest.PassOptions{})
	same(t, said, again)

	ctx := t.Context()
	held := r.Manifest.Heights
	require.Less(t, int64(len(held)), r.Manifest.To-r.Manifest.From+2)
	_, err := r.BalanceAt(ctx, evm.Address(common.HexToAddress("0x77")), chains.Native, r.Manifest.To)
	require.ErrorIs(t, err, chains.ErrIncomplete)
	_, err = r.Ref(ctx, 1)
	require.ErrorIs(t, err, chains.ErrIncomplete)
	_, err = r.BlockTxs(ctx, held[0], []int{77})
	require.ErrorIs(t, err, chains.ErrIncomplete)
	_, err = r.FindEvents(ctx, chains.EventQuery{Protocol: "nomad", Key: "1"}, ingest.Span{To: r.Manifest.To})
	require.ErrorIs(t, err, chains.ErrIncomplete)
	first, err := node.PlaceOf(ctx, theft)
	require.NoError(t, err)
	at, err := r.PlaceOf(ctx, theft)
	require.NoError(t, err)
	require.Equal(t, first, at)
	_, err = r.PlaceOf(ctx, chains.TxID{1})
	require.ErrorIs(t, err, chains.ErrNotFound)
}

func TestEventsOfANodeAreRecorded(t *testing.T) {
	for _, kind := range nodetest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			c := newAccountChain(t, kind)
			key := common.HexToHash("0x5eed")
			says := c.Deploy(1, nodetest.Code{}.Log(1, crypto.Keccak256Hash([]byte("WithdrawalFinalized(bytes32,bool)")), key).Ops(vm.STOP))
			c.Mine()
			tx := c.Call(2, says, 0)
			c.Mine()
			node := dialEVM(t, c, c.URL)
			query := chains.EventQuery{Kind: chains.EventBridgeIn, Protocol: "op-stack", Key: key.Hex()}
			none := query
			none.Key = common.HexToHash("0xabc").Hex()

			ask := func(node ingest.Node) (parts, string) {
				dir := t.TempDir()
				rec, err := ingest.NewRecorder(dir, node.Chain(), nil)
				require.NoError(t, err)
				p := accountPass(t, node, ingest.PassOptions{Recorder: rec})
				found, err := p.FindEvents(t.Context(), query)
				require.NoError(t, err)
				require.Len(t, found, 1)
				require.Equal(t, nodetest.TxID(tx), found[0].ID)
				found, err = p.FindEvents(t.Context(), none)
				require.NoError(t, err)
				require.Empty(t, found)
				require.NoError(t, p.WatchTx(t.Context(), nodetest.TxID(c.theft)))
				require.Len(t, walkPass(t, p), 1)
				_, err = rec.Close(p.AsOf())
				require.NoError(t, err)
				return takeApart(t, os.DirFS(dir)), dir
			}
			want, dir := ask(node)
			got, _ := ask(openKept(t, dir))
			require.Equal(t, want.manifest, got.manifest)
			require.Equal(t, slices.Sorted(maps.Keys(want.objects)), slices.Sorted(maps.Keys(got.objects)))
		})
	}
}

// TestFailoverOfAccounts: another node serves on where the first one is gone.
func TestFailoverOfAccounts(t *testing.T) {
	c := newAccountChain(t, nodetest.Anvil)
	c.blocks(3, 6)
	theft := nodetest.TxID(c.theft)
	want := followAccounts(t, accountPass(t, dialEVM(t, c, c.URL), ingest.PassOptions{}), theft, 3)
	var asked atomic.Int64
	gone, err := evm.Dial(t.Context(), c.Chain, c.Proxy(t, nodetest.Tamper{Status: func([]nodetest.Question) (int, string) {
		if asked.Add(1) > 40 {
			return http.StatusBadGateway, "gone"
		}
		return http.StatusOK, ""
	}}), evm.Options{Options: rpc.Options{Hasty: true}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, gone.Close()) })
	list := []ingest.Candidate{
		{Name: "first", Dial: func(context.Context) (ingest.Backend, error) { return gone, nil }},
		{Name: "second", Dial: func(context.Context) (ingest.Backend, error) { return dialEVM(t, c, c.URL), nil }},
	}
	nodes, err := ingest.OpenFailover(t.Context(), list, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	p := accountPass(t, nodes, ingest.PassOptions{})
	require.True(t, p.Searches())
	same(t, want, followAccounts(t, p, theft, 3))
	require.Greater(t, asked.Load(), int64(40), "the first one was lost on the way")
}

package ingest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clew/chains"
	"clew/chains/bitcoin"
	"clew/chains/bitcoin/nodetest"
	"clew/ingest"
	"clew/store"
	"clew/tracer"
)

var (
	_ ingest.Sink         = (*store.Loader)(nil)
	_ ingest.Node         = (*bitcoin.Node)(nil)
	_ ingest.TxReader     = (*bitcoin.Node)(nil)
	_ ingest.OutputReader = (*bitcoin.Node)(nil)
	_ ingest.Node         = (*ingest.Recording)(nil)
	_ ingest.TxReader     = (*ingest.Recording)(nil)
	_ ingest.Holder       = (*ingest.Recording)(nil)
	_ tracer.Source       = (*ingest.Pass)(nil)
)

const regtest = chains.Chain("bitcoin-regtest")

// dial reaches a node as a user would.
func dial(t testing.TB, node *nodetest.Node) *bitcoin.Node {
	t.Helper()
	return dialURL(t, node, node.URL, bitcoin.Options{})
}

// dialURL reaches a node through the proxy at url.
func dialURL(t testing.TB, node *nodetest.Node, url string, o bitcoin.Options) *bitcoin.Node {
	t.Helper()
	o.CookieFile = node.CookieFile
	n, err := bitcoin.Dial(context.Background(), regtest, url, o)
	require.NoError(t, err)
	return n
}

// older returns the URL of the node as one before Core 23 without REST: it does not tell
// what blocks spend. Without index it cannot find transactions either.
func older(t testing.TB, node *nodetest.Node, index bool) string {
	t.Helper()
	return nodetest.Proxy(t, node.URL, nodetest.Tamper{
		Ask: func(q *nodetest.Question) {
			if q.Method == "getblock" {
				q.Body = bytes.Replace(q.Body, []byte(",3]"), []byte(",2]"), 1)
			}
		},
		Answer: func(q *nodetest.Question, r *nodetest.Reply) {
			switch {
			case strings.HasPrefix(q.Path, "/rest/"):
				r.Status, r.Body = 404, nil
			case !index && q.Method == "getindexinfo":
				r.Body = q.Result("{}")
			case !index && q.Method == "getrawtransaction":
				r.Status, r.Body = 500, q.Refusal(-5, "No such mempool transaction. Use -txindex")
			case !index && bytes.Contains(q.Body, []byte("getrawtransaction")): // some of them at once
				var asked []struct {
					ID json.RawMessage `json:"id"`
				}
				require.NoError(t, json.Unmarshal(q.Body, &asked))
				answers := make([]string, len(asked))
				for i := range asked {
					answers[i] = fmt.Sprintf(`{"result":null,"error":{"code":-5,"message":"No such mempool transaction. Use -txindex"},"id":%s}`, asked[i].ID)
				}
				r.Body = []byte("[" + strings.Join(answers, ",") + "]")
			}
		},
	})
}

// openStore makes a store that is closed with the test.
func openStore(t testing.TB) *store.Store {
	t.Helper()
	st, err := store.Open(context.Background(), filepath.Join(t.TempDir(), "clew.db"), store.Options{Create: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return st
}

// everything is what a sync without bounds reads.
var everything = ingest.SyncOptions{From: -1, To: -1}

// fewTxs is how many transactions a batch has unless a test says otherwise.
const fewTxs = 20

// trySync syncs a store of chain in batches of the given number of transactions.
func trySync(ctx context.Context, node ingest.Node, chain chains.Chain, st *store.Store, txs int, opt ingest.SyncOptions) (res ingest.SyncResult, err error) {
	l, err := st.Load(context.WithoutCancel(ctx), chain)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	opt.Batch = int64(txs)
	return ingest.Sync(ctx, node, bitcoin.Codec{}, l, opt)
}

func syncAll(t testing.TB, node ingest.Node, st *store.Store) ingest.SyncResult {
	t.Helper()
	return syncSome(t, node, st, everything)
}

func syncSome(t testing.TB, node ingest.Node, st *store.Store, opt ingest.SyncOptions) ingest.SyncResult {
	t.Helper()
	res, err := trySync(context.Background(), node, regtest, st, fewTxs, opt)
	require.NoError(t, err)
	return res
}

// dump returns what a store has of the main chain.
func dump(t testing.TB, st *store.Store) string {
	t.Helper()
	var out strings.Builder
	require.NoError(t, st.Dump(context.Background(), &out))
	return out.String()
}

// history returns what it has of blocks that left the main chain.
func history(t testing.TB, st *store.Store) string {
	t.Helper()
	var out strings.Builder
	require.NoError(t, st.DumpHistory(context.Background(), &out))
	return out.String()
}

// fresh returns the dump of a new store of everything that the node has.
func fresh(t testing.TB, node ingest.Node) string {
	t.Helper()
	st := openStore(t)
	syncAll(t, node, st)
	return dump(t, st)
}

// same compares dumps without printing megabytes: the first line that differs.
func same(t testing.TB, want, got string) {
	t.Helper()
	if want == got {
		return
	}
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		require.Equal(t, a[i], b[i], "line %d", i+1)
	}
	require.Len(t, b, len(a), "lines")
}

// sound checks that a store agrees with itself.
func sound(t testing.TB, st *store.Store) {
	t.Helper()
	problems, err := st.Check(context.Background())
	require.NoError(t, err)
	require.Empty(t, problems)
}

func spans(t testing.TB, st *store.Store) []ingest.Span {
	t.Helper()
	have, err := st.Spans(context.Background(), regtest)
	require.NoError(t, err)
	return append([]ingest.Span{}, have...)
}
